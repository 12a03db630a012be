import { type GapFields, LANES, type Lane, type SeqRange } from '../model/index.ts';
import type { Books, Epoch } from './books.ts';
import { neighboursOf, type Place } from './remove.ts';
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
    const gaps = betweenRecords(books, { epoch, lane }, missing).flatMap((between) =>
      tell(books, { epoch, lane }, between),
    );
    for (const [from, to] of unknownTo(books, epoch, { lane, missing })) {
      books.ledger.recordGone(epoch.idx, lane, [from, to], to - from + 1);
    }
    return gaps;
  });
}

/** What is missing between two records of a lane that are there. */
interface Between {
  /** From behind the one to before the other. */
  readonly range: SeqRange;
  readonly missing: readonly SeqRange[];
}

function betweenRecords(books: Books, place: Place, missing: readonly SeqRange[]): Between[] {
  const found = new Map<string, Between>();
  for (const one of missing) {
    const [before, after] = neighboursOf(books, place, one);
    const range: SeqRange = [before + 1, after - 1];
    const same = found.get(range.join())?.missing ?? [];
    found.set(range.join(), { range, missing: [...same, one] });
  }
  return [...found.values()];
}

/**
 * One gap for all uplinks with the same story. It also takes the seqs of other lanes around and between what is missing, so that the ranges of
 * the lane join up.
 */
function tell(books: Books, { epoch, lane }: Place, { range, missing }: Between): GapFields[] {
  const told = new Map<
    string,
    { readonly range: SeqRange; readonly count: number; readonly uplinks: string[] }
  >();
  for (const account of books.ledger.of(epoch.idx, lane)) {
    const lost = subtract(missing, account.done);
    if (lost.length === 0) continue;
    const open = subtract([range], account.done);
    const whole: SeqRange = [open[0]?.[0] ?? range[0], open.at(-1)?.[1] ?? range[1]];
    const count = lost.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    const key = [...whole, count].join();
    const same = told.get(key) ?? { range: whole, count, uplinks: [] };
    same.uplinks.push(account.uplink);
    told.set(key, same);
    for (const hole of open) account.close(hole);
  }
  return [...told.values()].map(({ range: [from, to], count, uplinks }): GapFields => {
    return { epoch: epoch.epoch, lane, from, to, count, reason: 'damaged', uplinks };
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
