import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Model, type Step } from '../support/store-model.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);

const lane = fc.constantFrom('a' as const, 'b' as const, 'c' as const);
const uplink = fc.nat(1);
const pick = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      lane,
      count: fc.integer({ min: 1, max: 12 }),
      size: fc.constantFrom(5, 100, 900),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      uplink,
      lane,
      live: fc.boolean(),
      most: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      pick,
      how: fc.constantFrom(
        'whole' as const,
        'whole' as const,
        'front' as const,
        'middle' as const,
        'nack' as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'refuse' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('connect' as const), uplink }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replay' as const), uplink, lane, at: pick, count: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('digest' as const), uplink }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 5000, 70_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('write' as const, 'close' as const, 'kill' as const) }),
  },
);

function live(steps: readonly Step[], quota_bytes: number): Model {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-history-'));
  try {
    const model = new Model(folder, quota_bytes);
    for (const one of steps) model.step(one);
    model.finish();
    return model;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('any history of the store', () => {
  const runs = LONG ? 2000 : Number(process.env.RUNS ?? 75);

  it('leaves no hole that is not told, while there is room', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        live(steps, 64 * 2 ** 20);
      }),
      { numRuns: runs },
    );
  }, 600_000);

  it('leaves no hole that is not told, while records must go for room', () => {
    let evicted = 0;
    // Nearly full from the start, so that every history is one of dropping.
    const filling: Step[] = Array.from({ length: 22 }, () => {
      return { do: 'append', lane: 'c', count: 20, size: 900 };
    });
    const heavy = fc.array(
      fc.oneof(
        { weight: 2, arbitrary: step },
        {
          weight: 1,
          arbitrary: fc.record({
            do: fc.constant('append' as const),
            lane,
            count: fc.integer({ min: 4, max: 20 }),
            size: fc.constant(900),
          }),
        },
      ),
      { minLength: 30, maxLength: 60 },
    );
    fc.assert(
      fc.property(heavy, (steps) => {
        evicted += live([...filling, ...steps], 400 * 1024).evicted;
      }),
      { numRuns: Math.ceil(runs / 3) },
    );
    expect(evicted).toBeGreaterThan(100);
  }, 600_000);
});
