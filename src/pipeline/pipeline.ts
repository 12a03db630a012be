import type { Millis, Reading, ReadingEntry } from '../model/index.ts';
import { type PointPlan, REPEAT_S } from './rules.ts';
import { moved, ranged, scaled } from './steps.ts';

/** How many readings each declared step kept back. */
export interface PipelineCounters {
  readonly taken: number;
  readonly passed: number;
  readonly unchanged: number;
  readonly deadband: number;
  readonly min_interval: number;
  /** Readings of a device or point that the site does not have. */
  readonly undeclared: number;
}

export interface Pipeline {
  /** Readings in the order they were taken → what is to be kept of them, in that order. */
  take(readings: readonly Reading[]): readonly ReadingEntry[];
  /** Values that waited for their minimum interval and whose time has come. */
  flush(up: Millis): readonly ReadingEntry[];
  counters(): PipelineCounters;
}

interface Memory {
  readonly plan: PointPlan;
  sent: Reading | undefined;
  sent_up: Millis;
  /** Came too early: replaced by newer ones until the minimum interval is over. */
  waiting: Reading | undefined;
}

/** The steps between a device and the outbox: scale, range, deadband, intervals, lane. Time arrives in the stamps. */
export function openPipeline(plan: (device: string, point: string) => PointPlan | undefined): Pipeline {
  const memories = new Map<string, Memory | undefined>();
  const counters = { taken: 0, passed: 0, unchanged: 0, deadband: 0, min_interval: 0, undeclared: 0 };

  const memoryOf = (reading: Reading): Memory | undefined => {
    const name = `${reading.device}\n${reading.point}`;
    if (memories.has(name)) return memories.get(name);
    const found = plan(reading.device, reading.point);
    const memory = found && { plan: found, sent: undefined, sent_up: 0, waiting: undefined };
    memories.set(name, memory);
    return memory;
  };
  const send = (memory: Memory, reading: Reading, up: Millis): ReadingEntry => {
    const changed = memory.sent?.value !== reading.value || memory.sent?.quality !== reading.quality;
    memory.sent = reading;
    memory.sent_up = up;
    memory.waiting = undefined;
    counters.passed += 1;
    return { kind: 'reading', lane: laneOf(memory.plan, changed), ...reading };
  };
  const judge = (memory: Memory, reading: Reading): ReadingEntry | undefined => {
    // A stale value carries its original time; it is sent now, whenever that was.
    const up = Math.max(reading.stamp.up, memory.sent_up);
    const {
      sent,
      plan: { spec, rules },
    } = memory;
    if (!sent || sent.quality !== reading.quality) return send(memory, reading, up);
    const max_ms = (rules.max_interval_s ?? (spec.kind === 'number' ? Infinity : REPEAT_S)) * 1000;
    const due = up - memory.sent_up >= max_ms;
    if (!moved(reading.value, sent.value, rules) && !due) {
      // What waits is older than this one, and this one is where the value was sent last: nothing is owed.
      if (memory.waiting) counters.min_interval += 1;
      memory.waiting = undefined;
      counters[spec.kind === 'number' ? 'deadband' : 'unchanged'] += 1;
      return undefined;
    }
    if (up - memory.sent_up >= (rules.min_interval_s ?? 0) * 1000) return send(memory, reading, up);
    if (memory.waiting) counters.min_interval += 1;
    memory.waiting = reading;
    return undefined;
  };
  return {
    take: (readings) => {
      const passed: ReadingEntry[] = [];
      for (const reading of readings) {
        counters.taken += 1;
        const memory = memoryOf(reading);
        if (!memory) counters.undeclared += 1;
        const entry = memory && judge(memory, ranged(scaled(reading, memory.plan.rules), memory.plan));
        if (entry) passed.push(entry);
      }
      return passed;
    },
    flush: (up) => {
      const passed: ReadingEntry[] = [];
      for (const memory of memories.values()) {
        if (!memory?.waiting) continue;
        if (up - memory.sent_up < (memory.plan.rules.min_interval_s ?? 0) * 1000) continue;
        passed.push(send(memory, memory.waiting, up));
      }
      return passed;
    },
    counters: () => ({ ...counters }),
  };
}

function laneOf({ spec, rules }: PointPlan, changed: boolean): 'b' | 'c' {
  if (rules.lane) return rules.lane;
  return spec.kind !== 'number' && changed ? 'b' : 'c';
}
