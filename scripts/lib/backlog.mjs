// A store full of readings that wait for the uplink `bench`.
import { randomBytes } from 'node:crypto';

const dist = new URL(process.env.GATELODGE_DIST ?? '../../dist/', import.meta.url);
const { openStore } = await import(new URL('src/store/index.js', dist).href);
const health = { raise() {}, clear() {} };

export const openBacklogStore = (file, clock, worker, machine = 'bench') =>
  openStore({
    file,
    clock,
    worker,
    uplinks: ['bench'],
    machine,
    quota_bytes: 2 ** 30,
    health,
    randomBytes: (count) => randomBytes(count),
  });

/** 100 readings a second in hand-driven time, so many to a commit: 10 devices with 10 points of the usual kinds. */
export async function fill(file, { total, group, machine = 'bench' }) {
  const clock = handClock();
  const { outbox } = await openBacklogStore(file, clock, undefined, machine);
  for (let second = 0; second < total / 100; second += group / 100) {
    const readings = Array.from({ length: group / 100 }, (_, step) => secondOf(second + step)).flat();
    const stored = outbox.append(readings);
    clock.pass(1000);
    await stored;
  }
  await outbox.close();
}

const secondOf = (second) =>
  Array.from({ length: 10 }, (_, device) => poll(device, second, 1000 + second * 1000)).flat();

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

function handClock() {
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
