import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Quality, Reading, ReadingEntry } from '../../src/model/index.ts';
import { openPipeline, type PointRules } from '../../src/pipeline/index.ts';
import { FLAG, NUMBER } from '../support/readings.ts';

const numRuns = process.env.GATELODGE_LONG ? 20_000 : 500;

const rules: fc.Arbitrary<PointRules> = fc.record({
  deadband: fc.option(fc.constantFrom(0, 0.5, 2, 10), { nil: undefined }),
  deadband_percent: fc.option(fc.constantFrom(0, 5, 50), { nil: undefined }),
  min_interval_s: fc.option(fc.constantFrom(0, 1, 7, 30), { nil: undefined }),
  max_interval_s: fc.option(fc.constantFrom(5, 60), { nil: undefined }),
});

interface Step {
  readonly wait_ms: number;
  readonly value: number | null;
  readonly quality: Quality;
  readonly flush: boolean;
  readonly point: 'x' | 'y' | 'none';
}
const steps = fc.array(
  fc.record<Step>({
    wait_ms: fc.integer({ min: 1, max: 9000 }),
    value: fc.oneof(
      fc.integer({ min: -50, max: 50 }).map((n) => n / 4),
      fc.constant(null),
    ),
    quality: fc.constantFrom<Quality>('good', 'good', 'good', 'good', 'out-of-range', 'suspect', 'stale'),
    flush: fc.boolean(),
    point: fc.constantFrom('x', 'x', 'x', 'y', 'none'),
  }),
  { maxLength: 80 },
);

interface Told {
  /** When it came out, by the clock of whoever calls. */
  readonly up: number;
  readonly entry: ReadingEntry;
  readonly by: 'take' | 'flush';
}

/** Runs the steps through a pipeline; every reading is one of its own stamp. */
function run(given: PointRules, history: readonly Step[]) {
  const pipeline = openPipeline((_, point) =>
    point === 'none' ? undefined : { spec: point === 'y' ? FLAG : NUMBER, rules: given },
  );
  const taken: Reading[] = [];
  const told: Told[] = [];
  let up = 0;
  for (const { wait_ms, flush, point, value, quality } of history) {
    up += wait_ms;
    if (flush) for (const entry of pipeline.flush(up)) told.push({ up, entry, by: 'flush' });
    const said = point === 'y' && value !== null ? value > 0 : value;
    const reading = { device: 'd', point, value: said, quality, stamp: { boot: 'b', up } };
    taken.push(reading);
    for (const entry of pipeline.take([reading])) told.push({ up, entry, by: 'take' });
  }
  return { pipeline, taken, told, up };
}

const bare = ({ kind: _, lane: __, ...reading }: ReadingEntry): Reading => reading;

describe('the pipeline, whatever comes', () => {
  it('invents nothing: what comes out went in, with its own stamp and quality', () => {
    fc.assert(
      fc.property(rules, steps, (given, history) => {
        const { taken, told } = run(given, history);
        for (const { entry } of told) expect(taken).toContainEqual(bare(entry));
      }),
      { numRuns },
    );
  });

  it('accounts for every reading: passed, waiting, or dropped by one declared step', () => {
    fc.assert(
      fc.property(rules, steps, (given, history) => {
        const { pipeline, taken, told } = run(given, history);
        const { passed, unchanged, deadband, min_interval, undeclared, waiting, repeated, ...counted } =
          pipeline.counters();
        expect(counted.taken).toBe(taken.length);
        expect(passed + repeated).toBe(told.length);
        expect(passed + unchanged + deadband + min_interval + undeclared + waiting).toBe(counted.taken);
      }),
      { numRuns },
    );
  });

  it('tells in the end where each value is: within the deadband of the last one, in its quality', () => {
    fc.assert(
      fc.property(rules, steps, (given, history) => {
        const { pipeline, taken, told, up } = run(given, history);
        for (const entry of pipeline.flush(Number.POSITIVE_INFINITY)) told.push({ up, entry, by: 'flush' });
        for (const point of ['x', 'y']) {
          const last = taken.findLast((reading) => reading.point === point);
          const known = told.findLast(({ entry }) => entry.point === point)?.entry;
          if (!last) continue;
          expect(known?.quality).toBe(last.quality);
          if (typeof last.value !== 'number' || typeof known?.value !== 'number') {
            expect(known?.value).toBe(last.value);
            continue;
          }
          const percent = (Math.abs(known.value) * (given.deadband_percent ?? 0)) / 100;
          expect(Math.abs(known.value - last.value)).toBeLessThanOrEqual(
            Math.max(given.deadband ?? 0, percent) + 1e-6,
          );
        }
        expect(pipeline.counters().waiting).toBe(0);
      }),
      { numRuns },
    );
  });

  it('keeps two readings of one point and quality at least the minimum interval apart', () => {
    fc.assert(
      fc.property(rules, steps, (given, history) => {
        const { told } = run(given, history);
        for (const point of ['x', 'y']) {
          const mine = told.filter(({ entry }) => entry.point === point);
          mine.forEach(({ up, entry }, index) => {
            const before = mine[index - 1];
            if (!before || before.entry.quality !== entry.quality) return;
            expect(up - before.up).toBeGreaterThanOrEqual((given.min_interval_s ?? 0) * 1000);
          });
        }
      }),
      { numRuns },
    );
  });

  it('passes at once every change above the deadband that comes after the minimum interval', () => {
    fc.assert(
      fc.property(rules, steps, (given, history) => {
        const { taken, told } = run(given, history);
        const passed = new Set(told.map(({ entry }) => `${entry.point} ${entry.stamp.up}`));
        for (const reading of taken.filter(({ point }) => point === 'x')) {
          const { up } = reading.stamp;
          const before = told.findLast(({ entry, up: when }) => entry.point === 'x' && when < up);
          if (!before || before.entry.quality !== reading.quality || typeof reading.value !== 'number')
            continue;
          if (typeof before.entry.value !== 'number') continue;
          const flushedNow = told.some(
            ({ entry, by, up: when }) => by === 'flush' && entry.point === 'x' && when === up,
          );
          if (flushedNow || up - before.up < (given.min_interval_s ?? 0) * 1000) continue;
          const percent = (Math.abs(before.entry.value) * (given.deadband_percent ?? 0)) / 100;
          const change = Math.abs(reading.value - before.entry.value);
          if (change > Math.max(given.deadband ?? 0, percent) + 1e-6) expect(passed).toContain(`x ${up}`);
        }
      }),
      { numRuns },
    );
  });

  it('keeps the order of a point', () => {
    fc.assert(
      fc.property(rules, steps, (given, history) => {
        const { told } = run(given, history);
        const ups = told
          .filter(({ entry }) => entry.point === 'x' && entry.quality !== 'stale')
          .map(({ entry }) => entry.stamp.up);
        expect(ups).toEqual([...ups].sort((x, y) => x - y));
      }),
      { numRuns },
    );
  });
});
