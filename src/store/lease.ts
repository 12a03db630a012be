import type { Lease, LeaseWant, PackedPart } from '../contracts/index.ts';
import { holes, type SeqRange } from '../model/index.ts';
import type { Account } from './account.ts';
import { type Books, type Epoch, headOf } from './books.ts';
import { condemn } from './rotten.ts';
import { lastSeq, type Row, seqOf } from './rows.ts';
import { type Packed, pack, slicePart, unpack } from './segment.ts';
import { addAll } from './spans.ts';
import { isSound } from './sum.ts';

/**
 * The next lease of a lane for an uplink; `head` is the last seq stored before its connection. Leases of one lane join up: each begins at
 * the first seq that is not acknowledged, closed or out, and never spans one that is.
 */
export function takeLease(books: Books, uplink: string, want: Wanted): Lease | undefined {
  for (;;) {
    const rotten = books.rotten.length;
    const lease = nextLease(books, uplink, want);
    // Without a lease, but with a spoilt segment found: what is behind it is still to be had.
    if (lease || books.rotten.length === rotten) return lease;
  }
}

function nextLease(books: Books, uplink: string, want: Wanted): Lease | undefined {
  if (want.head === 'backlog') {
    for (const epoch of books.epochs) {
      const account = books.ledger.account(uplink, epoch.idx, want.lane);
      if (account.waiting === 0) continue;
      const last = epoch === books.current ? want.line : epoch.last_seq;
      for (const within of [[1, last] as const, ...account.again.filter(([, to]) => to > last)]) {
        const lease = takeWithin(books, { epoch, account, within, want });
        if (lease) return lease;
      }
    }
    return undefined;
  }
  const epoch = books.current;
  const account = books.ledger.account(uplink, epoch.idx, want.lane);
  if (account.waiting === 0) return undefined;
  const within: SeqRange = [liveFrom(books, account, want.line), headOf(books, epoch)];
  return takeWithin(books, { epoch, account, within, want });
}

/**
 * Where the live head begins: behind the line, or before it where the backlog ends with seqs of other lanes only. No backlog lease will
 * ever reach over those, and the ranges of a lane have to join up.
 */
function liveFrom(books: Books, account: Account, line: number): number {
  const last = holes(account.taken, [1, line]).at(-1);
  if (!last || last[1] < line) return line + 1;
  return books.rows[account.lane].firstSeq(account.epoch, last) === undefined ? last[0] : line + 1;
}

interface Search {
  readonly epoch: Epoch;
  readonly account: Account;
  readonly within: SeqRange;
  readonly want: Wanted;
}

type Wanted = LeaseWant & { readonly line: number; readonly id: number };

function takeWithin(books: Books, { epoch, account, within, want }: Search): Lease | undefined {
  const live = want.head === 'live';
  // What was asked for again goes as backlog, even if it was stored since the connection began.
  const shut = live && account.again.length ? addAll(account.taken, account.again) : account.taken;
  for (const interval of holes(shut, within)) {
    const first = books.rows[account.lane].firstSeq(epoch.idx, interval);
    if (first === undefined) {
      absorb(account, interval);
      continue;
    }
    const zone = account.zoneOf(first);
    const bound = Math.min(interval[1], zone?.range[1] ?? interval[1]);
    const limits = {
      max_bytes: want.max_bytes,
      max_records: Math.min(want.max_records, zone?.max ?? want.max_records),
    };
    const got = collect(books, { epoch, account, range: [first, bound] }, limits);
    if (got.parts.length === 0) return undefined;
    // The newest live record may be followed by more at any moment; everything else that ends here ends for good.
    const final = got.exhausted && !(live && bound === within[1]);
    const covers: SeqRange = [interval[0], final ? bound : got.last];
    account.lend({ id: want.id, covers, records: got.records });
    const { lane, head } = want;
    return { id: want.id, epoch: epoch.epoch, lane, head, covers, records: got.records, parts: got.parts };
  }
  return undefined;
}

/** Seqs without a record of this lane, between ranges that are done: nothing is missing there, so nobody need look again. */
function absorb(account: Account, [from, to]: SeqRange): void {
  const before = from === 1 || account.done.some((range) => range[1] === from - 1);
  const after = account.done.some((range) => range[0] === to + 1);
  if (before && after) account.acknowledge([from, to]);
}

interface Limits {
  readonly max_bytes: number;
  readonly max_records: number;
}

/** Parts of the range's records, as they lie in the file where they fit whole, in pieces where they do not. */
function collect(
  books: Books,
  { epoch, account, range }: { readonly epoch: Epoch; readonly account: Account; readonly range: SeqRange },
  limits: Limits,
) {
  const parts: PackedPart[] = [];
  let left = limits;
  let last = range[0];
  let records = 0;
  let exhausted = true;
  let rotten: Row | undefined;
  for (const row of books.rows[account.lane].walk(account.epoch, range)) {
    if (!isSound(row)) rotten = row;
    if (rotten) break;
    const wanted: SeqRange = [Math.max(range[0], seqOf(row.id)), Math.min(range[1], lastSeq(row))];
    const part = fitPart(books, row, wanted, { ...left, must: parts.length === 0 });
    if (part) parts.push(part);
    else books.rows[account.lane].spared(row);
    if (part) records += part.n;
    if (part) last = part.first + part.n - 1;
    if (part) left = { max_bytes: left.max_bytes - part.length, max_records: left.max_records - part.n };
    exhausted = part !== undefined && last === wanted[1];
    if (!exhausted || left.max_records < 1) break;
  }
  if (rotten) condemn(books, { epoch, lane: account.lane }, rotten);
  if (rotten) return { parts, records, last, exhausted: false };
  // Stopped by the number of records, at the end of a row: is there another one?
  if (exhausted && last < range[1]) {
    exhausted = books.rows[account.lane].firstSeq(account.epoch, [last + 1, range[1]]) === undefined;
  }
  return { parts, records, last, exhausted };
}

function fitPart(
  books: Books,
  row: Row,
  [from, to]: SeqRange,
  limits: Limits & { readonly must: boolean },
): PackedPart | undefined {
  const n = to - from + 1;
  const whole = n === row.n;
  if (whole && n <= limits.max_records && row.length <= limits.max_bytes) return wholePart(books, row);
  if (!limits.must && (n > limits.max_records || whole || row.length > limits.max_bytes)) return undefined;
  if (whole && n === 1) return wholePart(books, row);
  const part = unpack(row.body);
  // Parts are cut in proportion to their length first; how long a piece really is shows when it is packed.
  let count = Math.min(n, limits.max_records, Math.ceil((row.n * limits.max_bytes) / row.length));
  for (;;) {
    const piece = pack(slicePart(part, from, from + Math.max(1, count) - 1));
    if (piece.length <= limits.max_bytes || count <= 1) return piecePart(books, row, piece);
    count = Math.floor(count * Math.min(0.9, limits.max_bytes / piece.length));
  }
}

const wholePart = (books: Books, row: Row): PackedPart => ({
  deflated: row.body,
  adler: row.adler,
  length: row.length,
  first: seqOf(row.id),
  n: row.n,
  boot: books.boots.name(row.boot),
  base: books.boots.wall(row.boot, row.up),
});

const piecePart = (books: Books, row: Row, piece: Packed): PackedPart => ({
  deflated: piece.body,
  adler: piece.adler,
  length: piece.length,
  first: piece.first,
  n: piece.n,
  boot: piece.boot,
  base: books.boots.wall(row.boot, piece.up),
});
