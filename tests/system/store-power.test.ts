import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../src/store/schema.ts';
import { FaultyDisk } from '../support/disk/diskfault.ts';
import { dice } from '../support/quiet.ts';
import { judge } from '../support/store-judge.ts';
import { LOADS, type Load, machine, run } from '../support/store-rig.ts';
import { Tally } from '../support/tally.ts';
import { tempFolder } from '../support/temp.ts';

/** The schema of this version, and the one that store-migrate.mjs makes. */
const NOW = MIGRATIONS.length;
const LATER = NOW + 1;
const MIGRATE = fileURLToPath(new URL('../support/store-migrate.mjs', import.meta.url));
const LONG = Boolean(process.env.GATELODGE_LONG);
const CUTS = LONG ? 4 : 2;
const NAMES = ['roomy', 'full', 'brief'] as const;

const load = (life: number, name: keyof typeof LOADS, synchronous: Load['synchronous'] = 'FULL'): Load => ({
  ...LOADS[name],
  seed: life,
  worker: life % 2 === 0,
  turns: 100_000,
  synchronous,
});

describe(`a power cut at the k-th step of the disk (${LONG ? 200 : 6} cuts)`, () => {
  const lives = Array.from(
    { length: LONG ? 50 : 3 },
    (_, life) => [life + 1, NAMES[life % 3] ?? 'roomy'] as const,
  );

  it.each(lives)(
    'SF-1, SF-3: loses nothing whose append resolved and leaves no hole unexplained (machine %i, %s)',
    async (life, name) => {
      const chance = dice(life);
      const card = machine(tempFolder(), load(life, name));
      for (let cut = 0; cut < CUTS; cut += 1) {
        // Every third time early, while the file is made or opened again.
        const step = 1 + Math.floor(chance() * (cut === life % 3 ? 40 : 600));
        const mode = chance() < 0.5 ? 'drop' : 'tear';
        const { counters, history, stderr } = await run(card, (disk) => disk.cutAt(step, mode, life + cut));
        const found = await judge(card.file, history, card.load.quota_bytes);
        expect(stderr).toBe('');
        expect(counters.cut, 'the power went').toBe(1);
        expect(found.complaints, `cut ${cut + 1} at step ${step}, ${mode}`).toEqual([]);
      }
      // The last one comes up by itself and goes on, on the very file.
      const turns = name === 'full' ? 300 : 30;
      const { code, history } = await run({ ...card, load: { ...card.load, turns } }, () => {});
      const { complaints, gaps } = await judge(card.file, history, card.load.quota_bytes);
      expect(complaints).toEqual([]);
      expect(code).toBe(0);
      expect(history.closed).toBe(1);
      expect(history.durable.size).toBeGreaterThan(100);
      if (name === 'full') expect(gaps.length, 'gaps of what was dropped for room').toBeGreaterThan(0);
    },
    120_000,
  );

  const steps = LONG ? Array.from({ length: 40 }, (_, index) => index + 1) : [8, 21];
  it(`SF-1: comes up after a cut while the file was being made (${steps.length} steps)`, async () => {
    for (const step of steps) {
      const mode = step % 2 ? 'tear' : 'drop';
      const card = machine(tempFolder(), { ...load(step, 'roomy'), worker: false, turns: 3 });
      await run(card, (disk) => disk.cutAt(step, mode, step));
      const { history, code } = await run(card, () => {});
      const { complaints } = await judge(card.file, history, card.load.quota_bytes);
      expect(history.notOpened, `step ${step}, ${mode}`).toEqual([]);
      expect(complaints, `step ${step}, ${mode}`).toEqual([]);
      expect(code).toBe(0);
    }
  }, 120_000);

  it('SF-1: leaves the old schema or the new one, whole, when it comes in mid-migration', async () => {
    const card = machine(tempFolder(), { ...load(7, 'roomy'), worker: false, turns: 60 });
    await run(card, () => {});
    const before = contentOf(card.file);
    const whole = migrateCopy(card.file, 0);
    const points = LONG ? 40 : 3;
    const seen = new Set<number>([whole.schema]);
    for (let point = 1; point <= points; point += 1) {
      const step = Math.max(1, Math.floor((whole.steps * point) / points));
      const after = migrateCopy(card.file, step);
      expect(after.integrity).toBe('ok');
      expect(after.noted, 'the second note of the schema').toBe(after.schema);
      expect(after.bodies).toEqual(before.bodies);
      expect(after.copied).toBe(after.schema === LATER ? before.rows_c : undefined);
      expect(after.aged).toBe(after.schema === LATER ? before.rows_a : 0);
      seen.add(after.schema);
    }
    expect([...seen].sort()).toEqual([NOW, LATER]);
  }, 120_000);
});

