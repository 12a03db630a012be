import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, POLLUTANTS, type Pollutant } from '../../src/model/index.ts';
import { labelOf } from '../../src/pipeline/derived/air-index.ts';
import {
  type AirSource,
  type DerivedSettings,
  PERIODS,
  type WantedStandard,
} from '../../src/pipeline/derived/index.ts';
import { derivedWorld } from '../support/derived-world.ts';

const HOUR = 3_600_000;
/** Midnight in Shanghai, under the version of 2026. */
const MIDNIGHT = Date.parse('2026-11-25T00:00:00+08:00');

const UNITS: Readonly<Record<Pollutant, string>> = {
  pm2_5: 'ug/m3',
  pm10: 'ug/m3',
  so2: 'ug/m3',
  no2: 'ug/m3',
  co: 'mg/m3',
  o3: 'ug/m3',
};
const air = (
  pollutants: readonly Pollutant[],
  standard: WantedStandard = 'hj-633',
  units: Partial<Record<Pollutant, string>> = {},
): DerivedSettings => ({
  id: 'air',
  type: 'air-quality',
  standard,
  zone: 'Asia/Shanghai',
  sources: pollutants.map(
    (pollutant): AirSource => ({
      pollutant,
      device: 'box',
      point: pollutant,
      unit: units[pollutant] ?? UNITS[pollutant],
      gap_ms: 180_000,
    }),
  ),
});
type Air = Partial<Record<Pollutant, number | null>>;
type World = ReturnType<typeof derivedWorld>;
/** A value of each each minute. */
const breathe = (world: World, ms: number, values: Air | ((unix: number) => Air)) =>
  world.pass(
    ms,
    () => {
      const now = typeof values === 'function' ? values(world.unix() ?? 0) : values;
      for (const [pollutant, value] of Object.entries(now)) world.hear('box', pollutant, value);
    },
    60_000,
  );
const PM: readonly Pollutant[] = ['pm2_5', 'pm10'];

