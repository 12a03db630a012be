import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { airOfDay, airOfHour, type ExpectedAir } from '../support/expected-air.ts';
import { CHINA, EU, type ExpectedLevel, partsOf, windowsOf } from '../support/expected-noise.ts';
import { BAYS } from '../support/parked-cars.ts';
import type { Told } from '../support/received-records.ts';
import { AWAY, BOXES, DOUBTED, MICS, riversideDay } from '../support/riverside-day.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LONG = Boolean(process.env.GATELODGE_LONG);
const MIDNIGHT = Date.parse('2026-11-24T00:00:00+08:00');

/**
 * The long form: whole days of China (06 to 06) and of the EU (07 to 07), and the twenty hours that make a day of the index. The short one: five
 * quarters of an hour with the ends of China's day and of the EU's evening, looked at more seldom.
 */
const SIZE = LONG
  ? { begin_ms: MIDNIGHT + 4 * HOUR - 5 * MINUTE, minutes: 27 * 60 + 15, looks_ms: 5000, faults_from: 8 * 60 }
  : { begin_ms: MIDNIGHT + 22 * HOUR - 8 * MINUTE, minutes: 75, looks_ms: 20_000, faults_from: 0 };
const TIME = [SIZE.begin_ms, SIZE.begin_ms + SIZE.minutes * MINUTE] as const;
const PATIENCE = LONG ? 7_200_000 : 900_000;

/** It is lived once, by whichever test comes first; all it needs is open only so long. */
let lived: ReturnType<typeof live> | undefined;
async function theDay() {
  lived ??= live();
  return lived;
}

async function live() {
  const begun = process.hrtime.bigint();
  const day = await riversideDay(SIZE);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const { verdict, records } = day;
  console.log(
    `riverside: ${(SIZE.minutes / 60).toFixed(1)} virtual hours in ${seconds.toFixed(0)} s, ` +
      `${verdict.records} records (${records.readings} readings) in ${verdict.batches} batches, ${verdict.duplicates} of them twice`,
  );
  return day;
}

/** What rules tell; they have tests of their own. */
const ALARMS = ['alarm-raised', 'alarm-cleared', 'rule-held-back'];
/** What cameras give when a rule wants it. */
const PICTURES = ['snapshot', 'snapshot-kept', 'snapshot-failed'];

