import type { GapFields } from '../model/index.ts';
import type { Books } from './books.ts';
import { closeGroup, groupByHurt } from './close.ts';
import { mayGo, type Place, removeSlots } from './remove.ts';
import type { Row, Slot } from './rows.ts';

/** A segment whose body is not what was written: no database check finds that, only its own checksum. */
export interface Rotten {
  readonly place: Place;
  readonly slot: Slot;
  readonly gaps: readonly GapFields[];
}

/** Closes a spoilt segment for everybody who still wanted it, at once in memory; the file and the platform learn of it with the next transaction. */
export function condemn(books: Books, place: Place, row: Row): void {
  if (books.rotten.some(({ slot }) => slot.id === row.id)) return;
  const { id, n, at } = row;
  const slot: Slot = { id, n, at };
  const gaps = groupByHurt(books, place, [slot])
    .filter(({ hurt }) => hurt.length > 0)
    .map((group) => closeGroup(books, place, { ...group, reason: 'damaged' }));
  books.rotten = [...books.rotten, { place, slot, gaps }];
}

export function removeRotten(books: Books): GapFields[] {
  const gaps = books.rotten.flatMap((rotten) => rotten.gaps);
  for (const { place, slot } of books.rotten)
    if (mayGo(books, place, slot)) removeSlots(books, place, [slot]);
  books.rotten = [];
  return gaps;
}