describe('the air of an hour', () => {
  it('has the index of its worst pollutant by the version in force, and is named after what is missing', () => {
    const world = derivedWorld([air(PM)], { unix: MIDNIGHT });

    breathe(world, HOUR + 60_000, { pm2_5: 60, pm10: 100 });

    expect(world.said('standard')).toEqual(['hj-633-2026']);
    expect(world.said('iaqi_pm2_5')).toEqual([100]);
    expect(world.said('iaqi_pm10')).toEqual([86]);
    expect(world.said('aqi')).toEqual([100]);
    expect(world.said('primary')).toEqual(['pm2_5']);
    expect(world.said('class')).toEqual(['good']);
    expect(world.said('aqi_label')).toEqual(['pm-only-indicative']);
    expect(world.said('mean_pm10')).toEqual([100]);
    expect(world.said('hour_complete')).toEqual([98.3]);
    expect(world.saidAt('aqi')).toEqual([MIDNIGHT + HOUR]);
  });

  it('tells in the sentence of its points that gases are not measured', () => {
    const { derivation } = derivedWorld([air(PM)], { unix: MIDNIGHT });

    expect(derivation.points('air').aqi?.about).toContain('PM only, indicative');
    expect(derivedWorld([air(POLLUTANTS)]).derivation.points('air').aqi?.about).not.toContain('ndicative');
  });

  it('was judged by the version of 2012 until the last day of February 2026', () => {
    const world = derivedWorld([air(PM)], { unix: Date.parse('2026-02-28T23:00:00+08:00') });

    breathe(world, 2 * HOUR + 60_000, { pm2_5: 75, pm10: 10 });

    expect(world.said('standard').slice(0, 1)).toEqual(['hj-633-2012']);
    expect(world.said('standard').at(-1)).toBe('hj-633-2026');
    expect(world.said('aqi')).toEqual([100, 114]);
  });

  it('is the mean over the time each value stood, not over the values', () => {
    const world = derivedWorld([air(['pm2_5'])], { unix: MIDNIGHT });

    breathe(world, HOUR / 2, { pm2_5: 10 });
    world.pass(HOUR / 2 + 120_000, () => world.hear('box', 'pm2_5', 70), 120_000);

    // Half an hour (less the first minute) of 10, half an hour of 70, where the last 10 stood two minutes.
    expect(world.said('mean_pm2_5')[0]).toBeCloseTo((10 * 31 + 70 * 28) / 59, 1);
  });

  it('with less than 45 measured minutes is none', () => {
    const world = derivedWorld([air(PM)], { unix: MIDNIGHT });

    breathe(world, 40 * 60_000, { pm2_5: 60, pm10: 100 });
    world.pass(21 * 60_000, () => world.hear('box', 'pm2_5', null), 60_000);

    expect(world.said('aqi')).toEqual(['null suspect']);
    expect(world.said('aqi_label')).toEqual(['insufficient-data']);
    expect(world.said('mean_pm2_5')).toEqual(['null suspect']);
    expect(world.said('hour_complete')[0]).toBeCloseTo((100 * 40) / 60, -1);
  });

  it('is complete with all six pollutants, and by the version of 2026 none while one is missing and the rest is good', () => {
    const world = derivedWorld([air(POLLUTANTS)], { unix: MIDNIGHT });
    const good = { pm2_5: 20, pm10: 30, so2: 10, no2: 20, co: 0.5, o3: 80 };
    const withoutOzone = { ...good, o3: null };

    breathe(world, HOUR, good);
    breathe(world, HOUR, withoutOzone);
    // The 20 before stands for the first minute: the mean is 100.
    breathe(world, HOUR + 60_000, { ...withoutOzone, pm2_5: 101.36 });

    expect(world.said('aqi_label')).toEqual(['complete', 'not-available', 'partial-indicative']);
    expect(world.said('aqi')).toEqual([30, 'null suspect', 137]);
  });

  it('is not disturbed by a value that is repeated from the hour before, since its device is down', () => {
    const world = derivedWorld([air(PM)], { unix: MIDNIGHT });
    breathe(world, HOUR + 60_000, { pm2_5: 60, pm10: 100 });

    world.hear('box', 'pm2_5', 60, 'stale', 90_000);
    breathe(world, HOUR, { pm2_5: 60, pm10: 100 });

    expect(world.said('aqi')).toEqual([100, 100]);
    expect(world.said('hour_complete')[1]).toBeGreaterThan(97);
  });

  it('of gases measured in parts of a volume is brought to mass first', () => {
    const world = derivedWorld([air(['o3'], 'hj-633', { o3: '[ppb]' })], { unix: MIDNIGHT });

    // 101.9 ppb are 200 ug/m3.
    breathe(world, HOUR + 60_000, { o3: 101.94 });

    expect(world.said('aqi')).toEqual([100]);
    expect(world.said('aqi_label')).toEqual(['partial-indicative']);
  });

  it('by the US EPA is a NowCast: two hours must be there, and old hours count less', () => {
    const world = derivedWorld([air(['pm2_5'], 'us-epa-2024')], { unix: MIDNIGHT });

    breathe(world, HOUR, { pm2_5: 12 });
    breathe(world, HOUR, { pm2_5: 12 });
    breathe(world, HOUR + 60_000, { pm2_5: 48 });

    expect(world.said('aqi_label')).toEqual([
      'insufficient-data',
      'pm-only-indicative',
      'pm-only-indicative',
    ]);
    // 12.0 is 56; then (48 + 12 / 2 + 12 / 4) / 1.75 = 32.5, nearly: the minute that stood over.
    expect(world.said('aqi').slice(0, 2)).toEqual(['null suspect', 56]);
    expect(world.said('aqi')[2]).toBeGreaterThan(90);
    expect(world.said('aqi')[2]).toBeLessThan(96);
  });
});

