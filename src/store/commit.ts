import { type Entry, LANES, type Lane, type SeqRange } from '../model/index.ts';
import type { AuditTable } from './audit.ts';
import { type Books, transact } from './books.ts';
import { gapEntry, joinGaps } from './gap.ts';
import type { JournalTable } from './journal.ts';
import type { Batch, Committed, OpResult } from './protocol.ts';
import { prune } from './prune.ts';
import { writeDeferred } from './quarantine.ts';
import { limitOf, makeRoom, usedBytes } from './room.ts';
import { removeRotten } from './rotten.ts';
import { type Packed, packEntries } from './segment.ts';
import type { StateTable } from './state.ts';

export interface Tables {
  readonly audit: AuditTable;
  readonly journal: JournalTable;
  readonly state: StateTable;
}

/**
 * Stores a batch in one transaction, together with everything that waits to be written: acknowledged ranges, quarantines, what is let go.
 * Seqs are given here: lane a, then b, then c, so that each lane's are contiguous, then the gaps that making room has torn. A lane for
 * which there is no room without dropping what matters more is left out, and gets no seqs.
 */
export function commit(books: Books, tables: Tables, batch: Batch): Committed {
  return transact(books, () => {
    const age = books.age(batch.now.up);
    const evictedBefore = books.evicted;
    const gaps = [...writeDeferred(books), ...removeRotten(books)];
    const { results, entries } = runOps(tables, batch, {
      age,
      first: books.head + 1,
      epoch: books.current.epoch,
    });
    for (const set of batch.state) if (!set.lane) tables.state.put(set);
    prune(books, age);

    const lanes = { a: entries, b: batch.b, c: batch.c };
    const firsts = { a: 0, b: 0, c: 0 };
    const refused: Lane[] = [];
    for (const lane of LANES) {
      firsts[lane] = books.head + 1;
      // What is set and acknowledged is written in any case.
      if (lanes[lane].length === 0 && lane !== 'a') continue;
      const parts = packLane(books, lanes[lane], firsts[lane]);
      const room = makeRoom(books, lane, sizeOf(parts) * 1.2 + 4096);
      gaps.push(...room.gaps);
      if (room.made) insert(books, lane, { parts, age });
      else refused.push(lane);
    }
    for (const set of batch.state) if (set.lane && !refused.includes(set.lane)) tables.state.put(set);
    const told = joinGaps(gaps).map((fields) => gapEntry(fields, batch.now));
    insert(books, 'a', { parts: packLane(books, told, books.head + 1), age });
    books.ledger.write();
    countLog(books);

    const arrived = LANES.filter(
      (lane) => (lanes[lane].length && !refused.includes(lane)) || (lane === 'a' && told.length),
    );
    return {
      epoch: books.current.epoch,
      ops: results,
      b: firsts.b,
      c: firsts.c,
      refused,
      lanes: arrived,
      evicted: books.evicted - evictedBefore,
      use: useOf(books),
    };
  });
}

/** The log begins anew with this transaction, which says so (see mark.ts). */
function countLog(books: Books): void {
  if (!books.log_is_new) return;
  books.log_is_new = false;
  books.generation += 1;
  books.meta.put('generation', books.generation);
}

/** What parts take in the file, with their share of its pages. */
const sizeOf = (parts: readonly Packed[]): number =>
  parts.reduce((sum, { body }) => sum + body.length + 96, 0);

function runOps(
  tables: Tables,
  batch: Batch,
  at: { readonly age: number; readonly first: number; readonly epoch: string },
) {
  const entries: Entry[] = [];
  const results = batch.ops.map((op): OpResult => {
    if (op.op === 'intend') return tables.journal.intend(op, at.age);
    if (op.op === 'append') {
      const first = at.first + entries.length;
      for (const entry of op.entries)
        entries.push(entry.kind === 'audit' ? tables.audit.append(entry, at.epoch, at.age) : entry);
      return { op: 'append', first };
    }
    if (op.op === 'trim') {
      tables.audit.trim(op.nr);
      return { op: 'trim' };
    }
    const { fresh, outcome } = tables.journal.conclude(op, at.age);
    if (fresh) entries.push(op.record);
    return { op: 'conclude', outcome };
  });
  return { results, entries };
}

function packLane(books: Books, entries: readonly Entry[], first: number): readonly Packed[] {
  const { packed, rev } = packEntries(entries, first, books.rev);
  if (rev !== books.rev) books.meta.put('rev', rev);
  books.rev = rev;
  for (const entry of entries) if (entry.kind === 'clock') books.boots.learn(entry);
  return packed;
}

function insert(
  books: Books,
  lane: Lane,
  { parts, age }: { readonly parts: readonly Packed[]; readonly age: number },
): void {
  const { current } = books;
  const name = Buffer.from(current.epoch, 'hex');
  for (const part of parts) {
    const range: SeqRange = [part.first, part.first + part.n - 1];
    books.rows[lane].insert(current.idx, part, { name, at: age, boot: books.boots.indexOf(part.boot) });
    books.head = range[1];
    books.kept = { ...books.kept, [lane]: books.kept[lane] + part.n };
    for (const account of books.ledger.of(current.idx, lane)) account.waiting += part.n;
  }
}

/** How full the store is with what somebody still waits for: the rest can be let go at any time. */
function useOf(books: Books): number {
  const kept = LANES.reduce((sum, lane) => sum + books.kept[lane], 0);
  if (kept === 0) return 0;
  const waiting = LANES.map((lane) =>
    books.ledger.uplinks.map((uplink) => waitingOf(books, uplink, lane)).reduce((x, y) => Math.max(x, y), 0),
  );
  const share = Math.min(1, waiting.reduce((sum, count) => sum + count, 0) / kept);
  return (usedBytes(books) / limitOf(books.settings.quota_bytes)) * share;
}

export const waitingOf = (books: Books, uplink: string, lane: Lane): number =>
  books.epochs.reduce((sum, { idx }) => sum + books.ledger.account(uplink, idx, lane).waiting, 0);
