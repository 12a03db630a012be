import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Fault } from '../../src/faults/index.ts';
import { openInProcess } from '../../src/store/backend.ts';
import { requireDurable } from '../../src/store/database.ts';
import type { CoreOpened, CoreOptions } from '../../src/store/protocol.ts';
import { MIGRATIONS } from '../../src/store/schema.ts';
import { openStoreOver, type StoreOptions } from '../../src/store/store.ts';
import { healthNotes } from '../support/quiet.ts';
import { History } from '../support/store-history.ts';
import { judge } from '../support/store-judge.ts';
import { LOADS, type Load, type Machine, machine, run } from '../support/store-rig.ts';
import { builtWorker, countedBytes, openTestStore } from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const MIGRATE = fileURLToPath(new URL('../support/store-migrate.mjs', import.meta.url));
const HOLD = fileURLToPath(new URL('../support/store-reader.mjs', import.meta.url));
const FORMS = [
  ['in this thread', () => undefined],
  ['in a worker', builtWorker],
] as const;
const LOAD: Load = { ...LOADS.roomy, seed: 1, worker: true, turns: 40, synchronous: 'FULL' };

/** A store that has been used and closed. */
async function used(): Promise<Machine> {
  const card = machine(tempFolder(), LOAD);
  const { history } = await run(card, () => {});
  expect(history.closed).toBe(1);
  return card;
}

const open = (file: string, worker?: StoreOptions['worker']) =>
  openTestStore({ file, worker, clock: new VirtualClock() });

/** As `open`, over a database layer that is not what it should be. */
function openOver(file: string, options: Partial<CoreOptions>, opened: Partial<CoreOpened>) {
  return openStoreOver(
    async (given) => {
      const backend = await openInProcess({ ...given, ...options });
      return { ...backend, opened: { ...backend.opened, ...opened } };
    },
    {
      file,
      quota_bytes: 2 ** 26,
      uplinks: ['main', 'slow'],
      machine: 'machine-1',
      clock: new VirtualClock(),
      health: healthNotes(),
      randomBytes: countedBytes,
    },
  );
}

async function faultOf(opening: Promise<unknown>): Promise<Fault> {
  const fault: Fault = await opening.then(
    () => expect.unreachable('it opened'),
    (error) => error,
  );
  expect(fault).toMatchObject({ name: 'Fault' });
  expect(fault.message).not.toMatch(/[{}]/);
  expect(fault.remedy.length).toBeGreaterThan(10);
  return fault;
}

/** Names and contents of all that lies beside the store, but for what a reader of an SQLite file leaves: an index and an empty log. */
const contentOf = ({ file }: Machine) =>
  readdirSync(dirname(file))
    .filter((name) => !name.endsWith('-shm') && statSync(join(dirname(file), name)).size > 0)
    .sort()
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(dirname(file), name)))
        .digest('hex'),
    ]);

describe('the guard at the start of the store', () => {
  it('SF-15: refuses a SQLite that can lose data', async () => {
    const card = await used();

    const fault = await faultOf(openOver(card.file, {}, { sqlite: '3.50.4' }));

    expect(fault).toMatchObject({
      code: 'store.sqlite-version',
      facts: { got: '3.50.4', expected: '3.51.3' },
    });
    expect(readdirSync(dirname(card.file)).sort()).toEqual(['store.db', 'store.db.mark']);
    expect((await judge(card.file, History.read(card.log), LOAD.quota_bytes)).complaints).toEqual([]);
  });

  it.each([
    ['3.7.0', false],
    ['3.51.2', false],
    ['3.51.3', true],
    ['3.51.10', true],
    ['3.53.2', true],
    ['4.0.0', true],
  ])('SF-15: knows of SQLite %s whether it may be used: %s', (sqlite, may) => {
    const judged = () => requireDurable({ sqlite, synchronous: 2 });

    if (may) expect(judged).not.toThrow();
    else expect(judged).toThrow(/at least 3\.51\.3/);
  });

  it('SF-15: refuses a database that reads back another synchronous than FULL', async () => {
    const card = await used();

    const fault = await faultOf(openOver(card.file, { synchronous: 'NORMAL' }, {}));

    expect(fault).toMatchObject({ code: 'store.not-durable', facts: { got: 1 } });
    expect((await judge(card.file, History.read(card.log), LOAD.quota_bytes)).complaints).toEqual([]);
  });

  it.each(
    FORMS,
  )('SF-15: refuses a store that another process uses, which goes on (%s)', async (_, worker) => {
    const card = machine(tempFolder(), { ...LOAD, turns: 100_000 });
    let refusal: Fault | undefined;
    let before = 0;

    const ended = await run(
      card,
      () => {},
      ({ pid }) => {
        const meddle = async () => {
          await until('the other process stores', () => History.read(card.log).durable.size > 20);
          refusal = await faultOf(open(card.file, worker()));
          before = History.read(card.log).durable.size;
          await until('it goes on', () => History.read(card.log).durable.size > before + 20);
        };
        void meddle().finally(() => process.kill(pid));
      },
    );

    expect(refusal).toMatchObject({ code: 'store.in-use', facts: { file: card.file } });
    expect(ended.history.durable.size).toBeGreaterThan(before);
    expect((await judge(card.file, ended.history, LOAD.quota_bytes)).complaints).toEqual([]);
  });

  it('SF-15: refuses while somebody reads the file in a shell, and leaves him his index of the log', async () => {
    const card = await used();
    const reader = spawn(process.execPath, [HOLD, card.file], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void reader.kill('SIGKILL'));
    await new Promise((resolve) => reader.stdout.once('data', resolve));

    const fault = await faultOf(open(card.file));
    const beside = readdirSync(dirname(card.file)).sort();
    const ended = new Promise((resolve) => reader.once('close', resolve));
    reader.stdin.end();

    expect(fault.code).toBe('store.in-use');
    expect(beside).toEqual(['store.db', 'store.db-shm', 'store.db-wal', 'store.db.mark']);
    expect(await ended).toBe(0);
    await (await open(card.file)).outbox.close();
    expect((await judge(card.file, History.read(card.log), LOAD.quota_bytes)).complaints).toEqual([]);
  });

  it.each(
    FORMS,
  )('SF-15: refuses a file of a newer version and changes nothing in it (%s)', async (_, worker) => {
    const card = await used();
    expect(spawnSync(process.execPath, [MIGRATE, card.file]).status).toBe(0);
    const before = contentOf(card);
    const expected = MIGRATIONS.length;

    const fault = await faultOf(open(card.file, worker()));

    expect(fault).toMatchObject({ code: 'store.newer-schema', facts: { got: expected + 1, expected } });
    expect(contentOf(card)).toEqual(before);
  });

  it('SF-15: says what is wrong when the folder is not its own, and deletes nothing', async () => {
    const card = await used();
    const before = contentOf(card);

    const { code, history } = await run(card, (disk) => disk.refuseToOpen('EACCES'));

    expect(code).toBe(3);
    expect(history.notOpened[0]).toMatch(/^store\.failed: The store cannot be written: /);
    expect(contentOf(card)).toEqual(before);
    expect((await judge(card.file, history, LOAD.quota_bytes)).complaints).toEqual([]);
  });

  it('SF-15: names a folder that is not there', async () => {
    const file = join(tempFolder(), 'nowhere', 'store.db');

    const fault = await faultOf(open(file));

    expect(fault.code).toBe('store.failed');
    expect(fault.message).toContain(`there is no folder ${dirname(file)}`);
  });
});
