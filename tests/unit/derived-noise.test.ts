import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NoiseClass } from '../../src/model/index.ts';
import { type DerivedSettings, PERIODS, type Periods } from '../../src/pipeline/derived/index.ts';
import { LevelCounts } from '../../src/pipeline/derived/level-counts.ts';
import { dayLevel, energyMean, exceeded } from '../../src/pipeline/derived/levels.ts';
import { derivedWorld } from '../support/derived-world.ts';

const HOUR = 3_600_000;
/** 06:00 in Shanghai. */
const SIX = Date.parse('2026-11-25T06:00:00+08:00');

const noise = (
  more: { window_s?: number; periods?: Periods; zone?: string; limits?: NoiseClass; enough?: number } = {},
): DerivedSettings => ({
  id: 'levels',
  type: 'noise',
  source: { device: 'mic', point: 'noise' },
  window_s: more.window_s ?? 900,
  gap_ms: 6000,
  rule: PERIODS[more.periods ?? 'china'],
  zone: more.zone ?? 'Asia/Shanghai',
  limits: more.limits,
  enough: more.enough ?? 0.75,
});

type World = ReturnType<typeof derivedWorld>;
/** A value every two seconds. */
const listen = (world: World, ms: number, level: number | ((unix: number) => number)) =>
  world.pass(
    ms,
    () => world.hear('mic', 'noise', typeof level === 'number' ? level : level(world.unix() ?? 0)),
    2000,
  );

