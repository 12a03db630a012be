import { type GapFields, type GapReason, holes, type SeqRange } from '../model/index.ts';
import type { Account } from './account.ts';
import type { Books } from './books.ts';
import { neighboursOf, type Place } from './remove.ts';
import { lastSeq, type Slot, seqOf } from './rows.ts';

export interface Group {
  readonly slots: Slot[];
  readonly hurt: readonly Account[];
}

/** Consecutive segments that the same uplinks still want. */
export function groupByHurt(books: Books, { epoch, lane }: Place, slots: readonly Slot[]): Group[] {
  const groups: Group[] = [];
  for (const slot of slots) {
    const range: SeqRange = [seqOf(slot.id), lastSeq(slot)];
    const hurt = books.ledger.of(epoch.idx, lane).filter(({ done }) => holes(done, range).length > 0);
    const last = groups.at(-1);
    const same =
      last?.hurt.length === hurt.length && last.hurt.every((account, index) => account === hurt[index]);
    if (last && same) last.slots.push(slot);
    else groups.push({ slots: [slot], hurt });
  }
  return groups;
}

/**
 * Closes the group's range for the uplinks that wanted it, with the seqs of other lanes around it that they are not done with: no seq
 * between its neighbours is left unexplained. (What is gone on either side may have been another uplink's loss, so it is no border here.)
 */
export function closeGroup(
  books: Books,
  place: Place,
  { slots, hurt, reason }: Group & { readonly reason: GapReason },
): GapFields {
  const first = seqOf(slots[0]?.id ?? 0);
  const last = slots.reduce((end, slot) => Math.max(end, lastSeq(slot)), 0);
  const around = neighboursOf(books, place, [first, last]);
  const open = hurt.flatMap(({ done }) => holes(done, [around[0] + 1, around[1] - 1]));
  const from = Math.min(first, ...open.map((range) => range[0]));
  const to = Math.max(last, ...open.map((range) => range[1]));
  const count = slots.reduce((sum, { n }) => sum + n, 0);
  for (const account of hurt) {
    for (const slot of slots) {
      for (const [low, high] of holes(account.done, [seqOf(slot.id), lastSeq(slot)]))
        account.waiting -= high - low + 1;
    }
    for (const range of holes(account.done, [from, to])) account.close(range);
  }
  const uplinks = hurt.map(({ uplink }) => uplink);
  return { epoch: place.epoch.epoch, lane: place.lane, from, to, count, reason, uplinks };
}