/** Migrates a copy of the file; the power goes at that step, unless it is 0. */
function migrateCopy(file: string, step: number) {
  const folder = tempFolder();
  cpSync(dirname(file), join(folder, 'card'), { recursive: true });
  const copy = join(folder, 'card', basename(file));
  const disk = new FaultyDisk(dirname(copy), join(folder, 'control'));
  disk.cutAt(step, step % 2 ? 'tear' : 'drop', step);
  const { stderr } = spawnSync(process.execPath, [MIGRATE, copy], {
    env: { ...process.env, ...disk.env },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const { steps } = disk.counters();
  disk.close();
  return { ...contentOf(copy), steps };
}

function contentOf(file: string) {
  const db = new Database(file);
  try {
    const one = (sql: string) => db.prepare(sql).pluck().get();
    const schema = Number(db.pragma('user_version', { simple: true }));
    const rows = db.prepare(`SELECT lane, id, body FROM seg_a UNION ALL SELECT lane, id, body FROM seg_c`);
    return {
      integrity: db.pragma('integrity_check', { simple: true }),
      schema,
      noted: Number(one(`SELECT value FROM meta WHERE name = 'schema'`)),
      bodies: createHash('sha256').update(JSON.stringify(rows.raw().all())).digest('hex'),
      rows_a: one('SELECT count(*) FROM seg_a'),
      rows_c: one('SELECT count(*) FROM seg_c'),
      copied: schema === LATER ? one('SELECT count(*) FROM later') : undefined,
      aged: one('SELECT count(*) FROM seg_a WHERE at >= 1000000'),
    };
  } finally {
    db.close();
  }
}

describe('the rig of the power cuts', () => {
  it('SF-1: finds losses with synchronous=NORMAL', async () => {
    const card = machine(tempFolder(), load(1, 'roomy', 'NORMAL'));
    const { history } = await run(card, (disk) => disk.cutAt(300, 'drop'));
    const { lost } = await judge(card.file, history, card.load.quota_bytes);
    expect(history.durable.size).toBeGreaterThan(100);
    expect(lost).toBeGreaterThan(100);
  });

  it('SF-1: finds losses when the disk says that it has synced and has not', async () => {
    const card = machine(tempFolder(), load(2, 'roomy'));
    const { history } = await run(card, (disk) => disk.cutAt(300, 'lie'));
    const { lost } = await judge(card.file, history, card.load.quota_bytes);
    expect(history.durable.size).toBeGreaterThan(100);
    expect(lost).toBeGreaterThan(100);
  });

  it('SF-3: finds a hole that nobody explains, and a lane that does not join up', () => {
    const stamp = { boot: 'boot-1', up: 1 };
    const record = (seq: number) => ({
      kind: 'event' as const,
      lane: 'c' as const,
      subject: '',
      name: '',
      fields: {},
      stamp,
      epoch: 'e',
      seq,
    });
    const tally = new Tally();
    tally.take({ epoch: 'e', lane: 'c', covers: [1, 3], records: [record(1), record(2)] });
    tally.take({ epoch: 'e', lane: 'c', covers: [5, 5], records: [record(5)] });
    expect(tally.holes({ e: 6 })).toEqual([
      'nobody explains e/3..4',
      'nobody explains e/6..6',
      'lane c of e does not join up at 4..4',
    ]);
  });
});
