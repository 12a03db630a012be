import { LANES, type Lane } from '../model/index.ts';
import type { Boots } from './boots.ts';
import type { Sqlite } from './database.ts';
import type { Ledger } from './ledger.ts';
import type { Meta } from './meta.ts';
import type { Deferred } from './quarantine.ts';
import type { Rotten } from './rotten.ts';
import type { AllRows } from './rows.ts';

export interface Epoch {
  readonly idx: number;
  readonly epoch: string;
  /** Last seq it has; of the current one, `books.head` tells. */
  readonly last_seq: number;
}

/** All that an open store knows: the file, and what is kept in memory beside it. Changed only through `transact` and the accounts. */
export interface Books {
  readonly db: Sqlite;
  readonly rows: AllRows;
  readonly ledger: Ledger;
  readonly boots: Boots;
  readonly meta: Meta;
  /** Ascending; the last one is the current. */
  readonly epochs: readonly Epoch[];
  readonly current: Epoch;
  /** Last seq given in the current epoch. */
  head: number;
  /** Inventory revision that records are taken under. */
  rev: number;
  /** How often the log has begun anew. */
  generation: number;
  /** The log has been written back in full: the next transaction is the first of a new one. */
  log_is_new: boolean;
  /** Records kept, per lane. */
  kept: Record<Lane, number>;
  /** Records dropped for room since the start that some uplink still wanted. */
  evicted: number;
  /** Quarantines that ride with the next transaction. */
  deferred: readonly Deferred[];
  /** Segments that the card has spoilt; told and removed with the next transaction. */
  rotten: readonly Rotten[];
  /** The store's age at this moment, in seconds; see `ageAt`. */
  readonly age: (up: number) => number;
  readonly settings: { readonly quota_bytes: number; readonly retain_ms: number };
}

/** Last seq of an epoch. */
export const headOf = (books: Books, epoch: Epoch): number =>
  epoch.idx === books.current.idx ? books.head : epoch.last_seq;

/** All or nothing, in the file and in memory. */
export function transact<T>(books: Books, work: () => T): T {
  const { head, rev, generation, log_is_new, kept, evicted, deferred, rotten } = books;
  const undo = [books.ledger.snapshot(), books.boots.snapshot()];
  try {
    return books.db.transaction(work).immediate();
  } catch (error) {
    for (const restore of undo) restore();
    Object.assign(books, { head, rev, generation, log_is_new, kept, evicted, deferred, rotten });
    throw error;
  }
}

/** Counts what is kept and what waits; once, at the start. */
export function countAll(books: Books): void {
  for (const lane of LANES) {
    books.kept[lane] = 0;
    for (const epoch of books.epochs) {
      const last = headOf(books, epoch);
      const kept = books.rows[lane].count(epoch.idx, [1, last]);
      books.kept[lane] += kept;
      for (const account of books.ledger.of(epoch.idx, lane)) {
        const done = account.done.map((range) => books.rows[lane].count(epoch.idx, range));
        account.waiting = kept - done.reduce((sum, count) => sum + count, 0);
      }
    }
  }
}