describe('a day of the whole compound of riverside', { timeout: PATIENCE }, () => {
  it('comes to the platform whole: every record that was stored, once by its key, and no hole', async () => {
    const { verdict, records, stored } = await theDay();

    const [epoch, ...others] = verdict.gateways.flatMap(({ epochs }) => epochs);
    const head = epoch?.head ?? 0;
    const different = stored.filter(
      (record) => record.seq <= head && !isDeepStrictEqual(record, records.get(record.seq)),
    );

    expect(others).toEqual([]);
    expect(epoch).toMatchObject({ holes: [], gaps: [], lanes: { a: true, b: true, c: true }, records: head });
    expect(different).toEqual([]);
    expect(stored.slice(0, head).map(({ seq }) => seq)).toEqual(
      Array.from({ length: head }, (_, at) => at + 1),
    );
    expect(verdict).toMatchObject({ whole: true, bad: 0, nacked: 0, digest_mismatches: 0, records: head });
    expect(verdict.digests).toBeGreaterThanOrEqual(3 * Math.floor(SIZE.minutes / 60 - 0.5));
    expect(records.readings).toBeGreaterThan(90 * SIZE.minutes);
  });

  it('has of every look what the device said just then', async () => {
    const { records, truth } = await theDay();

    const points = [
      ...MICS.map((mic) => [`noise-${mic}`, 'noise'] as const),
      ...BOXES.flatMap((box) => ['pm2_5', 'pm10'].map((dust) => [`air-${box}`, dust] as const)),
    ];

    for (const [device, point] of points) {
      const good = records.of(device, point).filter(({ quality }) => quality === 'good');
      const said = truth.saidAt(device, point);
      const wrong = good.filter(({ stamp, value }) => said.get(stamp.up) !== value);
      expect(wrong, `${device} ${point}`).toEqual([]);
      expect(new Set(good.map(({ stamp }) => stamp.up)).size).toBe(good.length);
      expect(good.length, `${device} ${point}`).toBeGreaterThan(SIZE.minutes / 10);
    }
  });

  it('shows the bays, the counts of their zones and the signs as the cars stand, at every tenth minute', async () => {
    const { mismatches, looks } = await theDay();

    expect(mismatches).toEqual([]);
    expect(looks).toBe(Math.floor(SIZE.minutes / 10));
  });

  it('tells of each bay what became of it, in order, and no more', async () => {
    const { records, cars } = await theDay();

    const sure = BAYS.filter(({ id }) => !(id in DOUBTED));
    const told = sure.map(({ zone, id }) => [id, changes(records.of(zone, id).map(({ value }) => value))]);

    expect(told).toEqual(sure.map(({ id }) => [id, changes(cars.history.get(id) ?? [])]));
    expect(told.flatMap(([, states]) => states).length).toBeGreaterThan(SIZE.minutes / 2);
  });

  it('has the level of each quarter of an hour at each transmitter', async () => {
    const { records, truth } = await theDay();

    for (const mic of MICS) {
      const expected = windowsOf(truth, `noise-${mic}`, TIME);
      holds(`levels-${mic}`, expected, (point) => records.of(`levels-${mic}`, point));
      expect(expected.length).toBe(Math.floor(TIME[1] / (HOUR / 4)) - Math.floor(TIME[0] / (HOUR / 4)));
      expect(expected.some(({ level }) => level === null)).toBe(true);
    }
  });

  it('has Ld, Ln and Ldn of each transmitter, and Lden of the road, as far as they were measured', async () => {
    const { records, truth } = await theDay();

    const common = { time: TIME, midnight: MIDNIGHT };
    for (const mic of MICS) {
      const expected = partsOf(truth, `noise-${mic}`, { parts: CHINA, whole: 'ldn', ...common });
      holds(`levels-${mic}`, expected, (point) => records.of(`levels-${mic}`, point));
      expect(expected.map(({ point }) => point)).toEqual(LONG ? ['ln', 'ldn', 'ld', 'ln', 'ldn'] : ['ld']);
    }
    const road = partsOf(truth, 'noise-road', { parts: EU, whole: 'lden', ...common });

    holds('lden-road', road, (point) => records.of('lden-road', point));
    expect(road.map(({ point, level }) => [point, level !== null])).toEqual(
      LONG
        ? [
            ['ln', false],
            ['lden', false],
            ['ld', true],
            ['le', true],
            ['ln', true],
            ['lden', true],
          ]
        : [['le', false]],
    );
  });

  it('has the index of each hour and day of each box, and none where too little was measured', async () => {
    const { records, truth } = await theDay();

    const hours = roundTimes(HOUR);
    let measured = 0;
    for (const box of BOXES) {
      const told = (point: string) => records.of(`aqi-${box}`, point);
      const ofHours = hours.map((to) => ({
        unix_ms: to,
        air: airOfHour(truth, `air-${box}`, { from: to - HOUR, to }),
      }));
      holdsIndex(ofHours, told('aqi'), told('aqi_label'));
      const days = roundTimes(24 * HOUR);
      const ofDays = days.map((end) => ({ unix_ms: end, ...airOfDay(truth, `air-${box}`, end) }));
      holdsIndex(ofDays, told('aqi_day'), told('aqi_day_label'));
      expect(told('day_hours').map(({ value }) => value)).toEqual(ofDays.map((one) => one.hours));
      measured += ofHours.filter(({ air }) => air).length;
    }
    expect(measured).toBe(LONG ? 4 * 27 - 1 : 3);
  });

  it('tells once of each device that it is away and back, and of each card', async () => {
    const { records, cards, devices } = await theDay();

    const away = Object.values(AWAY).toSorted();
    // The first cards come before the readers are told to be quiet, and the two doors of a lobby wait for each other until both were read.
    const events = records.events.filter(
      (one) =>
        one.kind === 'event' && !['card', 'code', 'mode', 'load', ...ALARMS, ...PICTURES].includes(one.name),
    );
    const alarmsOf = (name: string) =>
      records.events.flatMap((one) =>
        one.kind === 'event' && one.name === name ? [String(one.fields.alarm)] : [],
      );
    const raised = alarmsOf('alarm-raised');
    const of = (name: string) =>
      events.flatMap((one) => (one.kind !== 'reading' && one.name === name ? [one] : []));
    const ups = of('device-up').map(({ subject }) => subject);

    expect(
      of('device-down')
        .map(({ subject }) => subject)
        .toSorted(),
    ).toEqual(away);
    expect(new Set(ups).size).toBe(devices);
    expect(ups.slice(devices).toSorted()).toEqual(away);
    expect(of('swipe').map(({ subject, fields }) => [subject, fields.door])).toEqual(
      cards.map(() => ['stair-doors', 1]),
    );
    expect(events).toHaveLength(devices + 2 * away.length + cards.length);
    // The lamps of the courtyard are as their schedule wants them, whatever else goes on, and no relay of them disobeys.
    const lamps = records.events.flatMap((one) =>
      one.kind === 'event' && one.subject === 'courtyard' ? [one] : [],
    );
    for (const { name, fields } of lamps) expect([name, fields.by]).toEqual(['load', 'schedule']);
    expect(lamps.some(({ fields }) => fields.state === 'on' && fields.wanted === 'on')).toBe(true);
    expect(lamps.at(-1)?.fields.state).toBe(lamps.at(-1)?.fields.wanted);
    // Of the pictures that rules wanted each came; the last may still be on its way.
    const pictures = (name: string) =>
      records.events.flatMap((one) =>
        one.kind === 'event' && one.name === name ? [String(one.fields.id)] : [],
      );
    expect(pictures('snapshot-failed')).toEqual([]);
    expect(pictures('snapshot')).toEqual(expect.arrayContaining(pictures('snapshot-kept')));
    expect(pictures('snapshot-kept').length).toBeGreaterThanOrEqual(pictures('snapshot').length - 1);
    // Whatever the rules alarm, each alarm is raised once and cleared once at most.
    expect(new Set(raised).size).toBe(raised.length);
    expect(raised).toEqual(expect.arrayContaining(alarmsOf('alarm-cleared')));
  });
});

