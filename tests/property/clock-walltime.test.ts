import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, keepOffsets } from '../../src/clock/index.ts';
import type { ClockStep } from '../../src/model/index.ts';
import { wallTime } from '../../src/model/index.ts';
import { dice, healthNotes } from '../support/quiet.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const long = Boolean(process.env.GATELODGE_LONG);
const TRUE_AT_BOOT = 1_800_000_000_000;
const TEN_YEARS_MS = 315_576_000_000;

/** Wrong by so much, or right when somebody keeps it; lasting so long. */
const phases = fc.array(
  fc.record({
    synced: fc.boolean(),
    wrong_ms: fc.oneof(
      fc.integer({ min: -TEN_YEARS_MS, max: TEN_YEARS_MS }),
      fc.constantFrom(-3_600_000, 3_600_000),
    ),
    ms: fc.integer({ min: 500, max: 200_000 }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Lives through the phases with the real watcher of offsets; the rows that were taken, and the table that came of it. */
async function live(history: readonly { synced: boolean; wrong_ms: number; ms: number }[]) {
  const clock = new VirtualClock({ up: 0, unix_ms: TRUE_AT_BOOT });
  const steps: ClockStep[] = [];
  const stop = new AbortController();
  const rows: number[] = [];
  let wrong = 0;
  let wasSynced = false;
  let keeping: Promise<void> | undefined;
  for (const { synced, wrong_ms, ms } of history) {
    const now = synced ? 0 : wrong_ms;
    wasSynced ||= synced;
    clock.step(now - wrong, synced ? 'synced' : wasSynced ? 'holdover' : 'unsynced');
    wrong = now;
    // The shape of the fields is that of a step.
    keeping ??= keepOffsets(
      { clock, wall: clock, health: healthNotes() },
      ({ fields }) => void steps.push(fields as unknown as ClockStep),
      stop.signal,
    );
    for (let at = 0; at < 3; at += 1) {
      rows.push(clock.now().up);
      await clock.advance(ms / 3);
    }
  }
  await clock.advance(20_000);
  stop.abort();
  await keeping;
  return { steps, rows };
}

describe('the time of a row', () => {
  it('is true to a second in every boot that was synced at any time, whatever the clock did before, after and in between', async () => {
    await fc.assert(
      fc.asyncProperty(phases, async (history) => {
        const { steps, rows } = await live(history);
        const synced = steps.find((step) => step.synced);
        for (const up of rows) {
          const time = wallTime(up, steps);
          if (!synced) {
            expect(time?.clock).toBe('unsynced');
            continue;
          }
          expect(Math.abs((time?.unix_ms ?? 0) - (TRUE_AT_BOOT + up))).toBeLessThanOrEqual(1000);
          const known = up < synced.from_up ? ['corrected'] : ['synced', 'holdover'];
          expect(known).toContain(time?.clock);
        }
      }),
      { numRuns: long ? 2000 : 60 },
    );
  });

  it('in a boot that was never synced keeps the order and the distances of the rows of one step', () => {
    const step = fc.record({
      from_up: fc.nat(1e6),
      offset_ms: fc.integer({ min: 0, max: 2 * TRUE_AT_BOOT }),
      error_ms: fc.nat(1000),
      source: fc.constant('x'),
      synced: fc.constant(false),
    });
    fc.assert(
      fc.property(step, fc.nat(1e6), fc.nat(1e6), (only, one, two) => {
        const [first, second] = [one, two].map((up) => wallTime(up, [only]));
        expect((second?.unix_ms ?? 0) - (first?.unix_ms ?? 0)).toBe(two - one);
      }),
      { numRuns: long ? 20_000 : 300 },
    );
  });

  it('is not known without any step', () => {
    expect(wallTime(5, [])).toBeUndefined();
  });

  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('follows a step %s while it is synced, from that step on', (_, step_ms) => {
    const step = { error_ms: 1, source: 'x', synced: true };
    const steps = [
      { ...step, from_up: 0, offset_ms: 1e12 },
      { ...step, from_up: 5000, offset_ms: 1e12 + step_ms },
    ];
    expect([4999, 5000].map((up) => wallTime(up, steps)?.unix_ms)).toEqual([
      1e12 + 4999,
      1e12 + step_ms + 5000,
    ]);
  });
});

describe('back-off', () => {
  const settings = fc.record({
    first_ms: fc.integer({ min: 0, max: 60_000 }),
    base_ms: fc.integer({ min: 1, max: 60_000 }),
    cap_ms: fc.integer({ min: 1, max: 600_000 }),
  });
  const take = (given: Parameters<typeof backoff>[0], random: () => number, count: number) => {
    const delays = backoff(given, random);
    return Array.from({ length: count }, () => delays.next().value);
  };

  it('never leaves its bounds: 0 to first, then 0 to base, doubling up to the cap', () => {
    fc.assert(
      fc.property(settings, fc.integer(), (given, seed) => {
        const ceilings = take(given, () => 1, 12);
        take(given, dice(seed), 12).forEach((delay, index) => {
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(ceilings[index] ?? 0);
        });
        expect(ceilings[0]).toBe(given.first_ms);
        for (const [index, ceiling] of ceilings.slice(1).entries())
          expect(ceiling).toBe(Math.min(given.cap_ms, given.base_ms * 2 ** index));
      }),
      { numRuns: long ? 20_000 : 300 },
    );
  });

  it('is the same for the same chance, and depends on nothing else', () => {
    fc.assert(
      fc.property(settings, fc.integer(), (given, seed) => {
        expect(take(given, dice(seed), 10)).toEqual(take(given, dice(seed), 10));
      }),
      { numRuns: 100 },
    );
  });

  it('spreads evenly over its bounds: each tenth has its share of ten thousand first delays', () => {
    const random = dice(5);
    const given = { first_ms: 20_000, base_ms: 15_000, cap_ms: 120_000 };
    for (const turn of [0, 1, 6]) {
      const tenths = Array.from({ length: 10 }, () => 0);
      const ceiling = take(given, () => 1, 7)[turn] ?? 0;
      for (let gateway = 0; gateway < 10_000; gateway += 1) {
        const tenth = Math.floor(((take(given, random, 7)[turn] ?? 0) / ceiling) * 10);
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      for (const share of tenths) expect(Math.abs(share - 1000)).toBeLessThan(150);
    }
  });
});
