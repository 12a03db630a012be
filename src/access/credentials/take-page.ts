import { createHash } from 'node:crypto';
import type { AccessTime } from '../time.ts';
import { type Credential, type CredentialList, EMPTY_LIST } from './list.ts';
import { contentSchema, type ListContent, type ListedCredential, type ListPage, pageSchema } from './page.ts';
import type { Tokens } from './token.ts';

/** What has come of a list, and what is still to come. */
export interface Taking {
  readonly list: CredentialList;
  readonly pending: Pending | undefined;
}

interface Pending {
  readonly from: number | undefined;
  readonly version: number;
  readonly pages: number;
  readonly hash: string;
  readonly contents: ReadonlyMap<number, Read>;
  readonly revoked: ReadonlySet<string>;
}

/** A page as it came, for its hash, and as it was read: each by itself, since a door must not wait for a whole list. */
interface Read {
  readonly text: string;
  readonly content: Omit<ListContent, 'credentials'>;
  readonly credentials: readonly Credential[];
}

export type PageVerdict =
  /** It is complete and holds from now on. */
  | { readonly verdict: 'in-force'; readonly version: number; readonly count: number }
  /** So many pages are missing. */
  | { readonly verdict: 'more'; readonly missing: number }
  /** It is in force already: the platform may have missed that. */
  | { readonly verdict: 'known' }
  | { readonly verdict: 'refused'; readonly reason: Refusal };

/** Why a page is not taken. */
const REFUSALS = {
  malformed: 'it is no page of a credential list of this version of the contract',
  'other-gateway': 'it is for another gateway',
  older: 'a newer list is in force',
  'other-base': 'it changes another version than the one in force; send the whole list',
  'other-pages': 'it does not belong to the pages before it',
  'wrong-hash': 'its pages do not make the list that was signed',
  expired: 'it is past its own offline_until',
  'twice-the-same': 'two credentials have one id or one number',
  'too-many': 'it has more than 100,000 credentials',
} as const;
export type Refusal = keyof typeof REFUSALS;

const MOST_CREDENTIALS = 100_000;

/** Of the list that is under way: what has not come of it. */
export interface Missing {
  readonly version: number;
  readonly pages: number;
  readonly missing: readonly number[];
}

export function missingOf({ pending }: Taking): Missing | undefined {
  if (!pending) return undefined;
  const { version, pages, contents } = pending;
  const all = Array.from({ length: pages }, (_, page) => page);
  return { version, pages, missing: all.filter((page) => !contents.has(page)) };
}

export interface Taken extends Taking {
  readonly result: PageVerdict;
  /** Ids that were revoked by this page, and opened until now. */
  readonly revoked: readonly string[];
}

export interface TakingWorld {
  readonly gateway: string;
  readonly tokens: Tokens;
  readonly time: AccessTime;
}

/**
 * A page whose signature is good. What it revokes opens nothing from now on, also while the rest of it is still under way, also where the rest is
 * refused for what it holds. A page for another gateway, an older one, or one that cannot be read revokes nothing.
 */
export function takePage(taking: Taking, payload: unknown, world: TakingWorld): Taken {
  const read = pageSchema.safeParse(payload);
  if (!read.success) return refused(taking, 'malformed');
  const page = read.data;
  const { list } = taking;
  if (page.gateway !== world.gateway) return refused(taking, 'other-gateway');
  if (page.page >= page.pages) return refused(taking, 'malformed');
  if (page.version === list.version) return { ...taking, revoked: [], result: { verdict: 'known' } };
  if (page.version < list.version) return refused(taking, 'older');
  // A delta, too, revokes what it names, whatever it was made from.
  const revoking = revoke(list, page.revoked);
  const now: Taking = { ...taking, list: revoking.list };
  const say = (taken: Taken): Taken => ({ ...taken, revoked: revoking.revoked });
  if (page.from !== undefined && page.from !== list.version) return say(refused(now, 'other-base'));
  return say(collect(now, page, world));
}

const refused = (taking: Taking, reason: Refusal): Taken => ({
  ...taking,
  revoked: [],
  result: { verdict: 'refused', reason },
});

/** Visitor tokens stand in no list: what is revoked and no credential is remembered by its id. */
const MOST_BARRED = 10_000;

function revoke(list: CredentialList, ids: readonly string[]) {
  const gone = new Set(ids);
  const revoked = list.credentials.filter((row) => gone.has(row.id) && !row.revoked).map((row) => row.id);
  for (const { id } of list.credentials) gone.delete(id);
  const { barred = [] } = list;
  for (const id of barred) gone.delete(id);
  const fresh = [...gone];
  if (revoked.length + fresh.length === 0) return { list, revoked };
  const over = new Set(revoked);
  const credentials = revoked.length
    ? list.credentials.map((row) => (over.has(row.id) ? { ...row, revoked: true } : row))
    : list.credentials;
  const kept = fresh.length ? { barred: [...barred, ...fresh].slice(-MOST_BARRED) } : {};
  return { list: { ...list, ...kept, credentials }, revoked: [...revoked, ...fresh] };
}

