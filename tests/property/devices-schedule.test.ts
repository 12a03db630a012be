import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterLook, beginSchedule, placeAmong, type Schedule } from '../../src/devices/schedule.ts';

const numRuns = process.env.GATELODGE_LONG ? 20_000 : 500;
const every = fc.integer({ min: 10, max: 3_600_000 });
const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,12}$/), { minLength: 1, maxLength: 247 });

/** Looks one after the other, each taking so long, after a stall of so long; the beats they were begun at. */
function run(schedule: Schedule, looks: readonly { readonly stall_ms: number; readonly ms: number }[]) {
  let now = schedule.next_up;
  let state = schedule;
  const begun: number[] = [];
  for (const { stall_ms, ms } of looks) {
    const began_up = Math.max(now, state.next_up) + stall_ms;
    begun.push(began_up);
    now = began_up + ms;
    state = afterLook(state, { began_up, ended_up: now });
  }
  return { begun, state, now };
}

const looks = fc.array(
  fc.record({
    stall_ms: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 100_000 })),
    ms: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 100_000 })),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('the schedule of a bus', () => {
  it('never has two devices of one rhythm on the same moment', () => {
    fc.assert(
      fc.property(ids, every, fc.nat(1e9), (mates, every_ms, start) => {
        const phases = mates.map((id) => beginSchedule(start, every_ms, placeAmong(id, mates)).next_up);

        expect(new Set(phases).size).toBe(mates.length);
        for (const phase of phases) {
          expect(phase).toBeGreaterThanOrEqual(start);
          expect(phase).toBeLessThan(start + every_ms);
        }
      }),
      { numRuns },
    );
  });

  it('never drifts: every look that did not stall begins on a beat', () => {
    fc.assert(
      fc.property(every, looks, (every_ms, history) => {
        const schedule = beginSchedule(0, every_ms, { index: 1, of: 3 });

        const { begun } = run(schedule, history);

        begun.forEach((began_up, index) => {
          const beats = (began_up - (history[index]?.stall_ms ?? 0) - schedule.next_up) / every_ms;
          expect(Math.abs(beats - Math.round(beats))).toBeLessThan(1e-6);
        });
      }),
      { numRuns },
    );
  });

  it('counts every beat once: as a look, or as missed', () => {
    fc.assert(
      fc.property(every, looks, (every_ms, history) => {
        const schedule = beginSchedule(0, every_ms, { index: 0, of: 1 });

        const { state, now } = run(schedule, history);

        const beats = Math.floor(now / every_ms) + 1;
        expect(history.length + state.missed).toBe(beats);
      }),
      { numRuns },
    );
  });

  it('makes no burst after a stall: the next look is always still to come, at most one interval away', () => {
    fc.assert(
      fc.property(every, looks, (every_ms, history) => {
        const { state, now } = run(beginSchedule(0, every_ms, { index: 2, of: 5 }), history);

        expect(state.next_up).toBeGreaterThan(now);
        expect(state.next_up - now).toBeLessThanOrEqual(every_ms + 1e-6);
      }),
      { numRuns },
    );
  });
});