describe('a window of noise', () => {
  it('gives the energy mean, the largest value, the percentiles and how much was measured, at its end', () => {
    const world = derivedWorld([noise({ window_s: 60 })], { unix: SIX });
    const levels: number[] = [];

    listen(world, 60_000, () => {
      const level = 50 + levels.length;
      levels.push(level);
      return level;
    });
    listen(world, 2000, 50);

    // The first value came two seconds after the window began.
    expect(world.said('window_complete')).toEqual([96.7]);
    const heard = levels.slice(0, -1);
    expect(world.said('laeq')).toEqual([Math.round(energyMean(heard) * 10) / 10]);
    expect(world.said('lamax')).toEqual([78]);
    expect(world.said('l10')).toEqual([exceeded(heard, 10)]);
    expect(world.said('l90')).toEqual([exceeded(heard, 90)]);
    expect(world.saidAt('laeq')).toEqual([SIX + 60_000]);
  });

  it('ends on a multiple of its length in the time of day, whenever the gateway began', () => {
    const world = derivedWorld([noise()], { unix: SIX + 100_000 });

    listen(world, 2 * HOUR, 60);

    const ends = world.saidAt('laeq').map((at) => (at - SIX) / 900_000);
    expect(ends).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(world.said('window_complete')[0]).toBeCloseTo((100 * 798) / 900, 0);
    expect(world.said('window_complete').slice(1)).toEqual(Array.from({ length: 7 }, () => 100));
  });

  it('is made without a time of day too, for it needs none', () => {
    const world = derivedWorld([noise()], { unix: undefined });

    listen(world, HOUR, 60);

    expect(world.said('laeq')).toEqual([60, 60, 60, 60].slice(0, world.said('laeq').length));
    expect(world.said('laeq').length).toBeGreaterThanOrEqual(3);
  });

  it('says how much was missing, and is no value at all when that is too much', () => {
    const world = derivedWorld([noise()], { unix: SIX });

    listen(world, 800_000, 60);
    world.pass(100_000);
    listen(world, 300_000, 60);
    world.pass(600_000);

    expect(world.said('window_complete')).toEqual([89.3, 33.8]);
    expect(world.said('laeq')).toEqual([60, 'null suspect']);
    expect(world.said('l50')).toEqual([60, 'null suspect']);
  });

  it('does not count what the device itself does not vouch for', () => {
    const world = derivedWorld([noise({ window_s: 60 })], { unix: SIX });

    listen(world, 30_000, 60);
    world.pass(28_000, () => world.hear('mic', 'noise', 130, 'out-of-range'), 2000);
    world.hear('mic', 'noise', 99, 'stale');
    world.pass(4000);

    expect(world.said('window_complete')).toEqual([50]);
    expect(world.said('lamax')).toEqual(['null suspect']);
  });

  it('made of simulated values is simulated', () => {
    const world = derivedWorld([noise({ window_s: 60 })], { unix: SIX });

    world.pass(60_000, () => world.hear('mic', 'noise', 60, 'simulated'));

    expect(world.said('laeq')).toEqual(['60 simulated']);
  });

  it('goes on after a restart, and what was missed in between is missing', () => {
    const before = derivedWorld([noise()], { unix: SIX });
    listen(before, 300_000, 60);
    const kept = before.keep();

    const after = derivedWorld([noise()], { up: before.up() + 60_000, unix: SIX + 360_000, kept });
    listen(after, 540_000, 70);

    expect(after.saidAt('laeq')).toEqual([SIX + 900_000]);
    // 300 s at 60 (the last value stood 0 s), 538 s at 70.
    expect(after.said('window_complete')).toEqual([92.9]);
    const energy = (298 * 1e6 + 538 * 1e7) / 836;
    expect(after.said('laeq')[0]).toBeCloseTo(10 * Math.log10(energy), 1);
    expect(after.said('l50')).toEqual([70]);
  });

  it('goes on after the machine was booted anew, when the time of day is known at once', () => {
    const before = derivedWorld([noise()], { unix: SIX, up: 5_000_000 });
    listen(before, 300_000, 60);

    const after = derivedWorld([noise()], {
      boot: 'boot-2',
      up: 20_000,
      unix: SIX + 360_000,
      kept: before.keep(),
    });
    listen(after, 540_000, 60);

    expect(after.saidAt('laeq')).toEqual([SIX + 900_000]);
    expect(after.said('window_complete')).toEqual([92.9]);
  });

  it('that ended while the gateway was away is told when it is back, with what it had', () => {
    const before = derivedWorld([noise()], { unix: SIX, up: 5_000_000 });
    listen(before, 800_000, 60);

    const after = derivedWorld([noise()], {
      boot: 'boot-2',
      up: 20_000,
      unix: undefined,
      kept: before.keep(),
    });

    expect(after.said('window_complete')).toEqual([88.7]);
    expect(after.said('laeq')).toEqual([60]);
    expect(after.saidAt('laeq')).toEqual([20_000]);
  });

  it('of another source or length is not taken up again', () => {
    const before = derivedWorld([noise()], { unix: SIX });
    listen(before, 800_000, 60);

    const after = derivedWorld([noise({ window_s: 300 })], {
      up: before.up(),
      unix: SIX + 800_000,
      kept: before.keep(),
    });
    listen(after, 100_000, 60);

    expect(after.said('window_complete')).toEqual([32.7]);
  });
});

