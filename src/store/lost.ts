import { type Entry, type EventEntry, LANES, type Lane, type Millis, type Stamp } from '../model/index.ts';

/** `memory`: the disk stood still and the memory queue was full. `room`: the store was full of what matters more. */
export type Why = 'memory' | 'room';

interface Sum {
  readonly records: Readonly<Record<Lane, number>>;
  readonly from_up: Millis;
  readonly to_up: Millis;
}

/** Counts records that had to be refused before they were given a seq, until a record can be stored that tells of them. */
export class Lost {
  private readonly sums = new Map<Why, Sum>();

  add(why: Why, lane: Lane, entries: readonly Entry[]): void {
    const before = this.sums.get(why) ?? NOTHING;
    const ups = entries.map(({ stamp }) => stamp.up);
    this.sums.set(why, {
      records: { ...before.records, [lane]: before.records[lane] + entries.length },
      from_up: ups.reduce((least, up) => Math.min(least, up), before.from_up),
      to_up: ups.reduce((most, up) => Math.max(most, up), before.to_up),
    });
  }

  has(why: Why): boolean {
    return this.sums.has(why);
  }

  /** For people. */
  show(why: Why): string {
    const { records } = this.sums.get(why) ?? NOTHING;
    return LANES.map((lane) => `${records[lane]} of lane ${lane}`).join(', ');
  }

  /** The record that tells of them; they are counted no more. */
  take(why: Why, stamp: Stamp): EventEntry | undefined {
    const sum = this.sums.get(why);
    if (!sum) return undefined;
    this.sums.delete(why);
    const { records, from_up, to_up } = sum;
    const lost = { lost_a: records.a, lost_b: records.b, lost_c: records.c };
    const fields = { reason: why, ...lost, from_up, to_up };
    return { kind: 'event', lane: 'a', subject: '', name: 'records-lost', fields, stamp };
  }
}

const NOTHING: Sum = { records: { a: 0, b: 0, c: 0 }, from_up: Number.POSITIVE_INFINITY, to_up: 0 };
