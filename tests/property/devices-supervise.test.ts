import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { begin, type Looked, SUPERVISE, type Supervision, supervise } from '../../src/devices/supervise.ts';

const numRuns = process.env.GATELODGE_LONG ? 20_000 : 1000;

const looks = fc.array(
  fc.record({
    after_ms: fc.oneof(fc.constant(1000), fc.integer({ min: 1, max: 700_000 })),
    well: fc.boolean(),
    weight: fc.constantFrom(1, 1, 1, 0, 4),
  }),
  { maxLength: 120 },
);

interface Step {
  readonly look: Looked;
  readonly before: Supervision;
  readonly state: Supervision;
  readonly edge: 'up' | 'down' | undefined;
}

function history(
  given: readonly { readonly after_ms: number; readonly well: boolean; readonly weight: number }[],
): Step[] {
  let state = begin(0);
  let up = 0;
  return given.map(({ after_ms, well, weight }) => {
    up += after_ms;
    const look: Looked = well ? { up } : { up, fault: 'bus.no-reply', weight };
    const before = state;
    const step = supervise(state, look);
    state = step.state;
    return { look, before, ...step };
  });
}

const holds = (claim: (steps: readonly Step[]) => void) =>
  fc.assert(
    fc.property(looks, (given) => claim(history(given))),
    { numRuns },
  );

describe('any history of a device', () => {
  it('has edges up and down in turns, the first of either kind', () => {
    holds((steps) => {
      const edges = steps.flatMap(({ edge }) => edge ?? []);
      for (const [index, edge] of edges.entries()) if (index) expect(edge).not.toBe(edges[index - 1]);
    });
  });

  it('has a status that agrees with its last edge', () => {
    holds((steps) => {
      let last: 'up' | 'down' | undefined;
      for (const { edge, state } of steps) {
        last = edge ?? last;
        if (last === 'up') expect(['online', 'failing']).toContain(state.status);
        else expect(state.status).toBe(last === 'down' ? 'offline' : 'starting');
      }
    });
  });

  it('has since_up at the moment of the look that began its status, and edge_up at that of its last edge', () => {
    holds((steps) => {
      let edge_up = 0;
      let trouble_up = 0;
      for (const { edge, state, look, before } of steps) {
        if (edge) edge_up = look.up;
        if (before.status === 'online' && state.status === 'failing') trouble_up = look.up;
        expect(state.edge_up).toBe(edge_up);
        expect(state.since_up).toBe(state.status === 'failing' ? trouble_up : edge_up);
      }
    });
  });

  it('goes down by failures in a row only: enough of them, or two that last', () => {
    holds((steps) => {
      let row: Step[] = [];
      for (const step of steps) {
        row = step.look.fault === undefined ? [] : [...row, step];
        if (step.edge !== 'down') continue;
        const failures = row.reduce((sum, { look }) => sum + (look.weight ?? 1), 0);
        expect(failures).toBeGreaterThanOrEqual(2);
        if (failures >= SUPERVISE.failures_to_offline) continue;
        const began = row[0]?.before.status === 'starting' ? 0 : (row[0]?.look.up ?? 0);
        expect(step.look.up - began).toBeGreaterThanOrEqual(SUPERVISE.offline_after_ms);
      }
    });
  });

  it('comes up from offline by good answers in a row only, and never needs more than sixteen', () => {
    holds((steps) => {
      let good = 0;
      for (const { look, edge, before } of steps) {
        good = look.fault === undefined && before.status === 'offline' ? good + 1 : 0;
        expect(good).toBeLessThanOrEqual(SUPERVISE.most_good);
        if (edge === 'up' && before.status === 'offline') expect(good).toBeGreaterThan(0);
      }
    });
  });

  it('has a cause exactly while it is not well', () => {
    holds((steps) => {
      for (const { state } of steps) {
        if (state.status === 'online') expect(state.cause).toBe('');
        if (state.status === 'failing' || state.status === 'offline') expect(state.cause).not.toBe('');
      }
    });
  });
});

describe('a unit that comes and goes all day', () => {
  it('has ever fewer edges, and in the end none', () => {
    const burst = [...'...xxx'];
    const day = Array.from({ length: 200 }, () => burst).flat();

    const steps = history(day.map((look) => ({ after_ms: 1000, well: look === '.', weight: 1 })));

    const edges = steps.filter(({ edge }) => edge).length;
    expect(edges).toBeLessThan(day.length / 10);
    expect(steps.slice(-600).filter(({ edge }) => edge)).toEqual([]);
  });
});
