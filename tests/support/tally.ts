import {
  addRange,
  type GapFields,
  holes,
  LANES,
  type Lane,
  type SeqRange,
  type StoredRecord,
} from '../../src/model/index.ts';
import { Ledger } from '../../src/receive/ledger.ts';

/** A batch as a platform takes it: the records of one lane in a range, and the promise that there are no others. */
export interface Taken {
  readonly epoch: string;
  readonly lane: Lane;
  readonly covers: SeqRange;
  readonly records: readonly StoredRecord[];
}

/**
 * SF-3: what one platform holds and what gap records told it, and whether that leaves a hole that nobody explained. The books are
 * the reference receiver's own. With the name of an uplink only gaps that concern it count.
 */
export class Tally {
  /** What came under each key, as JSON: a key that comes again must say the same. */
  private readonly texts = new Map<string, string>();
  private readonly records = new Map<string, StoredRecord>();
  private readonly ledgers = new Map<string, Ledger>();
  private readonly told: GapFields[] = [];
  /** Last seq known of an epoch that was broken off: what lies beyond is lost, and nobody knows what it was. */
  private readonly ends = new Map<string, number>();
  private readonly complaints: string[] = [];
  private readonly uplink: string | undefined;

  constructor(uplink?: string) {
    this.uplink = uplink;
  }

  /** Everything that lies in a receiver's log, or in a file, without its batches. */
  static of(records: Iterable<StoredRecord>, uplink?: string): Tally {
    const tally = new Tally(uplink);
    for (const record of records) tally.add(record);
    return tally;
  }

  take({ epoch, lane, covers, records }: Taken): void {
    for (const record of records) {
      const inside = record.lane === lane && covers[0] <= record.seq && record.seq <= covers[1];
      if (!inside) this.complaints.push(`${nameOf(record)} lies outside of its batch ${lane} ${covers}`);
      this.add(record);
    }
    this.ledger(epoch).covered[lane].add(covers);
  }

  add(record: StoredRecord): void {
    const key = `${record.epoch}/${record.seq}`;
    const text = JSON.stringify(record);
    const before = this.texts.get(key);
    if (before !== undefined && before !== text)
      this.complaints.push(`${key} came as ${before} and as ${text}`);
    if (before !== undefined) return;
    this.texts.set(key, text);
    this.records.set(key, record);
    this.ledger(record.epoch).seqs.add(record.seq, record.lane);
    if (record.kind === 'epoch' && record.fields.reason === 'damaged')
      this.ends.set(String(record.fields.previous), Number(record.fields.last_seq));
    if (record.kind !== 'gap') return;
    // Gap records are made by the store alone, of GapFields.
    const gap = record.fields as GapFields;
    if (this.uplink !== undefined && !gap.uplinks.includes(this.uplink)) return;
    this.told.push(gap);
    this.ledger(gap.epoch).gaps[gap.lane].add([gap.from, gap.to]);
  }

  get(epoch: string, seq: number): StoredRecord | undefined {
    return this.records.get(`${epoch}/${seq}`);
  }

  all(): StoredRecord[] {
    return [...this.records.values()];
  }

  /** Does a record tell that this one will never come? */
  isTold(epoch: string, lane: Lane, seq: number): boolean {
    return this.gapsOf(epoch, lane, seq).length > 0 || seq > (this.ends.get(epoch) ?? seq);
  }

  /** The gaps that tell of a seq of a lane. */
  gapsOf(epoch: string, lane: Lane, seq: number): GapFields[] {
    return this.told.filter(
      (gap) => gap.epoch === epoch && gap.lane === lane && gap.from <= seq && seq <= gap.to,
    );
  }

  get gaps(): readonly GapFields[] {
    return this.told;
  }

  /** Everything that is not as the contract says; `heads` is the last seq given in each epoch, as far as it is known. */
  holes(heads: Readonly<Record<string, number>> = {}): string[] {
    const found = [...this.complaints];
    for (const [epoch, ledger] of this.ledgers) {
      const head = this.ends.get(epoch) ?? Math.max(heads[epoch] ?? 0, ledger.seqs.head);
      for (const [from, to] of head > 0 ? ledger.missing([1, head]) : [])
        found.push(`nobody explains ${epoch}/${from}..${to}`);
      for (const lane of this.hasBatches(ledger) ? LANES : []) {
        const joined = [...ledger.covered[lane].list, ...ledger.gaps[lane].list].reduce<SeqRange[]>(
          (all, range) => addRange(all, range),
          [],
        );
        for (const [from, to] of holes(joined, [1, Math.min(head, joined.at(-1)?.[1] ?? 0)]))
          found.push(`lane ${lane} of ${epoch} does not join up at ${from}..${to}`);
      }
    }
    for (const epoch of Object.keys(heads).filter((one) => heads[one] && !this.ledgers.has(one)))
      found.push(`nothing came of ${epoch}`);
    return found;
  }

  private hasBatches({ covered }: Ledger): boolean {
    return Object.values(covered).some(({ list }) => list.length > 0);
  }

  private ledger(epoch: string): Ledger {
    const known = this.ledgers.get(epoch) ?? new Ledger(epoch);
    this.ledgers.set(epoch, known);
    return known;
  }
}

export const nameOf = ({ epoch, seq, lane, kind }: StoredRecord): string =>
  `${epoch}/${seq} (${lane} ${kind})`;
