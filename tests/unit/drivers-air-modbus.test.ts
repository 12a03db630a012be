import { describe, expect, it } from 'vitest';
import type { JsonObject, PointSpecs, Sample } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { memoryModbus } from '../support/memory-links.ts';
import { sensor } from '../support/sensor.ts';

describe('a weather station and a louver box', () => {
  /** What a driver makes of a unit of another kind that answers at the same registers. */
  async function misread(unit: string, values: JsonObject, reader: string) {
    const library = await openLibrary();
    const far = (await library.simulator(unit)).open((await library.load(unit)).options.parse({}), 1);
    if (far.kind !== 'modbus') throw new Error('both speak Modbus');
    far.set(values);
    const driver = await library.load(reader);
    const options = driver.options.parse({});
    // The link is the Modbus one that the driver names.
    const session = driver.open(memoryModbus(far) as never, options);
    const call = { signal: new AbortController().signal, priority: 'poll' as const };
    return outOfRange((await session.sample?.(call)) ?? {}, driver.points(options));
  }
  const outOfRange = (sample: Sample, points: PointSpecs): string[] =>
    Object.entries(sample).flatMap(([name, value]) => {
      const spec = points[name];
      return spec?.kind === 'number' && typeof value === 'number' && (value < spec.min || value > spec.max)
        ? [name]
        : [];
    });

  it('read as each other fall out of range in any weather', async () => {
    for (const temperature of [-20, 5, 35]) {
      for (const humidity of [15, 60, 99]) {
        const weather = { temperature, humidity, pressure: 101.3 };
        expect(await misread('louver-box', weather, 'weather-station-500')).toContain('temperature');
        expect(await misread('weather-station-500', weather, 'louver-box')).toContain('noise');
      }
    }
  });

  it('read as what they are do not', async () => {
    expect(await misread('louver-box', {}, 'louver-box')).toEqual([]);
    expect(await misread('weather-station-500', {}, 'weather-station-500')).toEqual([]);
  });

  it('takes the wind by the scale it is told, and leaves out what is not fitted', async () => {
    const { look, far, points } = await sensor('weather-station-500', {
      wind_scale: 0.01,
      without: ['compass', 'noise'],
    });
    far.set({ wind_speed: 3.27, wind_direction: 'nw' });
    expect(await look()).toMatchObject({ wind_speed: 3.27, wind_direction: 'nw' });
    expect(Object.keys(points)).not.toContain('compass');
  });
});

describe('a SenseAir', () => {
  it('forgets an old calibration before it begins one, and tells when it is done', async () => {
    const { act, link, sent } = await sensor('senseair-s8');
    expect((await act('calibrated')).facts).toEqual({ calibrated: false });
    await act('calibrate');
    expect(
      sent()
        .slice(-2)
        .map((hex) => hex.slice(3, -6)),
    ).toEqual(['06 00 00 00 00', '06 00 01 7C 06']);
    link.up += 2000;
    expect((await act('calibrated')).facts).toEqual({ calibrated: true });
    await act('calibrate');
    expect((await act('calibrated')).facts).toEqual({ calibrated: false });
  });

  it('keeps the period of its baseline correction', async () => {
    const { act } = await sensor('senseair-s8');
    expect((await act('abc-hours')).facts).toEqual({ 'abc-hours': 180 });
    await act('set-abc-hours', { 'abc-hours': 0 });
    expect((await act('abc-hours')).facts).toEqual({ 'abc-hours': 0 });
  });

  it('that was asleep does not hear the first question', async () => {
    const { look, far } = await sensor('senseair-s8');
    far.set({ asleep: true, co2: 512, defect: true });
    // Its state is asked for first, and lost; its value is heard.
    expect(await look()).toEqual({ co2: 512 });
    expect(await look()).toEqual({ co2: 512, defect: true });
  });
});

describe('an SCD30', () => {
  const NOTHING = { co2: null, temperature: null, humidity: null };
  const started = (sent: readonly string[]) => sent.filter((hex) => hex.slice(3, 11) === '06 00 36').length;

  it('gives nothing when nothing new is ready', async () => {
    const { look, far } = await sensor('sensirion-scd30');
    far.set({ stale: true });
    expect(await look()).toEqual({});
    far.set({ stale: false, co2: 512.25 });
    expect(await look()).toMatchObject({ co2: 512.25 });
  });

  it('that measures no more is started again, after more than two of its intervals', async () => {
    const { look, far, sent, starts } = await sensor('sensirion-scd30', { pressure: 1013 });
    far.set({ idle: true });
    await look();
    await look();
    expect(started(sent())).toBe(0);
    expect(await look()).toEqual({});
    expect(started(sent())).toBe(1);
    expect(sent().at(-1)).toContain('06 00 36 03 F5');
    expect(starts).toHaveLength(1);
    expect(await look()).toMatchObject({ co2: expect.any(Number) });
  });

  it('that measures seldom is not started again for that', async () => {
    const { act, look, far, sent } = await sensor('sensirion-scd30');
    await act('set-interval', { interval: 60 });
    far.set({ stale: true });
    for (let turn = 0; turn < 59; turn += 1) await look();
    expect(started(sent())).toBe(0);
    await look();
    expect(started(sent())).toBe(1);
  });

  it('that an operator put to sleep stays so, without a value', async () => {
    const { act, look, sent, starts } = await sensor('sensirion-scd30');
    await act('sleep');
    for (let turn = 0; turn < 5; turn += 1) expect(await look()).toEqual(NOTHING);
    expect(started(sent())).toBe(0);
    await act('wake');
    expect(starts).toHaveLength(1);
    expect(await look()).toMatchObject({ humidity: expect.any(Number) });
  });

  it('has no values while it says 0 ppm', async () => {
    const { look, far, starts } = await sensor('sensirion-scd30');
    far.set({ co2: 0 });
    expect(await look()).toEqual(NOTHING);
    expect(starts).toHaveLength(1);
  });
});
