import { Fault } from '../faults/index.ts';
import type { Entry, Lane, Millis, RecordKey } from '../model/index.ts';

/** One call of `append`: it is done when all its records are durable, whichever transactions took them. */
export class Append {
  readonly done: Promise<readonly RecordKey[]>;
  private readonly keys: RecordKey[];
  private left: number;
  private settle: { resolve: (keys: readonly RecordKey[]) => void; reject: (error: Error) => void };

  constructor(count: number) {
    this.keys = new Array<RecordKey>(count);
    this.left = count;
    this.settle = { resolve: () => {}, reject: () => {} };
    this.done = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
  }

  /** `places` are the indices of these records in the call; undefined: it is all of them. */
  stored(epoch: string, first: number, { entries, places }: Pick<Chunk, 'entries' | 'places'>): void {
    entries.forEach((_, index) => {
      this.keys[places?.[index] ?? index] = { epoch, seq: first + index };
    });
    this.left -= entries.length;
    if (this.left === 0) this.settle.resolve(this.keys);
  }

  failed(error: Error): void {
    this.settle.reject(error);
  }
}

/** The records of one call that go to one lane. */
export interface Chunk {
  readonly append: Append;
  readonly entries: readonly Entry[];
  readonly places: readonly number[] | undefined;
  /** Grows with each chunk of any lane: tells what was there before a barrier. */
  readonly number: number;
}

/** What the memory queue had to refuse while the disk stood still. */
export interface Lost {
  readonly b: number;
  readonly c: number;
  readonly from_up: Millis;
  readonly to_up: Millis;
}

/**
 * Records of lanes b and c that wait for the group commit. Bounded: when it is full, lane c is refused first; lane b makes the
 * oldest of lane c give way.
 */
export class Queue {
  lost: Lost | undefined;
  private readonly lanes: Record<'b' | 'c', Chunk[]> = { b: [], c: [] };
  private readonly bound: number;
  private in_flight = 0;
  private waiting = 0;
  private last = 0;

  constructor(bound: number) {
    this.bound = bound;
  }

  /** Records accepted and not yet durable. */
  get pending(): number {
    return this.waiting + this.in_flight;
  }

  /** Records that no transaction has taken yet. */
  get records(): number {
    return this.waiting;
  }

  get newest(): number {
    return this.last;
  }

  /** Is anything there that came before the barrier? */
  hasUpTo(number: number): boolean {
    return (['b', 'c'] as const).some((lane) => (this.lanes[lane][0]?.number ?? Infinity) <= number);
  }

  add(lane: 'b' | 'c', chunk: Omit<Chunk, 'number'>): void {
    const n = chunk.entries.length;
    while (lane === 'b' && this.pending + n > this.bound && this.lanes.c.length) this.displace();
    if (this.pending + n > this.bound) {
      this.refuse(lane, chunk);
      return;
    }
    this.last += 1;
    this.waiting += n;
    this.lanes[lane].push({ ...chunk, number: this.last });
  }

  /** Takes the oldest of both lanes, b first, up to so many records (one chunk at least). */
  take(most: number, one = false): { readonly b: Chunk[]; readonly c: Chunk[] } {
    const taken = { b: [] as Chunk[], c: [] as Chunk[] };
    let count = 0;
    for (const lane of ['b', 'c'] as const) {
      let chunks = 0;
      for (const { entries } of this.lanes[lane]) {
        if (count > 0 && (one || count + entries.length > most)) break;
        count += entries.length;
        chunks += 1;
      }
      taken[lane] = this.lanes[lane].splice(0, chunks);
    }
    this.waiting -= count;
    this.in_flight += count;
    return taken;
  }

  /** What was taken is durable, or given up. */
  finished(count: number): void {
    this.in_flight -= count;
  }

  /** It could not be stored: first in the queue again. */
  putBack(taken: { readonly b: readonly Chunk[]; readonly c: readonly Chunk[] }): void {
    for (const lane of ['b', 'c'] as const) {
      this.lanes[lane].unshift(...taken[lane]);
      const count = sizeOf(taken[lane]);
      this.in_flight -= count;
      this.waiting += count;
    }
  }

  rejectAll(error: Error): void {
    for (const chunk of [...this.lanes.b, ...this.lanes.c]) chunk.append.failed(error);
    this.lanes.b = [];
    this.lanes.c = [];
    this.waiting = 0;
  }

  private displace(): void {
    const chunk = this.lanes.c.shift();
    if (!chunk) return;
    this.waiting -= chunk.entries.length;
    this.refuse('c', chunk);
  }

  private refuse(lane: 'b' | 'c', { append, entries }: Pick<Chunk, 'append' | 'entries'>): void {
    append.failed(new Fault('store.full-memory', { pending: this.pending }));
    const ups = entries.map(({ stamp }) => stamp.up);
    const lost = this.lost ?? { b: 0, c: 0, from_up: Infinity, to_up: 0 };
    this.lost = {
      ...lost,
      [lane]: lost[lane] + entries.length,
      from_up: ups.reduce((least, up) => Math.min(least, up), lost.from_up),
      to_up: ups.reduce((most, up) => Math.max(most, up), lost.to_up),
    };
  }
}

export const sizeOf = (chunks: readonly Chunk[]): number =>
  chunks.reduce((sum, { entries }) => sum + entries.length, 0);

/** The records of a call by lane, with their places in it. */
export function byLane(entries: readonly Entry[]): ReadonlyMap<Lane, Pick<Chunk, 'entries' | 'places'>> {
  const lane = entries[0]?.lane;
  if (lane && entries.every((entry) => entry.lane === lane)) {
    return new Map([[lane, { entries, places: undefined }]]);
  }
  const lanes = new Map<Lane, { entries: Entry[]; places: number[] }>();
  entries.forEach((entry, index) => {
    const found = lanes.get(entry.lane) ?? { entries: [], places: [] };
    lanes.set(entry.lane, found);
    found.entries.push(entry);
    found.places.push(index);
  });
  return lanes;
}
