import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Received, readLog } from '../../src/receive/records.ts';
import { type Compound, openCompound, type SaidRow } from '../support/compound.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { dice } from '../support/quiet.ts';
import { until } from '../support/until.ts';
import { testReceiver } from '../support/uplink-world.ts';

const LONG = process.env.GATELODGE_LONG !== undefined;
/** SF-2 names 100 points in its long form here. */
const KILLS = LONG ? 100 : 6;
const OUTAGE_MS = LONG ? 60_000 : 4000;
/** B and C may lose this much before a kill, and a reply may be under way for a little longer than it takes to say it. */
const LOSS_MS = 1000;
const UNDER_WAY_MS = 150;

interface Span {
  readonly from_up: number;
  readonly to_up: number;
}

describe('the daemon, killed again and again under a broker that comes and goes (SF-2, SF-3)', () => {
  it(
    `loses nothing it had accepted and invents nothing: ${KILLS} kills, an outage of ${OUTAGE_MS / 1000} s`,
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const random = dice(seed);
      const broker = await startMosquitto();
      const compound = await openCompound(broker.url);
      const db = join(compound.folder, 'platform.jsonl');
      const receiver = await testReceiver({ url: broker.url, db });
      const arrived = () => receiver.view().gateways[0]?.records ?? 0;
      let daemon = await compound.start();
      await until('records arrive', () => arrived() > 0);

      const deaf: Span[] = [];
      for (let kill = 0; kill < KILLS; kill += 1) {
        if (kill % 2) {
          // In mid-drain: what piled up is under way when the daemon dies.
          await broker.kill();
          await pass(600);
          const before = arrived();
          await broker.start();
          await until('the drain begins', () => arrived() > before || random() < 0.02);
          await pass(60 * random());
        } else {
          await pass(100 + 1400 * random());
        }
        const { up } = await compound.control.status();
        await daemon.stop('SIGKILL');
        daemon = await compound.start();
        // Its devices are heard once its inventory is stored, and only then it answers.
        const { up: answers_up } = await compound.control.status();
        deaf.push({ from_up: up - LOSS_MS - UNDER_WAY_MS, to_up: answers_up + 1500 });
      }
      await broker.kill();
      await pass(OUTAGE_MS);
      await broker.start();
      await until('records arrive again', () => receiver.view().connected && arrived() > 0);

      await drainAndStop(compound, daemon);
      await receiver.close();
      const records = await readLog(db);
      const verdict = receiver.verdict();

      expect({ seed, verdict: verdict.whole, bad: verdict.bad }).toEqual({ seed, verdict: true, bad: 0 });
      expect({ seed, missing: missingKeys(compound, records) }).toEqual({ seed, missing: [] });
      expect(compound.keys().length).toBeGreaterThan(KILLS * 10);
      const told = compound.said();
      expect({ seed, invented: invented(records, told).slice(0, 5) }).toEqual({ seed, invented: [] });
      expect({ seed, unheard: unheard(records, told, deaf).slice(0, 5) }).toEqual({ seed, unheard: [] });
      console.log(
        `${KILLS} kills (seed ${seed}): ${told.length} tellings, ${records.length} records, ${verdict.duplicates} came twice, ${compound.keys().length} keys`,
      );
    },
    60_000 + KILLS * 20_000 + OUTAGE_MS,
  );
});

async function drainAndStop(compound: Compound, daemon: { stop(): Promise<number | null> }): Promise<void> {
  await compound.wires.stop();
  await until(
    'everything is acknowledged',
    async () => {
      const { outbox } = await compound.control.status();
      const waiting = Object.values(outbox.waiting.town ?? { a: 1 }).reduce((sum, count) => sum + count, 0);
      return outbox.pending === 0 && waiting === 0;
    },
    60_000,
  );
  expect(await daemon.stop()).toBe(0);
}

/** Keys the daemon had told as durable that the platform does not have. */
function missingKeys(compound: Compound, records: readonly Received[]): string[] {
  const had = new Set(records.map(({ record }) => `${record.epoch}/${record.seq}`));
  return compound
    .keys()
    .map(({ epoch, seq }) => `${epoch}/${seq}`)
    .filter((key) => !had.has(key));
}

/** Readings that no device told at that time. */
function invented(records: readonly Received[], told: readonly SaidRow[]): string[] {
  return records.flatMap(({ record }) => {
    if (record.kind !== 'reading' || record.quality === 'stale') return [];
    const { device, point, value, stamp } = record;
    const found = told.some(
      (row) => row.device === device && near(row.up, stamp.up) && (row.values[point] ?? null) === value,
    );
    if (found) return [];
    const others = told.filter((row) => row.device === device && row.values[point] === value);
    const apart = Math.min(...others.map((row) => Math.abs(row.up - stamp.up)));
    return [`${device} ${point} ${value} at ${stamp.up}, told ${apart} ms from there`];
  });
}

/** What was told while the daemon listened, and neither became a record nor was within the deadband of one. */
function unheard(records: readonly Received[], told: readonly SaidRow[], deaf: readonly Span[]): string[] {
  const heard = new Map<string, { readonly up: number; readonly value: unknown }[]>();
  for (const { record } of records) {
    if (record.kind !== 'reading') continue;
    const name = `${record.device} ${record.point}`;
    const list = heard.get(name) ?? [];
    list.push({ up: record.stamp.up, value: record.value });
    heard.set(name, list);
  }
  const first = Math.min(...records.map(({ record }) => record.stamp.up)) + 3000;
  const last = Math.max(...told.map(({ up }) => up)) - UNDER_WAY_MS;
  return told.flatMap((row) => {
    if (
      row.up < first ||
      row.up > last ||
      deaf.some(({ from_up, to_up }) => row.up >= from_up && row.up <= to_up)
    )
      return [];
    return Object.entries(row.values).flatMap(([point, value]) => {
      const list = heard.get(`${row.device} ${point}`) ?? [];
      const same = list.some((one) => near(row.up, one.up) && one.value === value);
      return same || droppedByRule(row.device, value, row.up, list)
        ? []
        : [`${row.device} ${point} ${value} at ${row.up}, ${sinceBack(row.up, deaf)} ms after it was back`];
    });
  });
}

const sinceBack = (up: number, deaf: readonly Span[]): number =>
  Math.round(Math.min(...deaf.flatMap(({ to_up }) => (to_up < up ? [up - to_up] : []))));

/**
 * The declared steps: `bay` has a deadband of 200 mm and a minimum interval of 1 s; flags and states that say the same again are not sent
 * more often than once in 15 minutes.
 */
function droppedByRule(
  device: string,
  value: unknown,
  up: number,
  list: readonly { readonly up: number; readonly value: unknown }[],
): boolean {
  const before = list.filter((one) => one.up <= up).at(-1);
  if (device === 'bay') {
    if (before === undefined) return false;
    const close = Math.abs(Number(before.value) - Number(value)) < 200;
    return close || up - before.up < 1100;
  }
  return typeof value !== 'number' && before?.value === value;
}

/** A reading is stamped when its reply is whole, a moment after it was told. */
const near = (told_up: number, stamp_up: number): boolean =>
  stamp_up - told_up > -50 && stamp_up - told_up < 1500;

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
