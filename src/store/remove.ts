import type { Lane, SeqRange } from '../model/index.ts';
import type { Books, Epoch } from './books.ts';
import { headOf } from './books.ts';
import { keepRun, trimRuns } from './digest.ts';
import { lastSeq, type Slot, seqOf } from './rows.ts';

/** Where segments lie: one lane of one epoch. */
export interface Place {
  readonly epoch: Epoch;
  readonly lane: Lane;
}

/** The last seq of the record before consecutive segments and the first seq of the one after them, of the same lane; 0, and what follows the head, if none. */
export function neighboursOf(books: Books, { epoch, lane }: Place, [first, last]: SeqRange): SeqRange {
  const rows = books.rows[lane];
  const before = first > 1 ? rows.last(epoch.idx, [1, first - 1]) : undefined;
  const next = rows.firstSeq(epoch.idx, [last + 1, headOf(books, epoch)]);
  return [before ? lastSeq(before) : 0, next ?? last + 1];
}

/**
 * The seqs that belong to consecutive segments and to nobody else of their lane: from behind the record before them (or what is gone
 * there) to just before the record after them. So ranges of a lane join up although other lanes have their seqs in between.
 */
function extentOf(books: Books, place: Place, [first, last]: SeqRange): SeqRange {
  const [before, next] = neighboursOf(books, place, [first, last]);
  const gone = books.ledger.goneFrom(place.epoch.idx, place.lane);
  const ends = gone.map(([, to]) => to).filter((to) => to < first);
  const begins = gone.map(([from]) => from).filter((from) => from > last);
  return [Math.max(before, ...ends) + 1, Math.min(next - 1, ...begins.map((begin) => begin - 1))];
}

/** Takes consecutive segments of one place out of the file, inside the caller's transaction. */
export function removeSlots(books: Books, place: Place, slots: readonly Slot[]): void {
  const first = slots[0];
  const last = slots.at(-1);
  if (!first || !last) return;
  const { epoch, lane } = place;
  const count = slots.reduce((sum, { n }) => sum + n, 0);
  const extent = extentOf(books, place, [seqOf(first.id), lastSeq(last)]);
  for (const slot of slots) keepRun(books, lane, slot, epoch.idx);
  books.rows[lane].remove(first.id, last.id);
  books.ledger.recordGone(epoch.idx, lane, extent, count);
  books.kept = { ...books.kept, [lane]: books.kept[lane] - count };
  trimRuns(books, epoch.idx, lane);
}

/** The newest segment of all stays: it is what remembers which seqs were given. */
export const mayGo = (books: Books, { epoch }: Place, slot: Slot): boolean =>
  epoch.idx !== books.current.idx || lastSeq(slot) < books.head;
