import type { Quarantined } from '../contracts/index.ts';
import type { GapFields, Lane, SeqRange, StoredRecord } from '../model/index.ts';
import { openPart } from '../model/index.ts';
import type { Account } from './account.ts';
import type { Books } from './books.ts';
import { writer } from './checked.ts';
import { idOf } from './rows.ts';
import { unpack } from './segment.ts';
import { isSound } from './sum.ts';

/**
 * A record that one uplink refused for good. It is closed in memory at once, so that it is not leased again; the file learns of it, and the
 * platform gets its gap record, with the next transaction (after a crash before that it is simply refused once more).
 */
export interface Deferred {
  readonly uplink: string;
  readonly epoch: number;
  readonly lane: Lane;
  readonly seq: number;
  /** What the gap record names: the covers of its lease, or the seq alone. */
  readonly range: SeqRange;
  readonly reason: string;
  readonly kind: 'refused' | 'nacked';
}

/** Sets a record aside for an account. Unknown records and those already acknowledged or closed are none of our business. */
export function setAside(
  books: Books,
  account: Account,
  what: Pick<Deferred, 'seq' | 'range' | 'reason' | 'kind'>,
): boolean {
  const { uplink, epoch, lane, done } = account;
  const at: SeqRange = [what.seq, what.seq];
  const known = !done.some(([from, to]) => from <= what.seq && what.seq <= to);
  if (!known || books.rows[lane].count(epoch, at) === 0) return false;
  account.waiting -= 1;
  account.close(what.range);
  books.deferred = [...books.deferred, { uplink, epoch, lane, ...what }];
  return true;
}

/** Per uplink; a platform that refuses everything must not fill the store with it. */
const MOST_KEPT = 1000;

/** Writes what was set aside, inside the caller's transaction; gives the gaps to be told. */
export function writeDeferred(books: Books): GapFields[] {
  // Nearly always, and this is asked at every commit.
  if (books.deferred.length === 0) return [];
  const put = writer(books.db, 'quarantine');
  const trim = books.db.prepare(
    `DELETE FROM quarantine WHERE uplink = ? AND id <= (SELECT id FROM quarantine WHERE uplink = ?
     ORDER BY id DESC LIMIT 1 OFFSET ${MOST_KEPT})`,
  );
  const gaps = books.deferred.flatMap((deferred): GapFields[] => {
    const { uplink, epoch, lane, seq, range, reason, kind } = deferred;
    const record = recordAt(books, epoch, lane, seq);
    if (!record) return [];
    put(uplink, idOf(epoch, seq), lane, reason, JSON.stringify(record));
    trim.run(uplink, uplink);
    // The story of a refused story would be refused too, and so on for ever.
    if (record.kind === 'gap') return [];
    const [from, to] = range;
    return [{ epoch: record.epoch, lane, from, to, count: 1, reason: kind, uplinks: [uplink] }];
  });
  books.deferred = [];
  return gaps;
}

function recordAt(books: Books, epoch: number, lane: Lane, seq: number): StoredRecord | undefined {
  const name = books.epochs.find(({ idx }) => idx === epoch)?.epoch ?? '';
  const [row] = books.rows[lane].walk(epoch, [seq, seq]);
  if (!row || !isSound(row)) return undefined;
  return openPart(unpack(row.body), lane, name).find((record) => record.seq === seq);
}

export function listQuarantine(books: Books): Quarantined[] {
  const rows = books.db.prepare('SELECT uplink, reason, record FROM quarantine ORDER BY uplink, id').all();
  // The shape of the rows is the table's, and the record is what writeDeferred wrote.
  return (rows as { uplink: string; reason: string; record: string }[]).map(({ uplink, reason, record }) => ({
    uplink,
    reason,
    record: JSON.parse(record) as StoredRecord,
  }));
}
