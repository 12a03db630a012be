import { Fault } from '../faults/index.ts';
import type { Entry, Lane, RecordKey } from '../model/index.ts';
import type { Lost } from './lost.ts';
import type { Rider } from './settings.ts';

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
  /** What is stored with them. */
  readonly riders: readonly Rider[];
  /** Grows with each chunk of any lane: tells what was there before a barrier. */
  readonly number: number;
}

/**
 * Records of lanes b and c that wait for the group commit. Bounded: when it is full, lane c is refused first; lane b makes the
 * oldest of lane c give way, and lane a, which waits elsewhere, the oldest of both.
 */
export class Queue {
  private readonly lost: Lost;
  private readonly lanes: Record<'b' | 'c', Chunk[]> = { b: [], c: [] };
  private readonly bound: number;
  private in_flight = 0;
  private waiting = 0;
  private last = 0;

  constructor(bound: number, lost: Lost) {
    this.bound = bound;
    this.lost = lost;
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

  /** Is there room for more of this lane, beside so many of lane a? Lower lanes give way; if that does not help, it is refused. */
  hasRoom(lane: Lane, chunk: Omit<Chunk, 'number'>, beside: number): boolean {
    // What a transaction has taken cannot give way, and with a disk that refuses it may be all there is: an alarm does not wait for its end.
    const held = () => (lane === 'a' ? this.waiting : this.pending);
    const over = () => held() + beside + chunk.entries.length > this.bound;
    while (lane !== 'c' && over() && this.displace('c'));
    while (lane === 'a' && over() && this.displace('b'));
    if (over()) this.refuse(lane, chunk);
    return !over();
  }

  add(lane: 'b' | 'c', chunk: Omit<Chunk, 'number'>): void {
    this.last += 1;
    this.waiting += chunk.entries.length;
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

  /** The oldest of the lane gives way; false when there is none. */
  private displace(lane: 'b' | 'c'): boolean {
    const chunk = this.lanes[lane].shift();
    if (!chunk) return false;
    this.waiting -= chunk.entries.length;
    this.refuse(lane, chunk);
    return true;
  }

  private refuse(lane: Lane, { append, entries }: Pick<Chunk, 'append' | 'entries'>): void {
    append.failed(new Fault('store.full-memory', { pending: this.pending }));
    this.lost.add('memory', lane, entries);
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
