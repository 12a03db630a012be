import { createHash } from 'node:crypto';
import type { Digest } from '../contracts/index.ts';
import { holes, type Lane, PART_LIMIT, type SeqRange } from '../model/index.ts';
import type { Account } from './account.ts';
import type { Books } from './books.ts';
import { idOf, lastSeq, seqOf } from './rows.ts';
import { subtract } from './spans.ts';

/** One call hashes at most so many seqs; the rest comes with the next call. */
const MOST_SEQS = 500_000;

/**
 * What was sent and acknowledged without a break beyond the last digest of each lane. A digest never spans a closed range: there the gap
 * record speaks, and the next digest begins behind it.
 */
export function digests(books: Books, uplink: string): Digest[] {
  return books.ledger.ofUplink(uplink).flatMap((account) => {
    const epoch = books.epochs.find(({ idx }) => idx === account.epoch)?.epoch;
    return epoch === undefined ? [] : ofAccount(books, account, epoch);
  });
}

function ofAccount(books: Books, account: Account, epoch: string): Digest[] {
  const found: Digest[] = [];
  for (const run of whole(books, account)) {
    const { hash, count, to } = hashSeqs(books, account, run);
    if (count === 0) continue;
    const { lane } = account;
    found.push({ epoch, lane, from: run[0], to, count, sha256: hash });
    if (to < run[1]) break;
  }
  return found;
}

/** Acknowledged runs beyond the cursor, up to the first record that is open. */
function whole(books: Books, account: Account): SeqRange[] {
  const last = account.done.at(-1)?.[1] ?? 0;
  if (last <= account.cursor) return [];
  const beyond: SeqRange = [account.cursor + 1, last];
  const rows = books.rows[account.lane];
  const open = holes(account.done, beyond).find((hole) => rows.firstSeq(account.epoch, hole) !== undefined);
  const end = open ? open[0] - 1 : last;
  return subtract([[account.cursor + 1, end]], account.closed).flatMap((run) =>
    account.acked.flatMap(([from, to]): SeqRange[] =>
      from <= run[1] && to >= run[0] ? [[Math.max(from, run[0]), Math.min(to, run[1])]] : [],
    ),
  );
}

function hashSeqs(books: Books, account: Account, [from, to]: SeqRange) {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(8 * 1024);
  let count = 0;
  let fill = 0;
  for (const [low, high] of sentIn(books, account, [from, to])) {
    for (let seq = low; seq <= high; seq += 1) {
      buffer.writeBigUInt64BE(BigInt(seq), fill);
      fill += 8;
      if (fill === buffer.length) hash.update(buffer);
      if (fill === buffer.length) fill = 0;
    }
    count += high - low + 1;
    if (count >= MOST_SEQS && high < to) {
      return { hash: hash.update(buffer.subarray(0, fill)).digest('hex'), count, to: high };
    }
  }
  return { hash: hash.update(buffer.subarray(0, fill)).digest('hex'), count, to };
}

/** Seqs of the lane in the range, ascending: of segments that are kept, and of those that were let go since (`runs`). */
function* sentIn(books: Books, account: Account, range: SeqRange): Generator<SeqRange> {
  const { epoch, lane } = account;
  const table = {
    seg: `seg_${lane}`,
    from: idOf(epoch, Math.max(0, range[0] - PART_LIMIT)),
    to: idOf(epoch, range[1]),
  };
  const rows = books.db
    .prepare(
      `SELECT id, n FROM ${table.seg} WHERE id BETWEEN @from AND @to
       UNION ALL SELECT id, n FROM runs WHERE lane = @lane AND id BETWEEN @from AND @to ORDER BY id`,
    )
    .iterate({ from: table.from, to: table.to, lane });
  // The shape of the rows is what was selected.
  for (const row of rows as IterableIterator<{ id: number; n: number }>) {
    const low = Math.max(range[0], seqOf(row.id));
    const high = Math.min(range[1], lastSeq(row));
    if (low <= high) yield [low, high];
  }
}

/** The platform was told; its next digest begins behind this one. */
export function digested(books: Books, uplink: string, digest: Digest): void {
  const epoch = books.epochs.find((known) => known.epoch === digest.epoch);
  if (!epoch) return;
  const account = books.ledger.account(uplink, epoch.idx, digest.lane);
  if (digest.to <= account.cursor) return;
  account.cursor = digest.to;
  account.dirty = true;
}

/** Segments that leave the file while a digest over them is still to be given leave their seqs behind. */
export function keepRun(
  books: Books,
  lane: Lane,
  row: { readonly id: number; readonly n: number },
  epoch: number,
) {
  const wanted = books.ledger
    .of(epoch, lane)
    .some(
      (account) =>
        account.cursor < lastSeq(row) &&
        account.acked.some(([from, to]) => from <= lastSeq(row) && to >= seqOf(row.id)),
    );
  if (wanted) books.ledger.keepRun(lane, row.id, row.n);
}

/** Digests that nobody asks for must not grow the file without bound. */
const MOST_RUNS = 5000;

/** Forgets runs that every digest has passed; a platform that never asks loses its oldest ones. */
export function trimRuns(books: Books, epoch: number, lane: Lane): void {
  const accounts = books.ledger.of(epoch, lane);
  const within = [lane, idOf(epoch, 0), idOf(epoch + 1, 0) - 1] as const;
  const many = books.db.prepare('SELECT count(*) FROM runs WHERE lane = ? AND id BETWEEN ? AND ?').pluck();
  const excess = Number(many.get(...within)) - MOST_RUNS;
  if (excess > 0) {
    const nth = books.db.prepare(
      'SELECT id, n FROM runs WHERE lane = ? AND id BETWEEN ? AND ? ORDER BY id LIMIT 1 OFFSET ?',
    );
    // The shape of the row is what was selected; there are more rows than the offset.
    const row = nth.get(...within, excess) as { id: number; n: number };
    for (const account of accounts.filter(({ cursor }) => cursor < lastSeq(row))) {
      account.cursor = lastSeq(row);
      account.dirty = true;
    }
  }
  const passed = Math.min(Number.MAX_SAFE_INTEGER, ...accounts.map(({ cursor }) => cursor));
  const to = Math.min(within[2], idOf(epoch, 0) + passed + 1);
  books.db.prepare('DELETE FROM runs WHERE lane = ? AND id >= ? AND id + n <= ?').run(lane, within[1], to);
}
