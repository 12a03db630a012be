import { type GapFields, LANES, type Lane, type SeqRange } from '../model/index.ts';
import type { Books, Epoch } from './books.ts';
import { idOf, lastSeq, seqOf } from './rows.ts';
import { subtract } from './spans.ts';

/**
 * What a salvaged database is known to have lost: seqs that no kept record has and that some uplink neither has nor was told of. Which
 * lane a lost record was in nobody knows, so each lane tells the range and closes it.
 */
export function losses(books: Books): GapFields[] {
  return books.epochs.flatMap((epoch) => ofEpoch(books, epoch));
}

function ofEpoch(books: Books, epoch: Epoch): GapFields[] {
  const missing = holesOf(books, epoch);
  return LANES.flatMap((lane) => {
    const told = new Map<string, { readonly range: SeqRange; readonly uplinks: string[] }>();
    for (const account of books.ledger.of(epoch.idx, lane)) {
      for (const range of subtract(missing, account.done)) {
        const key = range.join();
        const same = told.get(key) ?? { range, uplinks: [] };
        same.uplinks.push(account.uplink);
        told.set(key, same);
        account.close(range);
      }
    }
    for (const [from, to] of unknownTo(books, epoch, { lane, missing })) {
      books.ledger.recordGone(epoch.idx, lane, [from, to], to - from + 1);
    }
    return [...told.values()].map(({ range: [from, to], uplinks }): GapFields => {
      return { epoch: epoch.epoch, lane, from, to, count: to - from + 1, reason: 'damaged', uplinks };
    });
  });
}

/** For uplinks that are configured later. */
function unknownTo(
  books: Books,
  epoch: Epoch,
  { lane, missing }: { readonly lane: Lane; readonly missing: readonly SeqRange[] },
): SeqRange[] {
  const gone = books.ledger.goneFrom(epoch.idx, lane).map(([from, to]): SeqRange => [from, to]);
  return subtract(missing, gone);
}

/** Seqs of the epoch that no segment of any lane holds. */
function holesOf(books: Books, epoch: Epoch): SeqRange[] {
  const lanes = LANES.map((lane) => `SELECT id, n FROM seg_${lane} WHERE id BETWEEN @from AND @to`);
  const slots = books.db
    .prepare(`${lanes.join(' UNION ALL ')} ORDER BY id`)
    .iterate({ from: idOf(epoch.idx, 0), to: idOf(epoch.idx + 1, 0) - 1 });
  const found: SeqRange[] = [];
  let end = 0;
  // The shape of the rows is what was selected.
  for (const slot of slots as IterableIterator<{ id: number; n: number }>) {
    if (seqOf(slot.id) > end + 1) found.push([end + 1, seqOf(slot.id) - 1]);
    end = Math.max(end, lastSeq(slot));
  }
  if (epoch.last_seq > end) found.push([end + 1, epoch.last_seq]);
  return found;
}