describe('the air of a day', () => {
  it('has the index of its mean, and says of how many hours', () => {
    const world = derivedWorld([air(PM)], { unix: MIDNIGHT - HOUR });

    breathe(world, 25 * HOUR + 60_000, { pm2_5: 35, pm10: 20 });

    expect(world.said('aqi_day').at(-1)).toBe(50);
    expect(world.said('primary_day').at(-1)).toBe('none');
    expect(world.said('day_hours')).toEqual([1, 24]);
    expect(world.said('aqi_day_label')).toEqual(['insufficient-data', 'pm-only-indicative']);
    expect(world.saidAt('aqi_day').at(-1)).toBe(MIDNIGHT + 24 * HOUR);
  });

  it('needs twenty hours', () => {
    const world = derivedWorld([air(['pm2_5'])], { unix: MIDNIGHT });

    breathe(world, 19 * HOUR, { pm2_5: 35 });
    world.pass(5 * HOUR + 60_000, () => {}, 60_000);

    expect(world.said('day_hours')).toEqual([19]);
    expect(world.said('aqi_day')).toEqual(['null suspect']);
    expect(world.said('aqi_day_label')).toEqual(['insufficient-data']);
  });

  it('of ozone is that of its worst eight hours', () => {
    const world = derivedWorld([air(['o3'])], { unix: MIDNIGHT });
    const noon = (unix: number) => unix >= MIDNIGHT + 10 * HOUR && unix < MIDNIGHT + 18 * HOUR;

    breathe(world, 24 * HOUR + 60_000, (unix) => ({ o3: noon(unix) ? 160 : 20 }));

    expect(world.said('aqi_day')).toEqual([100]);
  });

  it('has twenty-five hours where the clocks go back', () => {
    const zone = 'Europe/Berlin';
    const settings = { ...air(['pm2_5']), zone };
    const world = derivedWorld([settings], { unix: Date.parse('2026-10-25T00:00:00+02:00') });

    breathe(world, 25 * HOUR + 60_000, { pm2_5: 35 });

    expect(world.said('day_hours')).toEqual([25]);
    expect(world.said('aqi_day')).toEqual([50]);
  });
});

describe('over a restart', () => {
  it('the open hour and the hours of the day go on', () => {
    const before = derivedWorld([air(PM)], { unix: MIDNIGHT });
    breathe(before, 10 * HOUR + HOUR / 2, { pm2_5: 60, pm10: 100 });

    const after = derivedWorld([air(PM)], {
      boot: 'boot-2',
      up: 30_000,
      unix: MIDNIGHT + 10 * HOUR + HOUR / 2 + 300_000,
      kept: before.keep(),
    });
    breathe(after, 14 * HOUR, { pm2_5: 60, pm10: 100 });

    expect(after.said('hour_complete')[0]).toBeCloseTo((100 * 54) / 60, -1);
    expect(after.said('aqi')[0]).toBe(100);
    expect(after.said('day_hours')).toEqual([24]);
    expect(after.said('aqi_day')).toEqual([100]);
  });

  it('of many hours the hour that was open is told, and the day lacks what was missed', () => {
    const before = derivedWorld([air(['pm2_5'])], { unix: MIDNIGHT });
    breathe(before, 3 * HOUR + 50 * 60_000, { pm2_5: 60 });

    const after = derivedWorld([air(['pm2_5'])], {
      boot: 'boot-2',
      up: 30_000,
      unix: MIDNIGHT + 10 * HOUR,
      kept: before.keep(),
    });
    breathe(after, 14 * HOUR + 60_000, { pm2_5: 60 });

    expect(after.said('aqi')[0]).toBe(100);
    expect(after.saidAt('aqi')[0]).toBe(MIDNIGHT + 10 * HOUR - 30_000);
    expect(after.said('day_hours')).toEqual([18]);
  });

  it('of a state that is anything at all it begins anew or goes on, but never breaks', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });
    const known = fc.record(
      {
        of: fc.constant('mic/noise'),
        window_s: fc.constant(900),
        part: fc.jsonValue(),
        done: fc.jsonValue(),
        counts: fc.jsonValue(),
        hour: fc.jsonValue(),
        open: fc.jsonValue(),
        'pm2_5 box/pm2_5': fc.jsonValue(),
      },
      { requiredKeys: ['of', 'window_s'] },
    );
    const state = fc.oneof(object, known);
    const noise: DerivedSettings = {
      ...{ id: 'levels', type: 'noise', window_s: 900, gap_ms: 6000, zone: 'Asia/Shanghai', enough: 0.75 },
      source: { device: 'mic', point: 'noise' },
      rule: PERIODS.china,
      limits: undefined,
    };
    fc.assert(
      fc.property(state, state, (one, other) => {
        const kept = new Map(
          Object.entries({
            'air open': one,
            'air means': other,
            'levels window': one,
            'levels parts': other,
          }),
        ) as Map<string, JsonObject>;
        const world = derivedWorld([air(PM), noise], { unix: MIDNIGHT, kept });
        breathe(world, 10 * 60_000, { pm2_5: 60 });
        world.hear('mic', 'noise', 60);
        world.keep();
      }),
      { numRuns: 300 },
    );
  });

  it('of another sensor nothing is taken over', () => {
    const before = derivedWorld([air(['pm2_5'])], { unix: MIDNIGHT });
    breathe(before, 23 * HOUR, { pm2_5: 60 });
    const other = air(['pm2_5']);
    if (other.type !== 'air-quality') throw new Error('it is one');
    const moved = { ...other, sources: other.sources.map((source) => ({ ...source, device: 'new-box' })) };

    const after = derivedWorld([moved], { up: before.up(), unix: MIDNIGHT + 23 * HOUR, kept: before.keep() });
    after.pass(HOUR + 60_000, () => {}, 60_000);

    expect(after.said('day_hours')).toEqual([0]);
  });
});

