import { addRange, type Lane, type Millis, type SeqRange } from '../model/index.ts';

export interface Ack {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: Lane;
  ranges: readonly SeqRange[];
  nacks: readonly { readonly seq: number; readonly reason: string }[];
  replay: readonly SeqRange[];
}

/** Contract, Classes: merged, at most two a second per lane. */
const APART_MS: Millis = 500;

/** Acknowledgements that wait to be sent: merged per gateway, epoch and lane; the first goes at once, the next half a second later. */
export class Acks {
  private readonly waiting = new Map<string, Ack>();
  private readonly last = new Map<string, Millis>();

  add(ack: Ack): void {
    const key = keyOf(ack);
    const before = this.waiting.get(key);
    if (!before) {
      this.waiting.set(key, ack);
      return;
    }
    before.ranges = ack.ranges.reduce<SeqRange[]>((all, range) => addRange(all, range), [...before.ranges]);
    before.nacks = [...before.nacks, ...ack.nacks];
    before.replay = ack.replay.reduce<SeqRange[]>((all, range) => addRange(all, range), [...before.replay]);
  }

  /** Takes out what may go now. */
  due(now: Millis): Ack[] {
    const due = [...this.waiting].filter(([key]) => now >= this.dueAt(key));
    for (const [key] of due) {
      this.waiting.delete(key);
      this.last.set(key, now);
    }
    return due.map(([, ack]) => ack);
  }

  /** When the next may go; undefined when none waits. */
  next(): Millis | undefined {
    const times = [...this.waiting.keys()].map((key) => this.dueAt(key));
    return times.length ? Math.min(...times) : undefined;
  }

  private dueAt(key: string): Millis {
    return (this.last.get(key) ?? Number.NEGATIVE_INFINITY) + APART_MS;
  }
}

const keyOf = ({ gateway, epoch, lane }: Ack): string => `${gateway} ${epoch} ${lane}`;
