import { addRange, type Lane, type Millis, type SeqRange } from '../model/index.ts';

export interface Ack {
  /** As the topic names them. */
  readonly site: string;
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: Lane;
  ranges: readonly SeqRange[];
  nacks: readonly { readonly seq: number; readonly reason: string }[];
  replay: readonly SeqRange[];
}

/** Contract, Classes: merged, at most two a second per lane. */
const APART_MS: Millis = 500;
/** A message holds at most so much of each; the rest goes with the next. So it stays far below what a gateway takes. */
const MOST = { ranges: 4000, nacks: 400, replay: 1000 };

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
    return due.map(([key, ack]) => {
      this.last.set(key, now);
      const [first, rest] = cut(ack);
      if (rest) this.waiting.set(key, rest);
      else this.waiting.delete(key);
      return first;
    });
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

function cut(ack: Ack): readonly [Ack, Ack | undefined] {
  const { ranges, nacks, replay } = MOST;
  if (ack.ranges.length <= ranges && ack.nacks.length <= nacks && ack.replay.length <= replay)
    return [ack, undefined];
  const piece = (from: 'first' | 'rest') => {
    const of = <T>(list: readonly T[], most: number) =>
      from === 'first' ? list.slice(0, most) : list.slice(most);
    return {
      ...ack,
      ranges: of(ack.ranges, ranges),
      nacks: of(ack.nacks, nacks),
      replay: of(ack.replay, replay),
    };
  };
  return [piece('first'), piece('rest')];
}

const keyOf = ({ site, gateway, epoch, lane }: Ack): string => `${site}\n${gateway}\n${epoch} ${lane}`;
