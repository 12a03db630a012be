import type { Millis, Reading, ReadingEntry } from '../model/index.ts';
import { type PointPlan, REPEAT_S } from './rules.ts';
import { moved, ranged, scaled } from './steps.ts';

/**
 * How many readings each declared step kept back. Always: taken = passed + unchanged + deadband + min_interval + undeclared + waiting.
 * What a platform does not have was dropped by one of these.
 */
export interface PipelineCounters {
  readonly taken: number;
  readonly passed: number;
  /** Flags and states that said the same again. */
  readonly unchanged: number;
  /** Numbers within the deadband of what was sent last. */
  readonly deadband: number;
  /** Replaced by a newer value before their time came. */
  readonly min_interval: number;
  /** Readings of a device or point that the site does not have. */
  readonly undeclared: number;
  /** Taken, and not yet decided. */
  readonly waiting: number;
  /** Sent once more since the device does not answer: these were not taken. */
  readonly repeated: number;
}

export interface Pipeline {
  /** Readings in the order they were taken → what is to be kept of them, in that order. */
  take(readings: readonly Reading[]): readonly ReadingEntry[];
  /**
   * Values that waited for their minimum interval and whose time has come, and stale values due for a repeat. Call it every second or so,
   * and with Infinity at the end, so that nothing waits for ever.
   */
  flush(up: Millis): readonly ReadingEntry[];
  counters(): PipelineCounters;
}

interface Memory {
  readonly plan: PointPlan;
  /** Who makes other values of it. */
  readonly feed: ((reading: Reading) => void) | undefined;
  sent: Reading | undefined;
  sent_up: Millis;
  /** Came too early: replaced by newer ones until the minimum interval is over. */
  waiting: Reading | undefined;
}

type Dropped = 'unchanged' | 'deadband' | 'min_interval';

/**
 * The steps between a device and the outbox: scale, range, deadband, intervals, lane. Time arrives in the stamps. `feedOf`: who is given
 * every reading of a point, scaled and judged, before any is dropped for being no news.
 */
export function openPipeline(
  plan: (device: string, point: string) => PointPlan | undefined,
  feedOf: (device: string, point: string) => ((reading: Reading) => void) | undefined = () => undefined,
): Pipeline {
  const memories = new Map<string, Memory | undefined>();
  const counters = {
    taken: 0,
    passed: 0,
    unchanged: 0,
    deadband: 0,
    min_interval: 0,
    undeclared: 0,
    repeated: 0,
  };

  const memoryOf = (reading: Reading): Memory | undefined => {
    const name = `${reading.device}\n${reading.point}`;
    if (memories.has(name)) return memories.get(name);
    const found = plan(reading.device, reading.point);
    const feed = feedOf(reading.device, reading.point);
    const memory = found && { plan: found, feed, sent: undefined, sent_up: 0, waiting: undefined };
    memories.set(name, memory);
    return memory;
  };
  const forget = (memory: Memory): void => {
    if (memory.waiting) counters.min_interval += 1;
    memory.waiting = undefined;
  };
  const send = (memory: Memory, reading: Reading, up: Millis): ReadingEntry => {
    const lane = laneOf(memory.plan, !same(memory.sent, reading));
    forget(memory);
    memory.sent = reading;
    memory.sent_up = Math.max(up, memory.sent_up);
    return { kind: 'reading', lane, ...reading };
  };
  const judge = (memory: Memory, reading: Reading): ReadingEntry | undefined => {
    // A stale value carries its original time; it is sent now, whenever that was.
    const up = Math.max(reading.stamp.up, memory.sent_up);
    const verdict = verdictOn(reading, memory, up - memory.sent_up);
    if (verdict === 'send') {
      counters.passed += 1;
      return send(memory, reading, up);
    }
    forget(memory);
    // What waited is older than this one, and this one is where the value was sent last: nothing is owed.
    if (verdict === 'wait') memory.waiting = reading;
    else counters[verdict] += 1;
    return undefined;
  };
  const owed = (memory: Memory, up: Millis): ReadingEntry | undefined => {
    const { waiting, sent, sent_up, plan: found } = memory;
    if (waiting) {
      if (up - sent_up < minMillis(found)) return undefined;
      memory.waiting = undefined;
      counters.passed += 1;
      return send(memory, waiting, Number.isFinite(up) ? up : waiting.stamp.up);
    }
    if (sent?.quality !== 'stale' || !Number.isFinite(up) || up - sent_up < maxMillis(found))
      return undefined;
    counters.repeated += 1;
    return send(memory, sent, up);
  };
  return {
    take: (readings) => {
      const passed: ReadingEntry[] = [];
      for (const reading of readings) {
        counters.taken += 1;
        const memory = memoryOf(reading);
        if (!memory) {
          counters.undeclared += 1;
          continue;
        }
        const shaped = ranged(scaled(reading, memory.plan.rules), memory.plan);
        memory.feed?.(shaped);
        const entry = judge(memory, shaped);
        if (entry) passed.push(entry);
      }
      return passed;
    },
    flush: (up) => {
      const passed: ReadingEntry[] = [];
      for (const memory of memories.values()) {
        const entry = memory && owed(memory, up);
        if (entry) passed.push(entry);
      }
      return passed;
    },
    counters: () => ({
      ...counters,
      waiting: [...memories.values()].filter((memory) => memory?.waiting).length,
    }),
  };
}

/** What becomes of a reading `since_ms` after the last one that was sent. */
function verdictOn(reading: Reading, { sent, plan }: Memory, since_ms: Millis): 'send' | 'wait' | Dropped {
  // The first value and every change of quality pass, whatever the intervals say.
  if (sent?.quality !== reading.quality) return 'send';
  const repeat = since_ms >= maxMillis(plan);
  if (!repeat && !moved(reading.value, sent.value, plan.rules)) {
    return plan.spec.kind === 'number' ? 'deadband' : 'unchanged';
  }
  return since_ms >= minMillis(plan) ? 'send' : 'wait';
}

const minMillis = ({ rules }: PointPlan): Millis => (rules.min_interval_s ?? 0) * 1000;
/** Where the two contradict each other the minimum wins. */
const maxMillis = (plan: PointPlan): Millis => {
  const unset = plan.spec.kind === 'number' ? Number.POSITIVE_INFINITY : REPEAT_S;
  return Math.max(minMillis(plan), (plan.rules.max_interval_s ?? unset) * 1000);
};

const same = (sent: Reading | undefined, reading: Reading): boolean =>
  sent !== undefined && sent.value === reading.value && sent.quality === reading.quality;

/** Numbers are periodic. A flag or state that changed is news; said again it is periodic too. */
function laneOf({ spec, rules }: PointPlan, changed: boolean): 'b' | 'c' {
  if (rules.lane) return rules.lane;
  return spec.kind !== 'number' && changed ? 'b' : 'c';
}
