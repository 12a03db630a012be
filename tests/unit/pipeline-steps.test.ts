import { describe, expect, it } from 'vitest';
import type { PointSpec, Reading } from '../../src/model/index.ts';
import { openPipeline, type PointRules } from '../../src/pipeline/index.ts';
import { at, FLAG, NUMBER, STATE } from '../support/readings.ts';

const pipelineOf = (rules: PointRules, spec: PointSpec = NUMBER) =>
  openPipeline((_, point) => (point === 'pm' ? { spec, rules } : undefined));

/** Values that come out, in order. */
const through = (rules: PointRules, readings: readonly Reading[], spec?: PointSpec) =>
  pipelineOf(rules, spec)
    .take(readings)
    .map(({ value }) => value);

describe('a point without rules', () => {
  it('passes every number, and the first of everything', () => {
    expect(through({}, [at(0, 5), at(1, 5), at(2, 6)])).toEqual([5, 5, 6]);
    expect(through({}, [at(0, false)], FLAG)).toEqual([false]);
    expect(through({}, [at(0, null, 'suspect')])).toEqual([null]);
  });

  it('passes flags and states only when they change, and repeats them every 15 minutes', () => {
    const flags = [at(0, true), at(1, true), at(2, false), at(3, false), at(902, false), at(903, false)];

    const passed = pipelineOf({}, FLAG).take(flags);

    expect(passed.map(({ value, stamp }) => [value, stamp.up])).toEqual([
      [true, 0],
      [false, 2000],
      [false, 902_000],
    ]);
  });

  it('keeps the stamp of every reading that passes', () => {
    const [entry] = pipelineOf({}).take([at(7.25, 5)]);
    expect(entry?.stamp).toEqual({ boot: 'boot-1', up: 7250 });
  });
});

describe('who makes other values of a point', () => {
  it('is given each reading scaled and judged, also those that are no news', () => {
    const given: Reading[] = [];
    const rules = { scale: 2, deadband: 100, range: [0, 50] } as const;
    const pipeline = openPipeline(
      (_, point) => (point === 'pm' ? { spec: NUMBER, rules } : undefined),
      (_, point) => (point === 'pm' ? (reading) => void given.push(reading) : undefined),
    );

    const passed = pipeline.take([at(0, 10), at(1, 11), at(2, 30), at(2, 1, 'good', 'unknown')]);

    expect(passed.map(({ value }) => value)).toEqual([20, 60]);
    expect(given.map(({ value, quality }) => [value, quality])).toEqual([
      [20, 'good'],
      [22, 'good'],
      [60, 'out-of-range'],
    ]);
  });
});

describe('the deadband', () => {
  it('is measured from the value sent last, so that a slow drift is told', () => {
    const drift = [0, 0.4, 0.8, 1.2, 1.6, 2, 2.4].map((value, s) => at(s, value));
    expect(through({ deadband: 1 }, drift)).toEqual([0, 1.2, 2.4]);
  });

  it('lets a change of exactly its size not pass, also where binary fractions would', () => {
    // 0.4 - 0.3 is a little more than 0.1.
    expect(through({ deadband: 0.1 }, [at(0, 0.3), at(1, 0.4), at(2, 0.41)])).toEqual([0.3, 0.41]);
  });

  it('can be a share of the value sent last', () => {
    expect(through({ deadband_percent: 10 }, [at(0, 100), at(1, 109), at(2, 111), at(3, 101)])).toEqual([
      100, 111,
    ]);
  });

  it('of both kinds holds back what either would', () => {
    const rules = { deadband: 5, deadband_percent: 10 };
    expect(through(rules, [at(0, 10), at(1, 14), at(2, 100), at(3, 109), at(4, 111)])).toEqual([
      10, 100, 111,
    ]);
  });

  it('of zero passes every change and no repetition', () => {
    expect(through({ deadband: 0 }, [at(0, 1), at(1, 1), at(2, 1.001)])).toEqual([1, 1.001]);
  });

  it('does not hold back a change of quality, nor a value that went away', () => {
    const readings = [at(0, 10), at(1, 10, 'out-of-range'), at(2, 10), at(3, null, 'suspect'), at(4, 10)];
    expect(pipelineOf({ deadband: 5, min_interval_s: 60 }).take(readings)).toHaveLength(5);
  });
});

