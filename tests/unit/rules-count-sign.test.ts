import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountSign, type SignCount } from '../../src/rules/index.ts';

const sign = (refresh_ms = 900_000) => new CountSign({ few: 5, refresh_ms });

/** Looks each second; `takes` tells whether the sign took it. */
function drive(rule: CountSign, from: number, to: number, takes: (up: number) => boolean = () => true) {
  const written: (SignCount & { readonly up: number })[] = [];
  for (let up = from; up <= to; up += 1000) {
    const count = rule.due(up);
    if (!count) continue;
    written.push({ ...count, up });
    rule.wrote(count, takes(up), up);
  }
  return written;
}

describe('a count sign', () => {
  it('shows nothing before the count is known', () => {
    const rule = sign();

    rule.want(undefined, 0);

    expect(drive(rule, 0, 60_000)).toEqual([]);
  });

  it.each([
    [0, 'red'],
    [1, 'yellow'],
    [5, 'yellow'],
    [6, 'green'],
  ] as const)('with %d free bays is %s', (count, colour) => {
    const rule = sign();

    rule.want(count, 0);

    expect(rule.due(0)).toEqual({ count, colour });
  });

  it('is written once for each change, and not for what it shows already', () => {
    const rule = sign();

    for (const [up, free] of [
      [0, 7],
      [1000, 7],
      [2000, 6],
    ] as const) {
      rule.want(free, up);
      expect(drive(rule, up, up).map(({ count }) => count)).toEqual(up === 1000 ? [] : [free]);
    }
  });

  it('that lost its power without a word gets its number again after the time set for that', () => {
    const rule = sign(60_000);
    rule.want(7, 0);

    // It is asked for the same count all the time, as the gateway does.
    const written = Array.from({ length: 181 }, (_, second) => {
      rule.want(7, second * 1000);
      return drive(rule, second * 1000, second * 1000);
    }).flat();

    expect(written.map(({ up }) => up)).toEqual([0, 60_000, 120_000, 180_000]);
  });

  it('that does not take it is tried again, more and more seldom, with the newest count', () => {
    const rule = sign();
    rule.want(7, 0);

    const failed = drive(rule, 0, 200_000, () => false);
    rule.want(3, 200_000);
    const then = drive(rule, 201_000, 300_000);

    expect(failed.map(({ up }) => up)).toEqual([0, 5000, 15_000, 35_000, 75_000, 135_000, 195_000]);
    expect(then).toEqual([{ count: 3, colour: 'yellow', up: 255_000 }]);
  });

  it('that comes back is written at once, though the number is the same', () => {
    const rule = sign();
    rule.want(7, 0);
    drive(rule, 0, 100_000);

    rule.back(100_500);

    expect(drive(rule, 101_000, 200_000)).toEqual([{ count: 7, colour: 'green', up: 101_000 }]);
  });

  it('is not written for a count that went and came back before it was', () => {
    const rule = sign();
    rule.want(7, 0);
    drive(rule, 0, 0);

    rule.want(6, 1000);
    rule.want(7, 1000);

    expect(drive(rule, 1000, 100_000)).toEqual([]);
  });

  it('shows the newest count in the end, whatever happened on the way, and is not written without cause', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('want' as const), free: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ do: fc.constant('back' as const) }),
      fc.record({
        do: fc.constant('wait' as const),
        s: fc.integer({ min: 1, max: 90 }),
        takes: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const rule = sign(Number.POSITIVE_INFINITY);
        let up = 0;
        let wanted: number | undefined;
        let shown: number | undefined;
        let causes = 0;
        let taken = 0;
        const pass = (s: number, takes: boolean) => {
          for (const one of drive(rule, up, up + s * 1000, () => takes)) {
            if (!takes) continue;
            shown = one.count;
            taken += 1;
          }
          up += s * 1000 + 1000;
        };
        for (const one of steps) {
          if (one.do === 'want') {
            if (one.free !== wanted) causes += 1;
            wanted = one.free;
            rule.want(one.free, up);
          } else if (one.do === 'back') {
            causes += 1;
            rule.back(up);
          } else pass(one.s, one.takes);
        }
        pass(120, true);

        expect(shown).toBe(wanted);
        expect(taken).toBeLessThanOrEqual(causes);
      }),
      { numRuns: 1000 },
    );
  });
});
