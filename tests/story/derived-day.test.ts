import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoredRecord, Value } from '../../src/model/index.ts';
import { readLog } from '../../src/receive/records.ts';
import type { Said } from '../../src/simulate/site.ts';
import { gatewayWorld } from '../support/gateway-world.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp.ts';
import { testReceiver } from '../support/uplink-world.ts';

const HOUR = 3_600_000;
/** 07:00 in Berlin: the day of the EU begins. */
const SEVEN = Date.parse('2026-11-25T07:00:00+01:00');
const LONG = Boolean(process.env.GATELODGE_LONG);

/** Looks are as often as a street needs them in the long form; the short one looks more seldom at the same day. */
const POLL = LONG ? { noise: 2000, air: 10_000, bays: 2000 } : { noise: 30_000, air: 60_000, bays: 30_000 };
const siteFor = (broker: string) => `
version: 1
site: { id: yard, name: Yard, time_zone: Europe/Berlin }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses:
  - { id: garden, type: modbus-rtu, path: wires/garden, baud: 9600, echo: none }
  - { id: garage, type: modbus-rtu, path: wires/garage, baud: 9600, echo: none }
devices:
  - { id: mic, driver: noise-rs485, bus: garden, unit: 1, poll_ms: ${POLL.noise}, points: { noise: { deadband: 200 } } }
  - id: box
    driver: louver-box
    bus: garden
    unit: 2
    poll_ms: ${POLL.air}
    points: { pm2_5: { deadband: 2000 }, pm10: { deadband: 2000 }, humidity: { deadband: 200 }, temperature: { deadband: 200 },
      noise: { deadband: 200 }, pressure: { deadband: 200 }, illuminance: { deadband: 1000000 } }
  - id: bays
    driver: bay-register
    bus: garage
    unit: 1
    poll_ms: ${POLL.bays}
    options: { bays: 4, faults: { table: discrete, at: 100 } }
  - { id: eye, driver: dyp-modbus-ultrasonic, bus: garage, unit: 2, poll_ms: ${POLL.bays}, points: { distance: { deadband: 9000 } } }
derived:
  - id: levels
    type: noise
    source: { device: mic, point: noise }
    periods: eu
  - id: air
    type: air-quality
    standard: us-epa-2024
    sources: [{ pollutant: pm2_5, device: box, point: pm2_5 }, { pollutant: pm10, device: box, point: pm10 }]
  - id: air-cn
    type: air-quality
    sources: [{ pollutant: pm2_5, device: box, point: pm2_5 }, { pollutant: pm10, device: box, point: pm10 }]
  - id: garage-b1
    type: parking
    unknown_after_s: 120
    agreeing: 1
    bays:
      - { device: bays, point: occupied-*, id: p-* }
      - { device: eye, point: distance, id: p-5, occupied_below_mm: 1500 }
uplinks:
  - { id: town, url: '${broker}', reconnect_first_s: 0.2 }
`;

type Reading = Extract<StoredRecord, { readonly kind: 'reading' }>;

