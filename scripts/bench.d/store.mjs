// The store by itself: appends a second, what a reading costs the card, and how fast a backlog is read and settled.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { underCounter } from '../lib/disk-counter.mjs';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const { openStore } = await import(new URL('src/store/index.js', dist).href);
const WORKER = new URL('src/store/worker.js', dist);
const DEVICES = 10;
const ROUNDS = 5;
const median = (numbers) => numbers.toSorted((x, y) => x - y)[numbers.length >> 1];
const PACED = fileURLToPath(new URL('../lib/store-paced.mjs', import.meta.url));

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-bench-'));
  try {
    // In turn, so that what else the machine does meets all of them; medians.
    const rounds = { inThread: [], inWorker: [], rows: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.inThread.push(await appends(join(folder, `append-${round}.db`), undefined));
      rounds.inWorker.push(await appends(join(folder, `append-worker-${round}.db`), WORKER));
      rounds.rows.push(rowPerReading(join(folder, `rows-${round}.db`)));
    }
    const inThread = median(rounds.inThread);
    const inWorker = median(rounds.inWorker);
    const rows = median(rounds.rows);
    const paced = {};
    for (const [name, rate, online] of [
      ['10/s', 10, false],
      ['100/s', 100, false],
      ['100/s, acknowledged at once', 100, true],
      ['1000/s', 1000, false],
    ])
      paced[name] = await underCounter(PACED, [folder, String(rate), online ? 'online' : 'offline']);
    const drained = await drain(join(folder, 'drain.db'), undefined);
    const drainedWorker = await drain(join(folder, 'drain-worker.db'), WORKER);
    const small = await drain(join(folder, 'small.db'), undefined, 100);
    return {
      name: 'store',
      figures: {
        'appends/s, groups of 1000, in this thread': inThread,
        'appends/s, groups of 1000, in the worker': inWorker,
        'appends/s of one row and one commit each (FULL)': rows,
        'class-A events/s, each awaited, in the worker': await events(join(folder, 'events.db'), WORKER),
        'drain readings/s (lease and settle), in this thread': drained.rate,
        'drain readings/s, in the worker': drainedWorker.rate,
        'drain readings/s, parts of 100, in this thread': small.rate,
        'stored bytes/reading, parts of 1000 / of 100': `${drained.stored.toFixed(2)} / ${small.stored.toFixed(2)}`,
        ...Object.fromEntries(
          Object.entries(paced).flatMap(([name, { readings, blocks, bytes, syncs }]) => [
            [`${name}: block bytes/reading (without the file system's journal)`, (blocks * 4096) / readings],
            [`${name}: bytes written/reading`, bytes / readings],
            [`${name}: syncs/reading`, syncs / readings],
          ]),
        ),
      },
      ratios: {
        'appends against a commit per reading': { value: inThread / rows, target: '≥ 100' },
        'block bytes/reading at 100/s': {
          value: (paced['100/s'].blocks * 4096) / paced['100/s'].readings,
          target: '≤ 110',
        },
        'drain in the worker against 2 M/s': { value: drainedWorker.rate / 2e6, target: '≥ 1' },
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Time that moves when it is told to; who sleeps is woken when it has come. */
export function handClock() {
  let up = 1000;
  const sleepers = new Set();
  return {
    now: () => ({ boot: 'bench', up }),
    sleep: (_name, ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { due: up + ms, resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
    pass: (ms) => {
      up += ms;
      for (const sleeper of [...sleepers]) {
        if (sleeper.due > up) continue;
        sleepers.delete(sleeper);
        sleeper.resolve();
      }
    },
  };
}

export const open = (file, clock, worker, more = {}) =>
  openStore({
    file,
    clock,
    worker,
    uplinks: ['bench'],
    machine: 'bench',
    quota_bytes: 2 ** 30,
    health: { raise() {}, clear() {} },
    randomBytes: (count) => randomBytes(count),
    ...more,
  });

/** The mix of the facts: slow analogs, full mantissas, a decimal, a counter, an ADC, flags. */
function poll(device, second, up) {
  const noise = Math.random();
  const values = [
    20 + Math.round(Math.sin(second / 600) * 50) / 10,
    45 + Math.round(Math.cos(second / 900) * 80) / 10,
    230 + Math.round(noise * 20) / 10,
    Math.fround(50 + noise),
    Math.fround(1.7 * noise),
    Math.round(noise * 500) / 100,
    100_000 + second * 3,
    Math.round(512 + noise * 40),
    second % 300 < 150,
    second % 97 < 50,
  ];
  const stamp = { boot: 'bench', up: up + device * 7 };
  return values.map((value, point) => ({
    kind: 'reading',
    lane: 'c',
    device: `unit-${device}`,
    point: `point-${point}`,
    value,
    quality: 'good',
    stamp,
  }));
}

export const secondOf = (second, up, devices = DEVICES) =>
  Array.from({ length: devices }, (_, device) => poll(device, second, up)).flat();

async function appends(file, worker) {
  const clock = handClock();
  const { outbox } = await open(file, clock, worker);
  const groups = Array.from({ length: 100 }, (_, index) =>
    Array.from({ length: 10 }, (_, step) => secondOf(index * 10 + step, (index * 10 + step) * 1000)).flat(),
  );
  const began = performance.now();
  for (const group of groups) await outbox.append(group);
  const rate = (groups.length * 1000) / ((performance.now() - began) / 1000);
  await outbox.close();
  return rate;
}

async function events(file, worker) {
  const clock = handClock();
  const { outbox } = await open(file, clock, worker);
  const began = performance.now();
  for (let count = 0; count < 500; count += 1) {
    await outbox.append([
      { kind: 'event', lane: 'a', subject: 'door-1', name: 'opened', fields: { count }, stamp: clock.now() },
    ]);
  }
  const rate = 500 / ((performance.now() - began) / 1000);
  await outbox.close();
  return rate;
}

function rowPerReading(file) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE reading (id INTEGER PRIMARY KEY, point INTEGER, up INTEGER, value REAL)');
  const insert = db.prepare('INSERT INTO reading (point, up, value) VALUES (?, ?, ?)');
  const began = performance.now();
  for (let count = 0; count < 500; count += 1) insert.run(count % 100, count, Math.random());
  const rate = 500 / ((performance.now() - began) / 1000);
  db.close();
  return rate;
}

async function drain(file, worker, group = 1000, total = 1_000_000) {
  const clock = handClock();
  const filling = await open(file, clock, undefined);
  const seconds = group / 100;
  for (let index = 0; index < total / group; index += 1) {
    const readings = Array.from({ length: seconds }, (_, step) =>
      secondOf(index * seconds + step, index * group),
    ).flat();
    const stored = filling.outbox.append(readings);
    clock.pass(1000);
    await stored;
  }
  const { file_bytes } = await filling.outbox.stats();
  await filling.outbox.close();
  const { outbox } = await open(file, clock, worker);
  await outbox.connect('bench');
  const want = { lane: 'c', head: 'backlog', max_bytes: 64 * 1024, max_records: 1e9 };
  let records = 0;
  const began = performance.now();
  for (;;) {
    const lease = await outbox.lease('bench', want);
    if (!lease) break;
    records += lease.records;
    await outbox.settle('bench', { epoch: lease.epoch, lane: 'c', ranges: [lease.covers], nacks: [] });
  }
  const rate = records / ((performance.now() - began) / 1000);
  await outbox.close();
  if (records !== total) throw new Error(`drained ${records} of ${total}`);
  return { rate, stored: file_bytes / total };
}
