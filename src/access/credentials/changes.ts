import type { ListMaking, ListRows, PeopleList } from '../../contracts/index.ts';
import type { JsonObject } from '../../model/index.ts';
import { makePages, tooLarge } from './make-pages.ts';

/** The platform's side of lists. */
export const listMaking: ListMaking = {
  pages: (of, { rows, revoked }) => {
    const pages = makePages({ ...of, revoked }, rows);
    const large = tooLarge(pages);
    return {
      // A page is JSON by its making.
      pages: pages.map((page) => page as unknown as JsonObject),
      ...(large && { too_large: large.page }),
    };
  },
  changes,
};

/** From one list to the next; see `ListMaking`. */
function changes(before: PeopleList, after: PeopleList): PeopleList {
  const { offline_until_ms } = after.rows;
  const gone = goneOf(before.rows.credentials, after.rows.credentials);
  const days = Object.keys(before.rows.calendar).filter((day) => !(day in after.rows.calendar));
  const removed = {
    groups: goneOf(before.rows.groups, after.rows.groups),
    schedules: goneOf(before.rows.schedules, after.rows.schedules),
    credentials: gone,
    days,
  };
  const was = new Set(before.revoked);
  const is = new Set(after.revoked);
  // A row that comes again is good again: who is revoked still must be revoked with it, and who no longer is must come.
  const credentials = changed(
    before.rows.credentials,
    after.rows.credentials,
    (id) => was.has(id) && !is.has(id),
  );
  const again = new Set(credentials.map(({ id }) => id));
  const revoked = [...new Set([...gone, ...after.revoked.filter((id) => !was.has(id) || again.has(id))])];
  const calendar = Object.entries(after.rows.calendar).filter(
    ([day, kind]) => before.rows.calendar[day] !== kind,
  );
  const rows: ListRows = {
    ...(offline_until_ms !== undefined &&
      offline_until_ms !== before.rows.offline_until_ms && { offline_until_ms }),
    groups: changed(before.rows.groups, after.rows.groups),
    schedules: changed(before.rows.schedules, after.rows.schedules),
    calendar: Object.fromEntries(calendar),
    credentials,
    ...(Object.values(removed).some((ids) => ids.length > 0) && { removed }),
  };
  return { rows, revoked };
}

type Row = { readonly id: string };

function goneOf(before: readonly Row[], after: readonly Row[]): string[] {
  const stays = new Set(after.map(({ id }) => id));
  return before.flatMap(({ id }) => (stays.has(id) ? [] : [id]));
}

/** New, not as it was, or to come all the same. */
function changed<T extends Row>(
  before: readonly T[],
  after: readonly T[],
  again: (id: string) => boolean = () => false,
): T[] {
  const was = new Map(before.map((row) => [row.id, JSON.stringify(row)]));
  return after.filter((row) => was.get(row.id) !== JSON.stringify(row) || again(row.id));
}