describe('a day of derived values', () => {
  it(
    'is at the receiver what the far ends said all day, over a restart too: noise, air and bays',
    async () => {
      const broker = await startMosquitto();
      const world = await gatewayWorld(siteFor(broker.url), { unix_ms: SEVEN });
      const { far } = world;
      const bay = (hour: number, of: number) => ((hour + of) % 3 === 0 ? 'free' : 'occupied');
      const standing: unknown[] = [];

      for (let hour = 0; hour < 24; hour += 1) {
        far.set('mic', { noise: hour < 12 ? 62 + (hour % 3) : hour < 16 ? 57.5 : 48.2 });
        far.set('box', { pm2_5: 12 + 4 * (hour % 7), pm10: 30 + 9 * (hour % 5) });
        far.set('bays', Object.fromEntries([1, 2, 3, 4].map((of) => [`occupied-${of}`, bay(hour, of)])));
        far.set('eye', { distance: bay(hour, 5) === 'free' ? 2300 : 600 });
        await world.pass(HOUR - 60_000);
        standing.push(bays(await world.values('garage-b1')));
        await world.pass(60_000);
        if (hour === 9) await world.restart(120_000);
      }
      far.set('bays', { 'occupied-2': 'unknown' });
      far.faults.set('eye', 'mute');
      await world.pass(20 * 60_000);
      standing.push(bays(await world.values('garage-b1')));
      const stored = await world.records();
      const db = join(tempFolder(), 'platform.jsonl');
      const receiver = await testReceiver({ url: broker.url, db });
      await world.deliver(() => (receiver.view().gateways[0]?.records ?? 0) >= stored.length);
      await receiver.close();
      const received = (await readLog(db)).map(({ record }) => record).sort((x, y) => x.seq - y.seq);
      const readings = received.slice(0, stored.length).filter((record) => record.kind === 'reading');

      const told = (device: string, point: string): Reading[] =>
        readings.filter((one) => one.device === device && one.point === point);
      const newest = (device: string, point: string) => told(device, point).at(-1)?.value;
      // Noise: the level of each part of the day, and the whole.
      const noise = rowsOf(world.said, 'mic', 'noise');
      const level = (from: number, to: number) =>
        10 * Math.log10(meanOf(noise, [from, to], (value) => 10 ** (value / 10)));
      const [ld, le, ln] = [level(0, 12), level(12, 16), level(16, 24)];
      const parts = 12 * 10 ** (ld / 10) + 4 * 10 ** ((le + 5) / 10) + 8 * 10 ** ((ln + 10) / 10);
      near(newest('levels', 'ld'), ld);
      near(newest('levels', 'le'), le);
      near(newest('levels', 'ln'), ln);
      near(newest('levels', 'lden'), 10 * Math.log10(parts / 24));
      expect(newest('levels', 'day_complete')).toBeGreaterThan(99.5);
      expect(told('levels', 'laeq')).toHaveLength(24 * 4 + 1);

      // Air: the index of each hour by HJ 633 is that of the mean of what the box said.
      const dust = rowsOf(world.said, 'box', 'pm2_5');
      const grit = rowsOf(world.said, 'box', 'pm10');
      const hours = told('air-cn', 'aqi');
      expect(hours.map(({ stamp }) => (stamp.up - 1000) / HOUR)).toEqual(
        Array.from({ length: 24 }, (_, hour) => hour + 1),
      );
      for (const [hour, { value }] of hours.entries()) {
        const mean = (rows: readonly Row[]) => Math.round(meanOf(rows, [hour, hour + 1], (one) => one));
        expect(value, `hour ${hour}`).toBe(Math.max(hj2026(mean(dust), 35, 60), hj2026(mean(grit), 50, 120)));
      }
      expect(new Set(told('air-cn', 'aqi_label').map(({ value }) => value))).toEqual(
        new Set(['pm-only-indicative']),
      );
      // The day ended at midnight, seventeen hours after the gateway began: by the US EPA one hour too few.
      expect([newest('air', 'day_hours'), newest('air', 'aqi_day_label')]).toEqual([17, 'insufficient-data']);

      // Bays: each hour as they stood, and in the end unknown where nobody can say.
      for (let hour = 0; hour < 24; hour += 1)
        expect(standing[hour], `hour ${hour}`).toEqual([1, 2, 3, 4, 5].map((of) => bay(hour, of)));
      expect(standing.at(-1)).toEqual([bay(23, 1), 'unknown', bay(23, 3), bay(23, 4), 'unknown']);
      expect(newest('garage-b1', 'bays_unknown')).toBe(2);
      expect(newest('garage-b1', 'bays_free')).toBe([1, 3, 4].filter((of) => bay(23, of) === 'free').length);
    },
    LONG ? 1_800_000 : 400_000,
  );
});

const near = (value: unknown, truth: number) => {
  expect(typeof value === 'number' && Math.abs(value - truth), `${value} is not ${truth}`).toBeLessThan(0.11);
};

const bays = (values: Readonly<Record<string, Value | null>>) =>
  ['p-1', 'p-2', 'p-3', 'p-4', 'p-5'].map((bay) => values[bay]);

/** HJ 633-2026 up to 150, as a person would reckon it. */
function hj2026(mean: number, good: number, fair: number): number {
  if (mean <= good) return Math.ceil((50 * mean) / good - 1e-9);
  return Math.ceil(50 + (50 * (mean - good)) / (fair - good) - 1e-9);
}

interface Row {
  readonly unix_ms: number;
  readonly value: number;
}
const rowsOf = (said: readonly Said[], device: string, point: string): Row[] =>
  said.flatMap((row) => {
    const value = row.values[point];
    return row.device === device && typeof value === 'number' ? [{ unix_ms: row.unix_ms, value }] : [];
  });

/** Mean over a stretch of hours since seven: each value stood until the next one. */
function meanOf(rows: readonly Row[], [from, to]: readonly [number, number], of: (value: number) => number) {
  let sum = 0;
  let covered = 0;
  for (const [index, row] of rows.entries()) {
    const next = rows[index + 1]?.unix_ms ?? row.unix_ms;
    const stood = Math.min(next, SEVEN + to * HOUR) - Math.max(row.unix_ms, SEVEN + from * HOUR);
    if (stood <= 0) continue;
    sum += of(row.value) * stood;
    covered += stood;
  }
  return sum / covered;
}
