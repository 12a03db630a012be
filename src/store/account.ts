import { type Lane, removeRange, type SeqRange } from '../model/index.ts';
import { addAll, holdsAll, type Spans } from './spans.ts';

/** A lease that is out. `records` is what it held when it was given. */
export interface Out {
  readonly id: number;
  readonly covers: SeqRange;
  readonly records: number;
}

/** After a refusal of many, the same range comes again in leases of at most `max` records. */
interface Zone {
  readonly range: SeqRange;
  readonly max: number;
}

/**
 * What one uplink has of one lane of one epoch. Every seq of the lane is either acknowledged (the platform has it), closed (it will
 * never come, and a gap record tells so), out (leased), or open. Acknowledged and closed ranges are kept in the file;
 * what is out lives only as long as the connection.
 */
export class Account {
  readonly uplink: string;
  readonly epoch: number;
  readonly lane: Lane;
  /** Records kept, of this lane and epoch, that are neither acknowledged nor closed. */
  waiting = 0;
  /** Digests have been given up to this seq. */
  cursor: number;
  /** Differs from what the file says. */
  dirty = false;
  acked: Spans;
  closed: Spans;
  /** Acknowledged or closed. */
  done: Spans;
  /** Acknowledged, closed, or out. */
  taken: Spans;
  /** Asked for again: goes as backlog, whenever it was stored. */
  again: Spans = [];
  readonly out = new Map<number, Out>();
  private zones: readonly Zone[] = [];

  constructor(
    key: { readonly uplink: string; readonly epoch: number; readonly lane: Lane },
    kept: { readonly acked: Spans; readonly closed: Spans; readonly cursor: number },
  ) {
    this.uplink = key.uplink;
    this.epoch = key.epoch;
    this.lane = key.lane;
    this.acked = kept.acked;
    this.closed = kept.closed;
    this.cursor = kept.cursor;
    this.done = addAll(kept.acked, kept.closed);
    this.taken = this.done;
  }

  acknowledge(range: SeqRange): void {
    this.acked = addAll(this.acked, [range]);
    this.finish(range);
  }

  close(range: SeqRange): void {
    this.closed = addAll(this.closed, [range]);
    this.finish(range);
  }

  /** Takes back what was acknowledged, so that it is leased again. */
  reopen(ranges: Spans): void {
    for (const range of ranges) this.acked = removeRange(this.acked, range);
    this.again = addAll(this.again, ranges);
    this.done = addAll(this.acked, this.closed);
    this.dirty = true;
    this.retake();
  }

  lend(out: Out): void {
    this.out.set(out.id, out);
    this.taken = addAll(this.taken, [out.covers]);
  }

  /** The lease is no more; what of it is not done is open again. */
  takeBack(id: number): void {
    if (this.out.delete(id)) this.retake();
  }

  takeBackAll(): void {
    this.out.clear();
    this.retake();
  }

  halve(range: SeqRange, records: number): void {
    this.zones = [{ range, max: Math.max(1, Math.ceil(records / 2)) }, ...this.zones];
  }

  /** The narrowest zone that a seq lies in. */
  zoneOf(seq: number): Zone | undefined {
    return this.zones.find(({ range }) => range[0] <= seq && seq <= range[1]);
  }

  /** Gives the way back to how it is now, for when a transaction fails. */
  snapshot(): () => void {
    const { waiting, cursor, dirty, acked, closed, done, taken, again, zones } = this;
    const out = [...this.out];
    return () => {
      Object.assign(this, { waiting, cursor, dirty, acked, closed, done, taken, again, zones });
      this.out.clear();
      for (const [id, lease] of out) this.out.set(id, lease);
    };
  }

  private finish(range: SeqRange): void {
    this.dirty = true;
    this.done = addAll(this.done, [range]);
    this.taken = addAll(this.taken, [range]);
    this.again = removeRange(this.again, range);
    for (const { id, covers } of this.out.values()) if (holdsAll(this.done, covers)) this.out.delete(id);
    if (this.zones.length) this.zones = this.zones.filter((zone) => !holdsAll(this.done, zone.range));
  }

  private retake(): void {
    this.taken = addAll(
      this.done,
      [...this.out.values()].map(({ covers }) => covers),
    );
  }
}