/** Ends of round stretches of the time of the site within the day that was lived. */
function roundTimes(length: number): number[] {
  const ends: number[] = [];
  for (let at = MIDNIGHT - 24 * HOUR; at <= TIME[1]; at += length) if (at > TIME[0]) ends.push(at);
  return ends;
}

/** Each level that is expected is told at its time, with how much of it was measured, and no other. */
function holds(device: string, expected: readonly ExpectedLevel[], told: (point: string) => readonly Told[]) {
  for (const point of new Set(expected.map((one) => one.point))) {
    const all = expected.filter((one) => one.point === point);
    const of = news(all, ({ level }) => level);
    const levels = told(point);
    expect(timesOf(levels), `${device} ${point}`).toEqual(timesOf(of));
    for (const [index, { level, unix_ms }] of of.entries())
      isNear(`${device} ${point} at ${new Date(unix_ms).toISOString()}`, levels[index]?.value, level, 0.11);
    for (const { complete, percent, unix_ms } of all) {
      const share = told(complete).findLast((one) => one.unix_ms <= unix_ms);
      isNear(`${device} ${complete} at ${new Date(unix_ms).toISOString()}`, share?.value, percent, 0.5);
    }
  }
}

interface ExpectedIndex {
  readonly unix_ms: number;
  /** undefined: too little was measured. */
  readonly air: ExpectedAir | undefined;
}

/** Indices and their labels stand at their times. */
function holdsIndex(expected: readonly ExpectedIndex[], indices: readonly Told[], labels: readonly Told[]) {
  const label = ({ air }: ExpectedIndex) => (air ? 'pm-only-indicative' : 'insufficient-data');
  expect(labels.map(({ unix_ms, value }) => [unix_ms, value])).toEqual(
    expected.map((one) => [one.unix_ms, label(one)]),
  );
  const of = news(expected, ({ air }) => air ?? null);
  expect(timesOf(indices)).toEqual(timesOf(of));
  for (const [at, { air }] of of.entries()) {
    const value = indices[at]?.value;
    if (!air) expect(value).toBeNull();
    else {
      expect(value).toBeGreaterThanOrEqual(air.index.least);
      expect(value).toBeLessThanOrEqual(air.index.most);
    }
  }
}

/** That there is still no value is no news. */
const news = <T>(all: readonly T[], valueIn: (one: T) => unknown): T[] =>
  all.filter((one, at) => {
    const before = all[at - 1];
    return valueIn(one) !== null || before === undefined || valueIn(before) !== null;
  });

const timesOf = (all: readonly { readonly unix_ms: number }[]) => all.map(({ unix_ms }) => unix_ms);

function isNear(what: string, value: unknown, truth: number | null, within: number): void {
  if (truth === null) expect(value, what).toBeNull();
  else expect(typeof value === 'number' ? Math.abs(value - truth) : value, what).toBeLessThan(within);
}

/** What is said again is no change. */
const changes = (states: readonly unknown[]): unknown[] =>
  states.filter((state, at) => state !== states[at - 1]);
