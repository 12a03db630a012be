import { LANES, type Lane, type SeqRange } from '../model/index.ts';
import type { Sqlite } from './database.ts';
import type { Packed } from './segment.ts';
import { type Summed, sumOfRow } from './sum.ts';

const SPAN = 2 ** 40;
export const idOf = (epoch: number, seq: number): number => epoch * SPAN + seq;
export const seqOf = (id: number): number => id % SPAN;
export const epochOf = (id: number): number => Math.floor(id / SPAN);

/** A segment without its body. */
export interface Slot {
  readonly id: number;
  readonly n: number;
  /** The store's age in seconds when it was stored. */
  readonly at: number;
}
export interface Row extends Slot, Summed {
  readonly sum: number;
  readonly body: Buffer;
}
/** What a slot takes in the file, with its share of the tree. */
export interface Sized extends Slot {
  readonly bytes: number;
}

export const lastSeq = (row: Pick<Slot, 'id' | 'n'>): number => seqOf(row.id) + row.n - 1;

/** The segments of one lane, all epochs. */
export class Rows {
  readonly lane: Lane;
  private readonly db: Sqlite;

  constructor(db: Sqlite, lane: Lane) {
    this.db = db;
    this.lane = lane;
    const table = `seg_${lane}`;
    const some = (columns: string, rest: string) => db.prepare(`SELECT ${columns} FROM ${table} ${rest}`);
    const whole = 'id, lane, epoch, n, at, boot, up, length, adler, sum, body';
    const values = `INTO ${table} VALUES (@id, @lane, @epoch, @n, @at, @boot, @up, @length, @adler, @sum, @body)`;
    this.sql = {
      insert: db.prepare(`INSERT ${values}`),
      insertOnce: db.prepare(`INSERT OR IGNORE ${values}`),
      before: some('id, n', 'WHERE id <= ? ORDER BY id DESC LIMIT 1'),
      first: some('id, n, at', 'WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1'),
      last: some('id, n, at', 'WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1'),
      newest: some(whole, 'ORDER BY id DESC LIMIT 1'),
      walk: some(whole, 'WHERE id BETWEEN ? AND ? ORDER BY id'),
      slots: some('id, n, at, length(body) + 64 AS bytes', 'WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?'),
      count: some('coalesce(sum(n), 0)', 'WHERE id BETWEEN ? AND ?').pluck(),
      remove: db.prepare(`DELETE FROM ${table} WHERE id BETWEEN ? AND ?`),
    };
  }
  private readonly sql;
  private spare: Row | undefined;

  insert(epoch: number, packed: Packed, row: Kept): void {
    this.sql.insert.run(this.rowOf(epoch, packed, row));
  }

  /** As `insert`; false when the row is there already. */
  insertOnce(epoch: number, packed: Packed, row: Kept): boolean {
    return this.sql.insertOnce.run(this.rowOf(epoch, packed, row)).changes > 0;
  }

  /** Rows that hold any seq of the range, in order. Nothing else may be asked of the database meanwhile. */
  *walk(epoch: number, range: SeqRange): Generator<Row> {
    const [from, to] = this.ids(epoch, range);
    const { spare } = this;
    const known = spare && spare.id === from && spare.id <= to ? spare : undefined;
    this.spare = undefined;
    if (known) yield known;
    // The shapes of rows are those of the columns selected above; so below.
    yield* this.sql.walk.iterate(known ? from + 1 : from, to) as IterableIterator<Row>;
  }

  /** A row that a walk came to in vain: the next walk begins with it, and need not read it once more. */
  spared(row: Row): void {
    this.spare = row;
  }

  /** The first slot that holds any seq of the range. */
  first(epoch: number, range: SeqRange): Slot | undefined {
    return this.sql.first.get(...this.ids(epoch, range)) as Slot | undefined;
  }

  /** The last slot that begins in the range. */
  last(epoch: number, range: SeqRange): Slot | undefined {
    return this.sql.last.get(idOf(epoch, range[0]), idOf(epoch, range[1])) as Slot | undefined;
  }

  /** The slots that lie wholly inside the range, oldest first. */
  inside(epoch: number, range: SeqRange, limit: number): Sized[] {
    const found = this.sql.slots.all(idOf(epoch, range[0]), idOf(epoch, range[1]), limit) as Sized[];
    return found.filter((slot) => lastSeq(slot) <= range[1]);
  }

  newest(): Row | undefined {
    return this.sql.newest.get() as Row | undefined;
  }

  /** How many records of the range there are. */
  count(epoch: number, range: SeqRange): number {
    if (range[0] > range[1]) return 0;
    const [from, to] = this.ids(epoch, range);
    let records = this.sql.count.get(from, to) as number;
    const head = this.holding(epoch, range[0]);
    if (head) records -= Math.max(0, range[0] - seqOf(head.id));
    const tail = this.holding(epoch, range[1]);
    if (tail) records -= Math.max(0, lastSeq(tail) - range[1]);
    return records;
  }

  remove(first: number, last: number): void {
    this.spare = undefined;
    this.sql.remove.run(first, last);
  }

  /** The first seq of this lane at or after `range[0]` and inside the range. */
  firstSeq(epoch: number, range: SeqRange): number | undefined {
    const slot = range[0] > range[1] ? undefined : this.first(epoch, range);
    return slot && Math.max(range[0], seqOf(slot.id));
  }

  private rowOf(index: number, packed: Packed, { name, at, boot }: Kept): Row {
    const { first, n, up, length, adler } = packed;
    const row = { id: idOf(index, first), lane: this.lane, epoch: name, n, at, boot, up, length, adler };
    const body = Buffer.from(packed.body.buffer, packed.body.byteOffset, packed.body.byteLength);
    return { ...row, body, sum: sumOfRow({ ...row, body }) };
  }

  /** The row that a seq lies in. */
  private holding(epoch: number, seq: number): Pick<Slot, 'id' | 'n'> | undefined {
    const row = this.sql.before.get(idOf(epoch, seq)) as Pick<Slot, 'id' | 'n'> | undefined;
    return row && epochOf(row.id) === epoch && lastSeq(row) >= seq ? row : undefined;
  }

  private ids(epoch: number, [from, to]: SeqRange): [number, number] {
    return [this.holding(epoch, from)?.id ?? idOf(epoch, from), idOf(epoch, to)];
  }
}

/** What a row says beside its part: the epoch's name, the store's age, the boot's number. */
interface Kept {
  readonly name: Buffer;
  readonly at: number;
  readonly boot: number;
}

export type AllRows = Readonly<Record<Lane, Rows>>;
export const openRows = (db: Sqlite): AllRows => {
  const [a, b, c] = LANES.map((lane) => new Rows(db, lane));
  // LANES are these three.
  return { a, b, c } as AllRows;
};