describe('the minimum interval', () => {
  it('holds back what comes sooner, and sends the latest of it when the time is over', () => {
    const pipeline = pipelineOf({ min_interval_s: 10 });

    const taken = pipeline.take([at(0, 1), at(2, 2), at(4, 3)]);

    expect(taken.map(({ value }) => value)).toEqual([1]);
    expect(pipeline.flush(9999)).toEqual([]);
    expect(pipeline.flush(10_000)).toMatchObject([{ value: 3, stamp: { up: 4000 } }]);
    expect(pipeline.flush(30_000)).toEqual([]);
  });

  it('is kept also after a flush', () => {
    const pipeline = pipelineOf({ min_interval_s: 10 });
    pipeline.take([at(0, 1), at(9, 2)]);
    pipeline.flush(10_000);
    expect(pipeline.take([at(11, 3)])).toEqual([]);
    expect(pipeline.flush(20_000)).toMatchObject([{ value: 3 }]);
  });

  it('owes nothing when a value has come back to what was sent', () => {
    const pipeline = pipelineOf({ min_interval_s: 10, deadband: 1 });
    pipeline.take([at(0, 1), at(2, 50), at(4, 1)]);
    expect(pipeline.flush(60_000)).toEqual([]);
    expect(pipeline.counters()).toMatchObject({ min_interval: 1, deadband: 1 });
  });

  it('leaves nothing behind at the end', () => {
    const pipeline = pipelineOf({ min_interval_s: 3600 });
    pipeline.take([at(0, 1), at(2, 2)]);
    expect(pipeline.flush(Number.POSITIVE_INFINITY)).toMatchObject([{ value: 2 }]);
    expect(pipeline.counters().waiting).toBe(0);
  });
});

describe('the maximum interval', () => {
  it('passes an unchanged value as a fresh good reading while the device answers', () => {
    const pipeline = pipelineOf({ deadband: 1, max_interval_s: 60 });
    const passed = pipeline.take([at(0, 5), at(30, 5), at(60, 5.2), at(90, 5)]);
    expect(passed).toMatchObject([{ value: 5 }, { value: 5.2, quality: 'good', stamp: { up: 60_000 } }]);
  });

  it('repeats a stale value with its own time while the device does not answer, and nothing else', () => {
    const pipeline = pipelineOf({ max_interval_s: 60 });
    pipeline.take([at(100, 5)]);
    expect(pipeline.flush(500_000)).toEqual([]);

    pipeline.take([at(100, 5, 'stale')]);

    expect(pipeline.flush(150_000)).toEqual([]);
    expect(pipeline.flush(160_000)).toMatchObject([{ value: 5, quality: 'stale', stamp: { up: 100_000 } }]);
    expect(pipeline.flush(219_000)).toEqual([]);
    expect(pipeline.flush(220_000)).toHaveLength(1);
    expect(pipeline.counters()).toMatchObject({ taken: 2, passed: 2, repeated: 2 });
  });
});

describe('scale and range', () => {
  it('are applied in that order, without binary dust', () => {
    expect(through({ scale: 0.1, offset: -40 }, [at(0, 633)])).toEqual([23.3]);
    const [entry] = pipelineOf({ scale: 10, range: [0, 100] }).take([at(0, 11)]);
    expect(entry).toMatchObject({ value: 110, quality: 'out-of-range' });
  });

  it('make of a suspect, stale or simulated value nothing else', () => {
    const given = ['suspect', 'stale', 'simulated'] as const;
    const readings = given.map((quality, s) => at(s, 500, quality));
    const passed = pipelineOf({ range: [0, 100] }).take(readings);
    expect(passed.map(({ quality }) => quality)).toEqual(given);
  });

  it('leave flags alone', () => {
    expect(through({ scale: 2, range: [0, 1] }, [at(0, true)], FLAG)).toEqual([true]);
  });
});

describe('the lane', () => {
  it('is c for numbers, b for a flag or state that changed, c when it is only repeated', () => {
    expect(pipelineOf({}).take([at(0, 1)])).toMatchObject([{ lane: 'c' }]);
    expect(pipelineOf({}, STATE).take([at(0, 'free'), at(900, 'free'), at(901, 'taken')])).toMatchObject([
      { lane: 'b' },
      { lane: 'c' },
      { lane: 'b' },
    ]);
  });

  it('can be named for a point', () => {
    expect(pipelineOf({ lane: 'b' }).take([at(0, 1)])).toMatchObject([{ lane: 'b' }]);
  });
});

it('counts what it drops of a point that the site does not have', () => {
  const pipeline = pipelineOf({});
  expect(pipeline.take([at(0, 1, 'good', 'other')])).toEqual([]);
  expect(pipeline.counters()).toMatchObject({ taken: 1, undeclared: 1, passed: 0 });
});
