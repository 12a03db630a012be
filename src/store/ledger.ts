import { LANES, type Lane, type SeqRange } from '../model/index.ts';
import { Account } from './account.ts';
import { writer } from './checked.ts';
import type { Sqlite } from './database.ts';
import { intersect, type Spans } from './spans.ts';

/** The accounts of all uplinks, and the lane ranges that are gone from the file for everybody. */
export class Ledger {
  readonly uplinks: readonly string[];
  private readonly accounts = new Map<string, Account>();
  private readonly gone = new Map<string, readonly Gone[]>();
  private readonly goneDirty = new Set<string>();
  private readonly sql;

  constructor(db: Sqlite, uplinks: readonly string[]) {
    this.uplinks = uplinks;
    this.sql = {
      ack: writer(db, 'acks'),
      gone: writer(db, 'gone'),
      run: writer(db, 'runs'),
    };
    for (const row of db.prepare('SELECT * FROM acks').all() as AckRow[]) {
      if (!uplinks.includes(row.uplink)) continue;
      const kept = { acked: parse(row.acked), closed: parse(row.closed), cursor: row.cursor };
      this.accounts.set(keyOf(row.uplink, row.epoch, row.lane), new Account(row, kept));
    }
    // The shape of the rows is the table's; so above.
    for (const row of db.prepare('SELECT * FROM gone').all() as GoneRow[]) {
      this.gone.set(keyOf('', row.epoch, row.lane), JSON.parse(row.ranges));
    }
  }

  account(uplink: string, epoch: number, lane: Lane): Account {
    const key = keyOf(uplink, epoch, lane);
    const known = this.accounts.get(key);
    if (known) return known;
    const fresh = new Account({ uplink, epoch, lane }, { acked: [], closed: [], cursor: 0 });
    this.accounts.set(key, fresh);
    return fresh;
  }

  /** One account for each uplink. */
  of(epoch: number, lane: Lane): readonly Account[] {
    return this.uplinks.map((uplink) => this.account(uplink, epoch, lane));
  }

  ofUplink(uplink: string): readonly Account[] {
    return [...this.accounts.values()]
      .filter((account) => account.uplink === uplink)
      .sort((x, y) => x.epoch - y.epoch || LANES.indexOf(x.lane) - LANES.indexOf(y.lane));
  }

  /** What no uplink waits for any more. */
  doneByAll(epoch: number, lane: Lane, last: number): Spans {
    const all: Spans = last < 1 ? [] : [[1, last]];
    return this.of(epoch, lane).reduce<Spans>((done, account) => intersect(done, account.done), all);
  }

  goneFrom(epoch: number, lane: Lane): readonly Gone[] {
    return this.gone.get(keyOf('', epoch, lane)) ?? [];
  }

  /** Records of a lane left the file; neighbours are joined and their counts added. */
  recordGone(epoch: number, lane: Lane, [from, to]: SeqRange, count: number): void {
    const key = keyOf('', epoch, lane);
    const apart: Gone[] = [];
    let sum: Gone = [from, to, count];
    for (const gone of this.gone.get(key) ?? []) {
      if (gone[1] < sum[0] - 1 || gone[0] > sum[1] + 1) apart.push(gone);
      else sum = [Math.min(gone[0], sum[0]), Math.max(gone[1], sum[1]), gone[2] + sum[2]];
    }
    this.gone.set(
      key,
      [...apart, sum].sort((x, y) => x[0] - y[0]),
    );
    this.goneDirty.add(key);
  }

  /** Seqs that left the file although a digest over them is still to be given; inside the caller's transaction. */
  keepRun(lane: Lane, id: number, n: number): void {
    this.sql.run(lane, id, n);
  }

  /** Gives the way back to how it is now, for when a transaction fails. */
  snapshot(): () => void {
    const accounts = [...this.accounts.values()].map((account) => account.snapshot());
    const gone = [...this.gone];
    const goneDirty = [...this.goneDirty];
    return () => {
      for (const restore of accounts) restore();
      this.gone.clear();
      for (const [key, ranges] of gone) this.gone.set(key, ranges);
      this.goneDirty.clear();
      for (const key of goneDirty) this.goneDirty.add(key);
    };
  }

  get dirty(): boolean {
    return this.goneDirty.size > 0 || [...this.accounts.values()].some((account) => account.dirty);
  }

  /** Writes what has changed, inside the caller's transaction (whose failure restores the marks too). */
  write(): void {
    for (const account of this.accounts.values()) {
      if (!account.dirty) continue;
      const { uplink, epoch, lane, acked, closed, cursor } = account;
      this.sql.ack(uplink, epoch, lane, JSON.stringify(acked), JSON.stringify(closed), cursor);
      account.dirty = false;
    }
    for (const key of this.goneDirty) {
      const [epoch, lane = ''] = key.split(' ');
      this.sql.gone(Number(epoch), lane, JSON.stringify(this.gone.get(key)));
    }
    this.goneDirty.clear();
  }
}

/** From, to, and how many records of the lane that were. */
export type Gone = readonly [from: number, to: number, count: number];

interface AckRow {
  readonly uplink: string;
  readonly epoch: number;
  readonly lane: Lane;
  readonly acked: string;
  readonly closed: string;
  readonly cursor: number;
}
interface GoneRow {
  readonly epoch: number;
  readonly lane: Lane;
  readonly ranges: string;
}

const keyOf = (uplink: string, epoch: number, lane: Lane) => `${epoch} ${lane}${uplink && ` ${uplink}`}`;
/** We wrote it ourselves. */
const parse = (text: string): Spans => JSON.parse(text) as Spans;
