import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RulePlan } from '../../src/contracts/index.ts';
import { RuleBook, type RuleInput } from '../../src/rules/index.ts';
import { planOf, reading } from '../support/rule-play.ts';

const RUNS = process.env.GATELODGE_LONG ? 20_000 : 500;

const quality = fc.constantFrom(
  'good',
  'good',
  'good',
  'stale',
  'suspect',
  'simulated',
  'out-of-range' as const,
);
const input: fc.Arbitrary<RuleInput> = fc.oneof(
  fc.tuple(fc.option(fc.integer({ min: 60, max: 90 })), quality).map(([value, how]) => reading(value, how)),
  fc
    .constantFrom('yes', 'no', 'unknown' as const)
    .map((truth) => ({ kind: 'says', source: 'schedule night', truth }) as const),
  fc.constantFrom('on', 'off').map((name) => ({ kind: 'event', subject: 'gate', name, fields: {} }) as const),
);
const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), input), { maxLength: 60 });
const action = { target: 'lamp', command: 'on', args: {} };
const millis = fc.constantFrom(0, 1, 5000, 33_333);
const plan: fc.Arbitrary<RulePlan> = fc
  .record({
    for_ms: millis,
    clear_for_ms: millis,
    end: fc.constantFrom([], [action]),
    per_hour: fc.integer({ min: 1, max: 100 }),
    and: fc.constantFrom([], [{ type: 'schedule', schedule: 'night' } as const]),
    event: fc.boolean(),
    lasts_ms: fc.constantFrom(undefined, 7777),
  })
  .map(({ event, lasts_ms, ...more }) =>
    planOf({
      ...more,
      begin: [action],
      ...(event && {
        when: {
          ...{ type: 'event', subject: 'gate', name: 'on', where: {}, until: { name: 'off', where: {} } },
          ...(lasts_ms !== undefined && { lasts_ms }),
        },
      }),
    }),
  );

/** All that happens until a day after the last input; `looks`: the times at which it is also told that time has passed. */
function outputsOf(
  plans: readonly RulePlan[],
  steps: readonly (readonly [number, RuleInput])[],
  looks: readonly number[] = [],
) {
  const book = new RuleBook(plans, { boot: 'boot-1', up: 0 });
  let up = 0;
  const timed = steps.map(([ms, one]) => {
    up += ms;
    return [up, one] as const;
  });
  const all = [
    ...timed,
    ...looks.map((at) => [at, { kind: 'time' }] as const),
    [up + 86_400_000, { kind: 'time' }] as const,
  ];
  return all.toSorted(([x], [y]) => x - y).flatMap(([at, one]) => book.take(one, at));
}

describe('rules, whatever happens', () => {
  it('raise and clear in turn, each pair with one id that no other has', () => {
    fc.assert(
      fc.property(plan, history, (one, steps) => {
        const edges = outputsOf([one], steps).flatMap((output) =>
          output.do === 'begin' || output.do === 'end' ? [output] : [],
        );

        edges.forEach((edge, index) => {
          expect(edge.do).toBe(index % 2 ? 'end' : 'begin');
          if (index % 2) expect(edge.alarm).toBe(edges[index - 1]?.alarm);
        });
        const raised = edges.filter((edge) => edge.do === 'begin').map(({ alarm }) => alarm);
        expect(new Set(raised).size).toBe(raised.length);
      }),
      { numRuns: RUNS },
    );
  });

  it('do the same at the same times, however often they are told in between that time has passed', () => {
    fc.assert(
      fc.property(
        fc.array(plan, { minLength: 1, maxLength: 3 }),
        history,
        fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 60 }),
        (plans, steps, looks) => {
          const named = plans.map((one, index) => ({ ...one, rule: `rule-${index}` }));

          expect(outputsOf(named, steps, looks)).toEqual(outputsOf(named, steps));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('never act more often than they may, and with pairs never the same twice in a row', () => {
    fc.assert(
      fc.property(plan, history, (one, steps) => {
        const acts = outputsOf([one], steps).flatMap((output) => (output.do === 'act' ? [output] : []));

        acts.forEach((act, index) => {
          const before = acts[index - 1];
          if (!before) return;
          expect(act.up - before.up).toBeGreaterThanOrEqual(one.gap_ms);
          if (one.end.length) expect(act.phase).not.toBe(before.phase);
        });
        for (const { up } of acts)
          expect(acts.filter((act) => act.up >= up && act.up < up + 3_600_000).length).toBeLessThanOrEqual(
            Math.ceil(1.5 * one.per_hour) + 1,
          );
      }),
      { numRuns: RUNS },
    );
  });

  it('begin and end nothing while nobody can tell', () => {
    const unknown = fc.array(
      fc.integer({ min: 0, max: 100_000 }).map((ms) => [ms, reading(90, 'stale')] as const),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(plan, unknown, (one, steps) => {
        expect(outputsOf([one], steps)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
