import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { dice, healthNotes } from '../support/quiet.ts';
import { HARMS, type Harm } from '../support/store-corruptor.ts';
import { History } from '../support/store-history.ts';
import { drain, type Judgement, judge } from '../support/store-judge.ts';
import { LOADS, type Load, type Machine, machine, run } from '../support/store-rig.ts';
import { event, openTestStore } from '../support/store-world.ts';
import { Tally } from '../support/tally.ts';
import { tempFolder } from '../support/temp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const QUOTA = LOADS.roomy.quota_bytes;
const LOAD: Load = { ...LOADS.roomy, seed: 3, worker: false, turns: 300, synchronous: 'FULL' };
const CASES = Array.from({ length: LONG ? 100 : HARMS.length }, (_, round) => {
  const harm = HARMS[round % HARMS.length] as Harm;
  // Every other one was closed before, so that it has no log.
  return { round, harm, name: harm.name, state: harm.log || round % 2 ? 'in use' : 'closed' };
});

describe('a store that is damaged', () => {
  const homes = ['in use', 'closed'].map((state) => ({ state, folder: '' }));
  const made = new Map<string, Machine>();

  beforeAll(async () => {
    for (const home of homes) {
      home.folder = mkdtempSync(join(tmpdir(), 'gatelodge-damage-'));
      // Stopped in the middle of its work it has a log, and not everything is in that, because it was written back before.
      const busy = home.state === 'in use';
      const card = machine(home.folder, busy ? { ...LOAD, turns: 100_000 } : LOAD);
      const { history } = await run(card, (disk) => disk.cutAt(busy ? 1600 : 0, 'kill'));
      expect(history.durable.size).toBeGreaterThan(1000);
      made.set(home.state, card);
    }
  }, 60_000);
  afterAll(() => {
    for (const { folder } of homes) rmSync(folder, { recursive: true });
  });

  function copyOf(state: string): Machine {
    const card = made.get(state) as Machine;
    const folder = tempFolder();
    cpSync(dirname(card.file), join(folder, 'card'), { recursive: true });
    const log = join(folder, 'log');
    cpSync(card.log, log);
    return {
      ...card,
      log,
      file: join(folder, 'card', basename(card.file)),
      control: join(folder, 'control'),
    };
  }
  /** What is not excused by damage: commands and values may be gone with it. */
  const inexcusable = ({ complaints }: Judgement) =>
    complaints.filter(
      (text) =>
        !/^(integrity|salvaged|the intent|the outcome|the state|record \d+ of lane . was accepted)/.test(
          text,
        ),
    );

  it.each(
    CASES,
  )('SF-11: is opened, keeps what can be read and tells what cannot ($round: $state, $name)', async ({
    round,
    harm,
    state,
  }) => {
    const card = copyOf(state);
    const places = Number(harm.do(card.file, dice(round + 1)) ?? 1);
    const history = History.read(card.log);

    const began = performance.now();
    const found = await judge(card.file, history, QUOTA);

    expect(performance.now() - began).toBeLessThan(30_000);
    expect(inexcusable(found)).toEqual([]);
    expect((found.missing * 1000) / history.durable.size).toBeLessThanOrEqual(places * harm.may_lose);
    const { salvaged } = found.opened;
    const bad = found.beside.filter((name) => /\.bad-\d+$/.test(name));
    expect(bad).toEqual(salvaged?.bad_file ? [basename(salvaged.bad_file)] : []);
    expect(found.beside.filter((name) => /salvage|repaired/.test(name))).toEqual([]);
  }, 60_000);

  it('SF-11: begins a new epoch, tells it first, and says what happened', async () => {
    const { file } = copyOf('closed');
    spoilMiddle(file);
    harmed('garbage for a header').do(file, dice(1));
    const health = healthNotes();

    const store = await openTestStore({ file, health, clock: new VirtualClock(), uplinks: ['main', 'slow'] });
    const records = await store.outbox.read('a', { epoch: store.outbox.epoch, seq: 1 }, 10);
    await store.outbox.close();

    expect(records[0]).toMatchObject({ kind: 'epoch', seq: 1, fields: { reason: 'damaged' } });
    expect(records.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['boot', 'gap']));
    expect(health.ever).toContain('store-salvaged ');
    expect(store.opened).toMatchObject({ fresh: false, salvaged: { kept: expect.any(Number) } });
  });

  it('SF-11: keeps the damaged file as it was, but only the last two of them', async () => {
    const { file } = copyOf('closed');
    const clock = new VirtualClock();
    const spoilt: Buffer[] = [];

    for (let round = 1; round <= 4; round += 1) {
      harmed('garbage for the first pages').do(file, dice(round));
      spoilt.push(readFileSync(file));
      const { outbox } = await openTestStore({ file, clock, uplinks: ['main', 'slow'] });
      await outbox.append([event('a', 'alarm', clock.now(), { round })]);
      await outbox.close();
    }

    const bad = readdirSync(dirname(file)).filter((name) => name.includes('.bad-'));
    expect(bad.sort()).toEqual(['store.db.bad-3', 'store.db.bad-4']);
    expect(readFileSync(`${file}.bad-3`).equals(spoilt[2] ?? Buffer.alloc(0))).toBe(true);
    expect(readFileSync(`${file}.bad-4`).equals(spoilt[3] ?? Buffer.alloc(0))).toBe(true);
  });

  it('SF-11: is opened although the disk cannot read a part of it any more', async () => {
    const card = { ...copyOf('closed'), load: { ...LOAD, turns: 10 } };
    const at = Math.floor(statSync(card.file).size / 2 / 4096) * 4096;

    const { history, code } = await run(card, (disk) => disk.rot(at, at + 4096));
    const found = await judge(card.file, history, QUOTA);

    expect([code, history.closed, history.notOpened]).toEqual([0, 2, []]);
    expect(history.raised.filter((text) => text.startsWith('store-salvaged: '))).toHaveLength(1);
    expect(inexcusable(found)).toEqual([]);
    expect((found.missing * 1000) / history.durable.size).toBeLessThanOrEqual(200);
  });

  it('SF-11: is found damaged while it is in use, and opened afresh', async () => {
    const { file } = copyOf('closed');
    const clock = new VirtualClock();
    const health = healthNotes();
    const chance = dice(8);
    const text = Array.from({ length: 50_000 }, () => Math.floor(chance() * 36).toString(36)).join('');
    const first = await openTestStore({ file, clock, uplinks: ['main', 'slow'] });
    await first.outbox.append([event('a', 'large', clock.now(), { text })]);
    await first.outbox.close();
    const { outbox } = await openTestStore({ file, clock, health, uplinks: ['main', 'slow'] });
    onTestFinished(() => outbox.close());
    const { epoch } = outbox;
    // Behind the back of the store: pages that go on elsewhere now go on nowhere.
    const bytes = readFileSync(file);
    for (let at = 1024; at < bytes.length; at += 1024)
      if (bytes[at] === 0 && bytes.readUInt32BE(at) > 0) bytes.writeUInt32BE(0x7fffffff, at);
    writeFileSync(file, bytes);

    const refused: string[] = [];
    const tally = new Tally('slow');
    for (let round = 0; round < 50 && !health.ever.has('store-salvaged '); round += 1) {
      await drain(outbox, 'slow', tally).catch(({ code }) => refused.push(code));
      await clock.advance(1000);
    }

    expect(new Set(refused)).toEqual(new Set(['store.failed']));
    expect(outbox.epoch).not.toBe(epoch);
    await clock.advance(5000);
    expect(health.raised).not.toContain('store-failed ');
    expect(await outbox.append([event('a', 'alarm', clock.now())])).toHaveLength(1);
  });

  it('SF-11: loses nothing more when the power goes while it is being salvaged', async () => {
    const start = { ...copyOf('closed'), load: { ...LOAD, turns: 0 } };
    harmed('garbage for a header').do(start.file, dice(5));
    const harm = readFileSync(start.file);
    const { counters } = await run({ ...start, file: copyInto(start.file) }, () => {});
    const points = LONG ? 40 : 3;

    for (let point = 1; point <= points; point += 1) {
      const card = { ...start, file: copyInto(start.file) };
      expect(readFileSync(card.file).equals(harm)).toBe(true);
      const step = Math.floor((counters.steps * point) / (points + 1));
      await run(card, (disk) => disk.cutAt(step, point % 2 ? 'tear' : 'drop', point));
      const found = await judge(card.file, History.read(card.log), QUOTA);
      expect(inexcusable(found), `step ${step} of ${counters.steps}`).toEqual([]);
      expect(found.missing).toBe(0);
    }
  }, 120_000);
});

function harmed(name: string): Harm {
  const harm = HARMS.find((one) => one.name === name);
  if (!harm) throw new Error(`no harm is called ${name}`);
  return harm;
}

function copyInto(file: string): string {
  const folder = join(tempFolder(), 'card');
  cpSync(dirname(file), folder, { recursive: true });
  return join(folder, basename(file));
}

/** One byte of the records in the middle of lane c. */
function spoilMiddle(file: string): void {
  const db = new Database(file, { readonly: true });
  const body = db
    .prepare('SELECT body FROM seg_c ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 FROM seg_c)')
    .pluck()
    .get();
  db.close();
  const bytes = readFileSync(file);
  const at = bytes.indexOf((body as Buffer).subarray(0, 64));
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt8(bytes.readUInt8(at + 32) ^ 0xff, at + 32);
  writeFileSync(file, bytes);
}
