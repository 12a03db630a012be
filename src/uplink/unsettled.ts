import type { Acknowledged, Lease } from '../contracts/index.ts';
import { addRange, type Millis, type SeqRange } from '../model/index.ts';

type LeaseFacts = Pick<Lease, 'id' | 'epoch' | 'lane' | 'head' | 'covers'>;

export interface UnderWay {
  readonly lease: LeaseFacts;
  readonly sent_up: Millis;
  /** When the broker took it; the platform's time runs from here. */
  taken_up: Millis | undefined;
}

/** Batches that were sent and are not settled, in the order they were sent. The parts are not kept: what must go again is leased again. */
export class Unsettled {
  private readonly batches = new Map<number, UnderWay>();

  get size(): number {
    return this.batches.size;
  }

  add({ id, epoch, lane, head, covers }: Lease, sent_up: Millis): void {
    this.batches.set(id, { lease: { id, epoch, lane, head, covers }, sent_up, taken_up: undefined });
  }

  taken(id: number, up: Millis): void {
    const batch = this.batches.get(id);
    if (batch) batch.taken_up = up;
  }

  /** False when it was settled or given up meanwhile. */
  remove(id: number): boolean {
    return this.batches.delete(id);
  }

  /** Takes out the batches an ack covers whole; refused records count as covered. One that is covered in part stays until it expires. */
  settle(ack: Acknowledged): UnderWay[] {
    const ranges = ack.nacks.reduce((all, { seq }) => addRange(all, [seq, seq]), sorted(ack.ranges));
    const settled: UnderWay[] = [];
    for (const batch of this.batches.values()) {
      const { epoch, lane, covers } = batch.lease;
      if (epoch !== ack.epoch || lane !== ack.lane || !within(ranges, covers)) continue;
      settled.push(batch);
    }
    for (const batch of settled) this.batches.delete(batch.lease.id);
    return settled;
  }

  /** Takes out what the broker took before `up`. */
  expired(up: Millis): UnderWay[] {
    const late = [...this.batches.values()].filter(
      (batch) => batch.taken_up !== undefined && batch.taken_up < up,
    );
    for (const batch of late) this.batches.delete(batch.lease.id);
    return late;
  }
}

const sorted = (ranges: readonly SeqRange[]): SeqRange[] =>
  ranges.reduce<SeqRange[]>((all, range) => addRange(all, range), []);

const within = (ranges: readonly SeqRange[], [from, to]: SeqRange): boolean =>
  ranges.some((range) => range[0] <= from && to <= range[1]);