describe('while nobody tells the time', () => {
  it('no index is made, and that is said once; the hours begin when the time is known', () => {
    const world = derivedWorld([air(PM)], { unix: undefined });
    breathe(world, 3 * HOUR, { pm2_5: 60, pm10: 100 });
    expect(world.said('aqi')).toEqual(['null suspect']);
    expect(world.said('aqi_label')).toEqual(['clock-unsynced']);

    world.setClock(MIDNIGHT + 12 * HOUR + HOUR / 2);
    breathe(world, 2 * HOUR, { pm2_5: 60, pm10: 100 });

    expect(world.said('aqi_label')).toEqual(['clock-unsynced', 'insufficient-data', 'pm-only-indicative']);
    expect(world.said('hour_complete')).toEqual([50, 100]);
  });
});

describe('when the clock is set', () => {
  it('back, hours that are still to come are forgotten and none counts twice', () => {
    const world = derivedWorld([air(['pm2_5'])], { unix: MIDNIGHT });
    breathe(world, 12 * HOUR, { pm2_5: 60 });

    world.setClock(MIDNIGHT + 6 * HOUR);
    breathe(world, 18 * HOUR + 60_000, { pm2_5: 60 });

    expect(world.said('day_hours')).toEqual([24]);
  });

  it('forward, the hours in between are missing', () => {
    const world = derivedWorld([air(['pm2_5'])], { unix: MIDNIGHT });
    breathe(world, 6 * HOUR, { pm2_5: 60 });

    world.setClock(MIDNIGHT + 12 * HOUR);
    breathe(world, 12 * HOUR + 60_000, { pm2_5: 60 });

    expect(world.said('day_hours')).toEqual([18]);
  });
});

describe('what an index is worth', () => {
  const six = POLLUTANTS;
  it.each([
    ['nothing is there', six, [], 'hj', 0, 'insufficient-data'],
    ['all are there', six, six, 'hj', 20, 'complete'],
    ['one is missing and it is good', six, six.slice(1), 'hj', 100, 'not-available'],
    ['one is missing and it is bad', six, six.slice(1), 'hj', 101, 'partial-indicative'],
    ['one is missing, by a standard without that rule', six, six.slice(1), 'other', 50, 'partial-indicative'],
    ['particles are all there is', PM, PM, 'hj', 50, 'pm-only-indicative'],
    ['particles are all there is, and one is missing', PM, PM.slice(1), 'hj', 50, 'partial-indicative'],
    ['some gases are not measured here', six.slice(2), six.slice(2), 'hj', 50, 'partial-indicative'],
  ] as const)('when %s', (_what, measured, there, rule, index, label) => {
    expect(labelOf(measured, there, { none_up_to: rule === 'hj' ? 100 : undefined, index })).toBe(label);
  });
});
