import type { Acknowledged } from '../contracts/index.ts';
import { holes, type Lane, type SeqRange } from '../model/index.ts';
import type { Account } from './account.ts';
import { type Books, headOf } from './books.ts';
import { setAside } from './quarantine.ts';
import { lastSeq, seqOf } from './rows.ts';
import { intersect, subtract } from './spans.ts';

/** The platform has these ranges. Says whether anything was set aside, which has to be told soon. */
export function settle(books: Books, uplink: string, ack: Acknowledged): { readonly aside: boolean } {
  const epoch = books.epochs.find((known) => known.epoch === ack.epoch);
  if (!epoch || !books.rows[ack.lane]) return { aside: false };
  const account = books.ledger.account(uplink, epoch.idx, ack.lane);
  const last = headOf(books, epoch);
  // Before the ranges, which may hold the refused ones too.
  const aside = ack.nacks.filter(({ seq, reason }) =>
    setAside(books, account, { seq, range: [seq, seq], reason, kind: 'nacked' }),
  );
  for (const range of ack.ranges) if (isSane(range, last)) acknowledge(books, account, range);
  return { aside: aside.length > 0 };
}

/** A platform that acknowledges what was never stored is mistaken about all of that range. */
const isSane = ([from, to]: SeqRange, last: number): boolean =>
  Number.isInteger(from) && Number.isInteger(to) && from >= 1 && from <= to && to <= last;

function acknowledge(books: Books, account: Account, range: SeqRange): void {
  let open = holes(account.done, range);
  // Whole leases are the usual case, and how many records they hold is known.
  for (const { covers, records } of account.out.values()) {
    if (!open.some(([from, to]) => from <= covers[0] && covers[1] <= to)) continue;
    account.waiting -= records;
    open = subtract(open, [covers]);
  }
  for (const rest of open) account.waiting -= books.rows[account.lane].count(account.epoch, rest);
  account.acknowledge(range);
}

function accountOf(books: Books, uplink: string, lease: number): Account | undefined {
  return books.ledger.ofUplink(uplink).find(({ out }) => out.has(lease));
}

/** It was not taken, through no fault of its own. */
export function release(books: Books, uplink: string, lease: number): void {
  accountOf(books, uplink, lease)?.takeBack(lease);
}

/** Refused for good: halved while it holds more than one record that is still open, else set aside. */
export function refuse(
  books: Books,
  uplink: string,
  lease: number,
  reason: string,
): { readonly aside: boolean } {
  const account = accountOf(books, uplink, lease);
  const out = account?.out.get(lease);
  if (!account || !out) return { aside: false };
  account.takeBack(lease);
  const open = openSeqs(books, account, out.covers);
  if (open.count === 1) {
    const aside = { seq: open.first, range: out.covers, reason, kind: 'refused' } as const;
    // Parts of the covers that are acknowledged already stay so: the gap names the rest of it.
    const [rest] = holes(account.done, out.covers).filter(
      ([from, to]) => from <= open.first && open.first <= to,
    );
    return { aside: setAside(books, account, { ...aside, range: rest ?? out.covers }) };
  }
  if (open.count > 1) account.halve(out.covers, open.count);
  return { aside: false };
}

/** How many records of the covers are still open, and the first of them. */
function openSeqs(books: Books, account: Account, covers: SeqRange) {
  const open = holes(account.done, covers);
  const rows = books.rows[account.lane];
  const count = open.reduce((sum, range) => sum + rows.count(account.epoch, range), 0);
  const firsts = open.map((range) => rows.firstSeq(account.epoch, range) ?? Number.POSITIVE_INFINITY);
  return { count, first: Math.min(...firsts) };
}

/** Acknowledged records of the range that are still kept are open again, as backlog; gives their number. */
export function replay(
  books: Books,
  uplink: string,
  what: { readonly epoch: string; readonly lane: Lane; readonly range: SeqRange },
): number {
  const epoch = books.epochs.find((known) => known.epoch === what.epoch);
  const range: SeqRange = [
    Math.max(1, what.range[0]),
    Math.min(what.range[1], epoch ? headOf(books, epoch) : 0),
  ];
  if (!epoch || !(range[0] <= range[1])) return 0;
  const account = books.ledger.account(uplink, epoch.idx, what.lane);
  const wanted = intersect(account.acked, subtract([range], account.closed));
  const again = wanted.flatMap((span) => keptIn(books, account, span));
  const records = again.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  account.reopen(again);
  account.waiting += records;
  return records;
}

/** The seqs of the span that are records in the file; a segment's seqs are consecutive. */
function keptIn(books: Books, account: Account, [from, to]: SeqRange): SeqRange[] {
  const kept: SeqRange[] = [];
  for (const row of books.rows[account.lane].walk(account.epoch, [from, to])) {
    kept.push([Math.max(from, seqOf(row.id)), Math.min(to, lastSeq(row))]);
  }
  return kept;
}
