import { type GapFields, type Lane, openPart, type SeqRange } from '../model/index.ts';
import { type Books, headOf } from './books.ts';
import { closeGroup, type Group, groupByHurt } from './close.ts';
import { PAGE_BYTES } from './database.ts';
import { mayGo, type Place, removeSlots } from './remove.ts';
import { lastSeq, type Sized, seqOf } from './rows.ts';
import { unpack } from './segment.ts';
import { isSound } from './sum.ts';

/** What is dropped first when there is no room: oldest of the lowest class. */
const LOWEST_FIRST: readonly Lane[] = ['c', 'b', 'a'];
const MOST_AT_ONCE = 2000;

/** Pages of the log before it is written back: it counts against the quota, so a small store has a small log. */
export const checkpointPages = (quota_bytes: number): number =>
  Math.min(1000, Math.max(40, Math.floor(quota_bytes / 16 / PAGE_BYTES)));

/** Bytes of the database itself that the quota allows, beside its log. */
export const limitOf = (quota_bytes: number): number =>
  quota_bytes - 2 * checkpointPages(quota_bytes) * (PAGE_BYTES + 24);

/** Bytes in use; free pages are used again before the file grows. */
export function usedBytes(books: Books): number {
  const pages = Number(books.db.pragma('page_count', { simple: true }));
  const free = Number(books.db.pragma('freelist_count', { simple: true }));
  return (pages - free) * PAGE_BYTES;
}

export interface Room {
  /** There is room now. Never false for lane a: it is stored even where nothing is left to give way. */
  readonly made: boolean;
  /** These tell of what had to go. */
  readonly gaps: readonly GapFields[];
}

/**
 * Makes room for `need` bytes for a lane within the quota, inside the caller's transaction: first what every uplink has, then what somebody
 * still wants, oldest of the lowest class first, but nothing of a higher class than the lane's own.
 */
export function makeRoom(books: Books, lane: Lane, need: number): Room {
  const limit = limitOf(books.settings.quota_bytes);
  const over = () => usedBytes(books) + need - limit;
  if (over() <= 0) return { made: true, gaps: [] };
  // A little more than is needed, so that gaps are few and long.
  const margin = Math.min(2 ** 21, limit / 128);
  const lanes = LOWEST_FIRST.slice(0, LOWEST_FIRST.indexOf(lane) + 1);
  const gaps: GapFields[] = [];
  for (;;) {
    const excess = over() + margin;
    const victims = excess > 0 ? (finished(books, excess) ?? unfinished(books, excess, lanes)) : undefined;
    if (!victims) return { made: lane === 'a' || over() <= 0, gaps };
    gaps.push(...tellAndRemove(books, victims));
  }
}

interface Victims {
  readonly place: Place;
  readonly slots: readonly Sized[];
}

/** The oldest segments that every uplink has. */
function finished(books: Books, bytes: number): Victims | undefined {
  for (const lane of LOWEST_FIRST) {
    for (const epoch of books.epochs) {
      for (const range of books.ledger.doneByAll(epoch.idx, lane, headOf(books, epoch))) {
        const victims = choose(books, { epoch, lane }, { range, bytes });
        if (victims) return victims;
      }
    }
  }
  return undefined;
}

/** The oldest segments of the lowest class that has any. */
function unfinished(books: Books, bytes: number, lanes: readonly Lane[]): Victims | undefined {
  for (const lane of lanes) {
    for (const epoch of books.epochs) {
      const range: SeqRange = [1, headOf(books, epoch)];
      const victims = choose(books, { epoch, lane }, { range, bytes });
      if (victims) return victims;
    }
  }
  return undefined;
}

function choose(
  books: Books,
  place: Place,
  { range, bytes }: { readonly range: SeqRange; readonly bytes: number },
): Victims | undefined {
  let sum = 0;
  const slots = books.rows[place.lane].inside(place.epoch.idx, range, MOST_AT_ONCE).filter((slot) => {
    const more = sum < bytes && mayGo(books, place, slot);
    if (more) sum += slot.bytes;
    return more;
  });
  return slots.length ? { place, slots } : undefined;
}

function tellAndRemove(books: Books, { place, slots }: Victims): GapFields[] {
  const gaps: GapFields[] = [];
  for (const group of groupByHurt(books, place, slots)) {
    if (group.hurt.length)
      gaps.push(...carriedGaps(books, place, group), closeGroup(books, place, { ...group, reason: 'quota' }));
    if (group.hurt.length) books.evicted += group.slots.reduce((sum, { n }) => sum + n, 0);
    removeSlots(books, place, group.slots);
  }
  return gaps;
}

/** Gaps told by gap records that are dropped themselves before everybody has read them: they are told again. */
function carriedGaps(books: Books, { epoch, lane }: Place, { slots, hurt }: Group): GapFields[] {
  if (lane !== 'a') return [];
  const rows = slots.flatMap((slot) => [...books.rows.a.walk(epoch.idx, [seqOf(slot.id), lastSeq(slot)])]);
  const records = rows.filter(isSound).flatMap((row) => openPart(unpack(row.body), lane, epoch.epoch));
  return records.flatMap((record): GapFields[] => {
    if (record.kind !== 'gap') return [];
    // Gap records are made by this store alone, of GapFields.
    const fields = record.fields as GapFields;
    const unread = hurt.filter(({ done, uplink }) => {
      const read = done.some(([from, to]) => from <= record.seq && record.seq <= to);
      return !read && fields.uplinks.includes(uplink);
    });
    const uplinks = unread.map(({ uplink }) => uplink);
    return uplinks.length ? [{ ...fields, uplinks }] : [];
  });
}