describe('a whole day of noise', () => {
  /** By local hour. */
  const street = (zone: string) => {
    const hourOf = new Intl.DateTimeFormat('en-US', { timeZone: zone, hour: 'numeric', hourCycle: 'h23' });
    return (unix: number) => {
      const hour = Number(hourOf.format(unix));
      return hour >= 7 && hour < 19 ? 60 : hour >= 19 && hour < 23 ? 55 : 50;
    };
  };

  it('in the EU gives Ld, Le, Ln and the Lden of the vector', () => {
    const begin = Date.parse('2026-11-25T07:00:00+01:00');
    const world = derivedWorld([noise({ periods: 'eu', zone: 'Europe/Berlin' })], { unix: begin });

    listen(world, 24 * HOUR + 4000, street('Europe/Berlin'));

    expect([...world.said('ld'), ...world.said('le'), ...world.said('ln')]).toEqual([60, 55, 50]);
    expect(world.said('lden')).toEqual([60]);
    expect(world.saidAt('lden')).toEqual([begin + 24 * HOUR]);
    expect(world.said('part_status')).toEqual(['measuring', 'measured', 'measured', 'measured']);
  });

  it('in China has a day from 6 to 22 and a night, and is held against the limits of its class', () => {
    const world = derivedWorld([noise({ limits: '1' })], { unix: SIX });
    const hourOf = (unix: number) => new Date(unix + 8 * HOUR).getUTCHours();
    const bang = SIX + 20 * HOUR;

    listen(world, 24 * HOUR + 4000, (unix) => {
      if (unix === bang) return 61;
      return hourOf(unix) >= 6 && hourOf(unix) < 22 ? 54 : 46;
    });

    expect(world.said('ld')).toEqual([54]);
    expect(world.said('day_over')).toEqual([false]);
    expect(world.said('night_over')).toEqual([true]);
    expect(world.said('night_peak_over')).toEqual([true]);
    const expected = dayLevel([
      { hours: 16, penalty: 0, level: 54 },
      { hours: 8, penalty: 10, level: 46 },
    ]);
    expect(world.said('ldn')[0]).toBeCloseTo(expected, 1);
  });

  it('with a night that was hardly measured says so, and has no level of the whole day', () => {
    const world = derivedWorld([noise({ limits: '1' })], { unix: SIX });

    listen(world, 16 * HOUR, 50);
    listen(world, 2 * HOUR, 40);
    world.pass(6 * HOUR + 2000, () => {}, 10_000);

    expect(world.said('night_complete')).toEqual([25]);
    expect(world.said('ln')).toEqual(['null suspect']);
    expect(world.said('ldn')).toEqual(['null suspect']);
    expect(world.said('night_over')).toEqual(['null suspect']);
    expect(world.said('night_peak_over')).toEqual(['null suspect']);
    expect(world.said('part_status').at(-1)).toBe('insufficient-data');
  });

  it('has a night of seven hours where the clocks go forward, and knows it was whole', () => {
    const begin = Date.parse('2026-03-28T07:00:00+01:00');
    const world = derivedWorld([noise({ periods: 'eu', zone: 'Europe/Berlin' })], { unix: begin });

    listen(world, 23 * HOUR + 4000, street('Europe/Berlin'));

    expect(world.said('night_complete')).toEqual([100]);
    expect(world.saidAt('ln')).toEqual([Date.parse('2026-03-29T07:00:00+02:00')]);
    expect(world.said('lden')).toEqual([60]);
  });

  it('goes on over a restart and over a new boot: the sums of the day are kept', () => {
    const first = derivedWorld([noise()], { unix: SIX });
    listen(first, 10 * HOUR, 60);
    const second = derivedWorld([noise()], {
      boot: 'boot-2',
      up: 30_000,
      unix: SIX + 10 * HOUR + 600_000,
      kept: first.keep(),
    });
    listen(second, 12 * HOUR, 60);
    const third = derivedWorld([noise()], {
      boot: 'boot-3',
      up: 30_000,
      unix: SIX + 22 * HOUR + 1_200_000,
      kept: second.keep(),
    });
    listen(third, 2 * HOUR, 60);

    expect(second.said('day_complete')).toEqual([99]);
    expect(second.said('ld')).toEqual([60]);
    expect(third.said('night_complete')).toEqual([97.9]);
    expect(third.said('ldn')).toEqual([
      Math.round(
        dayLevel([
          { hours: 16, penalty: 0, level: 60 },
          { hours: 8, penalty: 10, level: 60 },
        ]) * 10,
      ) / 10,
    ]);
  });
});

describe('a value from before', () => {
  it('that is repeated since the device is down is no measurement, and ends the one before', () => {
    const world = derivedWorld([noise({ window_s: 60, enough: 0.4 })], { unix: SIX });
    listen(world, 30_000, 60);

    world.hear('mic', 'noise', 80, 'stale', 20_000);
    world.pass(31_000);

    expect(world.said('window_complete')).toEqual([46.7]);
    expect(world.said('lamax')).toEqual([60]);
  });
});