function collect(taking: Taking, page: ListPage, world: TakingWorld): Taken {
  const { pending } = taking;
  // A newer list takes the place of one that is still under way; an older one is not begun beside it.
  if (pending && page.version < pending.version) return refused(taking, 'older');
  const fresh = !pending || page.version > pending.version;
  if (!fresh && !belongs(pending, page)) return refused(taking, 'other-pages');
  const before = fresh ? undefined : pending;
  const read = before?.contents.get(page.page) ?? readContent(page.content, world.tokens);
  if (!read) return refused({ ...taking, pending: undefined }, 'malformed');
  const now: Pending = {
    from: page.from,
    version: page.version,
    pages: page.pages,
    hash: page.hash,
    contents: new Map(before?.contents).set(page.page, read),
    revoked: new Set([...(before?.revoked ?? []), ...page.revoked]),
  };
  const missing = now.pages - now.contents.size;
  if (missing > 0)
    return { list: taking.list, pending: now, revoked: [], result: { verdict: 'more', missing } };
  const done: Taking = { list: taking.list, pending: undefined };
  const made = makeList(taking.list, now, world);
  if (typeof made === 'string') return refused(done, made);
  const { version, credentials } = made;
  return {
    ...done,
    list: made,
    revoked: [],
    result: { verdict: 'in-force', version, count: credentials.length },
  };
}

const belongs = (pending: Pending, page: ListPage): boolean =>
  pending.pages === page.pages && pending.hash === page.hash && pending.from === page.from;

function makeList(before: CredentialList, pending: Pending, world: TakingWorld): CredentialList | Refusal {
  const pages = [...pending.contents].sort(([x], [y]) => x - y).map(([, page]) => page);
  const hash = createHash('sha256');
  for (const { text } of pages) hash.update(text);
  if (hash.digest('hex') !== pending.hash) return 'wrong-hash';
  const { barred } = before;
  const base = pending.from === undefined ? { ...EMPTY_LIST, ...(barred && { barred }) } : before;
  const made = pages.reduce(add, { ...base, version: pending.version });
  if (made.credentials.length > MOST_CREDENTIALS) return 'too-many';
  if (!distinct(made)) return 'twice-the-same';
  if (made.offline_until_ms !== undefined && world.time.unix_ms >= made.offline_until_ms) return 'expired';
  // Named in both, it is revoked: a page that overtook another must not give back what it took.
  return revoke(made, [...pending.revoked]).list;
}

function readContent(text: string, tokens: Tokens): Read | undefined {
  try {
    const read = contentSchema.safeParse(JSON.parse(text));
    if (!read.success) return undefined;
    const { credentials, ...content } = read.data;
    return { text, content, credentials: credentials.map((row) => credentialOf(row, tokens)) };
  } catch {
    return undefined;
  }
}

function add(list: CredentialList, { content, credentials }: Read): CredentialList {
  const { removed, offline_until_ms = list.offline_until_ms } = content;
  const days = new Set(removed?.days);
  const kept = Object.entries(list.calendar).filter(([day]) => !days.has(day));
  return {
    version: list.version,
    ...(list.barred && { barred: list.barred }),
    ...(offline_until_ms !== undefined && { offline_until_ms }),
    groups: merge(list.groups, content.groups, removed?.groups),
    schedules: merge(list.schedules, content.schedules, removed?.schedules),
    calendar: Object.fromEntries([...kept, ...Object.entries(content.calendar)]),
    credentials: merge(list.credentials, credentials, removed?.credentials),
  };
}

/** What comes again takes the place of what it was. */
function merge<T extends { readonly id: string }>(
  before: readonly T[],
  given: readonly T[],
  removed: readonly string[] = [],
): readonly T[] {
  if (before.length === 0 && removed.length === 0) return given;
  const gone = new Set([...removed, ...given.map(({ id }) => id)]);
  return [...before.filter(({ id }) => !gone.has(id)), ...given];
}

function credentialOf({ card, pin, ...row }: ListedCredential, tokens: Tokens): Credential {
  const listed = { ...row, revoked: false };
  if (card !== undefined)
    return {
      ...listed,
      token: tokens.card(card),
      ...(pin !== undefined && { pin: tokens.secondFactor(row.id, pin) }),
    };
  return pin === undefined ? listed : { ...listed, token: tokens.pin(pin) };
}

function distinct({ credentials }: CredentialList): boolean {
  const ids = new Set<string>();
  const numbers = new Set<string>();
  for (const { id, token } of credentials) {
    if (ids.has(id) || (token !== undefined && numbers.has(token))) return false;
    ids.add(id);
    if (token !== undefined) numbers.add(token);
  }
  return true;
}
