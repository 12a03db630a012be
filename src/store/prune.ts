import { LANES } from '../model/index.ts';
import type { Books } from './books.ts';
import { headOf } from './books.ts';
import { mayGo, type Place, removeSlots } from './remove.ts';
import { seqOf } from './rows.ts';

/** Fewer are not worth the pages that a deletion touches; more would hold up the transaction it rides with. */
const FEWEST = 10;
const MOST = 2000;

/** Lets go of what every uplink has had for the time it is to be kept, oldest first; inside the caller's transaction. */
export function prune(books: Books, age: number): void {
  const limit = age - books.settings.retain_ms / 1000;
  if (limit < 0) return;
  for (const epoch of books.epochs) {
    for (const lane of LANES) pruneLane(books, { epoch, lane }, limit);
  }
}

function pruneLane(books: Books, place: Place, limit: number): void {
  const { epoch, lane } = place;
  const last = headOf(books, epoch);
  const oldest = last > 0 ? books.rows[lane].first(epoch.idx, [1, last]) : undefined;
  if (!oldest || oldest.at > limit) return;
  const from = seqOf(oldest.id);
  const run = books.ledger
    .doneByAll(epoch.idx, lane, last)
    .find((range) => range[0] <= from && range[1] >= from);
  if (!run) return;
  const slots = books.rows[lane].inside(epoch.idx, [from, run[1]], MOST);
  const ripe = slots.filter((slot) => slot.at <= limit && mayGo(books, place, slot));
  if (ripe.length >= FEWEST) removeSlots(books, place, ripe);
}