describe('while nobody tells the time', () => {
  it('what is measured belongs to no part of the day, even when one was running', () => {
    const world = derivedWorld([noise({ enough: 0.5 })], { unix: SIX });
    listen(world, 10 * HOUR, 60);

    world.setClock(undefined);
    listen(world, 4 * HOUR, 90);
    listen(world, 2000, 60);
    world.setClock(SIX + 14 * HOUR);
    listen(world, 2 * HOUR + 4000, 60);

    expect(world.said('ld')).toEqual([60]);
    expect(world.said('day_complete')).toEqual([75]);
  });

  it('no level of a part of the day is made, and that is said; what was measured then is missing', () => {
    const world = derivedWorld([noise()], { unix: undefined });
    listen(world, 8 * HOUR, 60);
    expect(world.said('part_status')).toEqual(['clock-unsynced']);
    expect(world.said('ld')).toEqual([]);

    world.setClock(SIX + 8 * HOUR);
    listen(world, 8 * HOUR + 4000, 60);

    expect(world.said('part_status')).toEqual(['clock-unsynced', 'measuring', 'insufficient-data']);
    expect(world.said('day_complete')).toEqual([50]);
  });
});

describe('when the clock is set', () => {
  it('forward, the part that is over by the new clock ends, with what was measured of it', () => {
    const world = derivedWorld([noise({ enough: 0.5 })], { unix: SIX });
    listen(world, 12 * HOUR, 60);

    world.setClock(SIX + 17 * HOUR);
    listen(world, 1000, 60);

    expect(world.said('day_complete')).toEqual([75]);
    expect(world.said('ld')).toEqual([60]);
    expect(world.said('part_status').at(-1)).toBe('measured');
  });

  it('back into an earlier part, the one that never was is not told', () => {
    const world = derivedWorld([noise()], { unix: SIX + 17 * HOUR });
    listen(world, HOUR, 90);
    listen(world, 2000, 60);

    world.setClock(SIX + HOUR);
    listen(world, 15 * HOUR + 4000, 60);

    expect(world.said('night_complete')).toEqual([]);
    expect(world.said('ld')).toEqual([60]);
    expect(world.said('day_complete')).toEqual([93.8]);
  });

  it('anywhere at any time, no share exceeds 100 % and no level what was heard', () => {
    const step = fc.record({
      hours: fc.integer({ min: 1, max: 30 }),
      set: fc.option(fc.integer({ min: -400, max: 400 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const world = derivedWorld([noise({ window_s: 3600 })], { unix: SIX });
        for (const { hours, set } of steps) {
          world.pass(hours * HOUR, () => world.hear('mic', 'noise', 60), 5000 * 12);
          world.setClock(set === undefined ? undefined : SIX + set * HOUR);
        }
        for (const { point, value } of world.made) {
          if (point.endsWith('_complete')) expect(value).toBeLessThanOrEqual(100);
          if (point === 'ld' || point === 'ln' || point === 'laeq') expect([60, null]).toContain(value);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('counted levels', () => {
  it('give the percentiles that sorting all values gives, also after they were kept as text', () => {
    const level = fc.integer({ min: 300, max: 1200 }).map((tenths) => tenths / 10);
    fc.assert(
      fc.property(
        fc.array(level, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 99 }),
        (levels, share) => {
          const counts = new LevelCounts();
          for (const one of levels) counts.add(one);
          const again = new LevelCounts();
          again.restore(counts.save());

          expect(counts.exceeded(share)).toBe(exceeded(levels, share));
          expect(again.exceeded(share)).toBe(exceeded(levels, share));
        },
      ),
    );
  });

  it('survive a text that is none', () => {
    const counts = new LevelCounts();

    counts.restore('not at all base64 \u0000');

    expect([undefined, expect.any(Number)]).toContainEqual(counts.exceeded(50));
  });
});
