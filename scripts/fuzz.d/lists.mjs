// Signed lists of credentials and visitor tokens. Whatever comes, nobody is let in whom a few lines of another make would not let in.
import { createHash } from 'node:crypto';
import { bent, compact, keyPair, opened } from './signed.mjs';

const dist = new URL('../../dist/src/', import.meta.url);
const { DoorList } = await import(new URL('gateway/door-list.js', dist).href);
const { openTrust } = await import(new URL('identity/index.js', dist).href);

const GATEWAY = 'gate-1';
const SITE = 'yard';
const LISTS = keyPair('lists-1');
const OTHER = keyPair('lists-1');
const DESK = keyPair('desk-1');
const NOON = Date.parse('2026-11-25T12:00:00Z');
const HOUR = 3_600_000;
const IDS = ['c-1', 'c-2', 'c-3', 'c-4'];
const CARDS = ['11', '22', '33', '44'];
const DOORS = ['gate', 'lobby', 'lift'];
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export function listTargets() {
  const { frames, take } = lists();
  const visitors = visits();
  return [
    {
      group: 'credential lists',
      name: 'credential lists: pages and deltas, by a model of another make',
      frames,
      take,
    },
    { group: 'visitor tokens', name: 'visitor tokens: by a model of another make', ...visitors },
  ];
}

function gateway() {
  const time = { unix_ms: NOON, state: 'synced', error_ms: 1, source: 'fuzz' };
  const wall = { read: () => time };
  const keys = {
    roots: [],
    lists: [{ kid: LISTS.kid, key: LISTS.x }],
    issuers: [{ kid: DESK.kid, key: DESK.x }],
  };
  let up = 0;
  const now = () => {
    up += 1000;
    return { boot: 'fuzz', up };
  };
  const clock = { now, sleep: () => new Promise(() => {}) };
  const door_list = new DoorList({
    ...{
      gateway: GATEWAY,
      site: SITE,
      zone: 'UTC',
      key: new Uint8Array(32).fill(7),
      trust: openTrust(keys, wall),
    },
    ...{ wall, clock, log: silent, health: { raise() {}, clear() {} } },
    state: { get: async () => undefined, set: async () => {} },
    tell: async () => true,
  });
  return { time, door_list };
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function lists() {
  let world = gateway();
  let model = new ListModel();
  let coming = [];
  let sent = [];
  let versions = 0;
  const take = (input, random) => {
    if (random.below(5000) === 0) {
      world = gateway();
      model = new ListModel();
      versions = 0;
    }
    const { time, door_list } = world;
    time.unix_ms = NOON + random.below(20) * HOUR - 10 * HOUR;
    time.state = random.below(5) ? 'synced' : 'unsynced';
    const known = time.state === 'synced';
    if (coming.length === 0) {
      versions = model.version;
      coming = pagesOf(random, versions).map((page) => bent(random, page, 12));
    }
    const text = messageOf(random, { input, coming, sent });
    sent = [text, ...sent].slice(0, 8);
    const page = opened(text, 'gl-list', [LISTS])?.payload;
    try {
      door_list.take(text);
    } catch (error) {
      if (error?.name !== 'Fault' || page !== undefined) throw error;
    }
    if (page !== undefined) model.take(page, time.unix_ms);
    for (const card of CARDS) {
      const asked = { door: random.pick(DOORS), side: random.pick(['in', 'out']), needs: 'card' };
      const token = door_list.tokens.card(card);
      const { result } = door_list.book().decide({ ...asked, token, by: 'card', time: door_list.time() });
      if (result === 'grant' && !model.opens(card, asked, { unix_ms: time.unix_ms, known }))
        throw new Error(`${card} opened ${asked.door} (${asked.side}): ${JSON.stringify(model.show())}`);
    }
  };
  const frames = [pageOf({ version: 1 }, contentOf(chanceless()))].map((page) =>
    Buffer.from(compact(page, LISTS, { typ: 'gl-list' })),
  );
  return { frames, take };
}

const chanceless = () => ({ below: () => 1, pick: (list) => list[0] });

/** The next page of what is coming, one of before again, one that somebody else signed, or bytes. */
function messageOf(random, { input, coming, sent }) {
  const kind = random.below(16);
  if (kind === 0) return Buffer.from(input).toString('latin1');
  if (kind === 1 && sent.length) return random.pick(sent);
  if (kind === 2 && coming.length > 1) coming.reverse();
  const page = coming.shift();
  if (kind === 3) return compact(page, OTHER, { typ: 'gl-list' });
  if (kind === 4) return compact(page, DESK, { typ: 'gl-list' });
  if (kind === 5) return compact(page, LISTS, { typ: random.pick(['gl-visit', 'gl-cmd', '']) });
  const text = compact(page, LISTS, { typ: 'gl-list' });
  if (kind !== 6) return text;
  const at = random.below(text.length);
  return text.slice(0, at) + random.pick(['A', 'z', '.', '', '-', 'é']) + text.slice(at + 1);
}

const pageOf = (head, content, more = {}) => {
  const text = JSON.stringify(content);
  const hash = createHash('sha256').update(text).digest('hex');
  return { v: 1, gateway: GATEWAY, page: 0, pages: 1, hash, revoked: [], content: text, ...head, ...more };
};

function pagesOf(random, version) {
  const next = version + random.pick([1, 1, 1, 1, 2, 0, -1]);
  const from = random.pick([undefined, undefined, version, version, version - 1]);
  const head = {
    ...{ gateway: random.below(20) ? GATEWAY : 'gate-2', version: next },
    ...(from !== undefined && { from }),
  };
  const count = random.pick([1, 1, 2, 3]);
  const texts = Array.from({ length: count }, () => {
    const text = JSON.stringify(bent(random, contentOf(random), 15));
    return random.below(40) ? text : text.slice(0, random.below(text.length));
  });
  const hash = createHash('sha256').update(texts.join('')).digest('hex');
  return texts.map((content, page) => ({
    ...{ v: 1, ...head, page, pages: count, content },
    hash: random.below(20) ? hash : hash.replace(/^./, (letter) => (letter === '0' ? '1' : '0')),
    revoked: random.below(3) ? [] : [random.pick(IDS)],
  }));
}

function contentOf(random) {
  const maybe = (name, value, of = 3) => (random.below(of) ? {} : { [name]: value });
  const groups = ['residents', 'cleaners', 'guards'].flatMap((id) =>
    random.below(2)
      ? [
          {
            ...{ id, keep: random.below(2) === 1, without_clock: random.below(2) === 1 },
            rights: [{ door: random.pick(DOORS), ...maybe('side', random.pick(['in', 'out'])) }],
            ...maybe('schedule', random.pick(['always', 'missing'])),
          },
        ]
      : [],
  );
  const credentials = Array.from({ length: random.below(4) }, () => ({
    ...{ id: random.pick(IDS), who: 'p-1', card: random.pick(CARDS) },
    groups: [random.pick(['residents', 'cleaners', 'guards', 'none'])],
    ...maybe('from_ms', NOON + (random.below(16) - 8) * HOUR, 4),
    ...maybe('until_ms', NOON + (random.below(16) - 8) * HOUR, 4),
    ...maybe('visitor', true, 8),
  }));
  return {
    ...{ groups, credentials },
    ...maybe('schedules', [{ id: 'always', spans: [{ days: EVERY_DAY, from_min: 0, to_min: 1440 }] }], 2),
    ...maybe('offline_until_ms', NOON + (random.below(24) - 6) * HOUR, 4),
    ...maybe(
      'removed',
      { credentials: [random.pick(IDS)], groups: [random.pick(['residents', 'guards'])] },
      4,
    ),
  };
}

const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'holiday'];

const isWord = (value) => typeof value === 'string' && value.length >= 1 && value.length <= 120;
const isId = (value) => typeof value === 'string' && /^[a-z0-9][a-z0-9-]{0,39}$/.test(value);
const isWhole = (value, least, most) => Number.isSafeInteger(value) && value >= least && value <= most;
const isMoment = (value) => isWhole(value, 0, 253_402_300_799_999);
const isFlag = (value) => typeof value === 'boolean';
const isList = (of) => (value) => Array.isArray(value) && value.every(of);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
/** As it says; left out where it may be: a field that is there and `undefined` cannot come out of JSON. */
const fits = (shape) => (value) =>
  isObject(value) &&
  Object.entries(shape).every(([name, [is, needed]]) => (name in value ? is(value[name]) : !needed));

const isRight = fits({
  door: [isId, true],
  side: [(side) => side === 'in' || side === 'out'],
  floors: [isList(isId)],
});
const isGroup = fits({
  ...{ id: [isWord, true], rights: [isList(isRight), true], schedule: [isWord] },
  ...{ keep: [isFlag], without_clock: [isFlag] },
});
const isCredential = fits({
  ...{ id: [isWord, true], who: [isWord, true], card: [isWord], groups: [isList(isWord)] },
  ...{
    pin: [(pin) => typeof pin === 'string' && /^\d{4,12}$/.test(pin)],
    from_ms: [isMoment],
    until_ms: [isMoment],
  },
  ...{ visitor: [isFlag], extended: [isFlag], override: [isFlag] },
});
const isMinute = (value) => isWhole(value, 0, 1440);
const isSpan = fits({
  ...{
    days: [isList((day) => EVERY_DAY.includes(day)), true],
    from_min: [isMinute, true],
    to_min: [isMinute, true],
  },
});
const isContent = fits({
  ...{ groups: [isList(isGroup)], credentials: [isList(isCredential)], offline_until_ms: [isMoment] },
  schedules: [isList(fits({ id: [isWord, true], spans: [isList(isSpan), true] }))],
  removed: [fits({ groups: [isList(isWord)], credentials: [isList(isWord)], schedules: [isList(isWord)] })],
});
const isPage = fits({
  ...{ v: [(v) => v === 1, true], gateway: [(text) => typeof text === 'string' && text.length > 0, true] },
  ...{
    from: [(from) => isWhole(from, 1, Infinity)],
    version: [(version) => isWhole(version, 1, Infinity), true],
  },
  ...{ page: [(page) => isWhole(page, 0, 1999), true], pages: [(pages) => isWhole(pages, 1, 2000), true] },
  ...{
    hash: [(hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash), true],
    revoked: [isList(isWord)],
  },
  content: [(content) => typeof content === 'string' && content.length <= 48 * 1024, true],
});

/** What a list is worth, once more, without tokens, schemas and indexes. */
class ListModel {
  version = 0;
  offline = Infinity;
  rows = [];
  groups = [];
  schedules = [];
  pending;

  take(page, now) {
    if (!isPage(page) || page.gateway !== GATEWAY || page.page >= page.pages || page.version <= this.version)
      return;
    const gone = page.revoked ?? [];
    for (const row of this.rows) if (gone.includes(row.id)) row.revoked = true;
    if (page.from !== undefined && page.from !== this.version) return;
    let { pending } = this;
    if (pending && page.version < pending.version) return;
    if (pending && page.version === pending.version) {
      const same = ['pages', 'hash', 'from'].every((name) => pending[name] === page[name]);
      if (!same) return;
    } else pending = { ...page, contents: [], revoked: [] };
    pending.contents[page.page] ??= contentIn(page.content);
    this.pending = pending.contents[page.page] && pending;
    if (!this.pending) return;
    pending.revoked.push(...gone);
    if (Array.from({ length: page.pages }, (_, at) => pending.contents[at]).some((one) => !one)) return;
    this.pending = undefined;
    const texts = pending.contents.map(({ text }) => text).join('');
    if (createHash('sha256').update(texts).digest('hex') !== page.hash) return;
    this.putTogether(pending, now);
  }

  putTogether({ from, version, contents, revoked }, now) {
    const base = from === undefined ? { rows: [], groups: [], schedules: [], offline: Infinity } : this;
    let { rows, groups, schedules, offline } = base;
    rows = rows.map((row) => ({ ...row }));
    for (const { said } of contents) {
      const removed = said.removed ?? {};
      rows = merged(
        rows,
        (said.credentials ?? []).map((row) => ({ ...row, revoked: false })),
        removed.credentials,
      );
      groups = merged(groups, said.groups, removed.groups);
      schedules = merged(schedules, said.schedules, removed.schedules);
      offline = said.offline_until_ms ?? offline;
    }
    const ids = rows.map(({ id }) => id);
    const cards = rows.flatMap(({ card }) => (card === undefined ? [] : [card]));
    if (new Set(ids).size < ids.length || new Set(cards).size < cards.length || now >= offline) return;
    for (const row of rows) if (revoked.includes(row.id)) row.revoked = true;
    Object.assign(this, { version, rows, groups, schedules, offline });
  }

  opens(card, { door, side }, { unix_ms, known }) {
    const row = this.rows.find((one) => one.card === card);
    if (!row || row.revoked || unix_ms >= (row.until_ms ?? Infinity)) return false;
    if (known && unix_ms < (row.from_ms ?? 0)) return false;
    const dated = row.visitor === true || row.from_ms !== undefined || row.until_ms !== undefined;
    return (row.groups ?? []).some((name) => {
      const group = this.groups.findLast(({ id }) => id === name);
      if (!group?.rights.some((right) => right.door === door && (right.side ?? side) === side)) return false;
      if (!group.keep && unix_ms >= this.offline) return false;
      if (!known && (dated || group.schedule !== undefined)) return group.without_clock === true;
      return group.schedule === undefined || this.schedules.some(({ id }) => id === group.schedule);
    });
  }

  show() {
    const { version, offline, rows, groups } = this;
    return { version, offline, rows, groups };
  }
}

function contentIn(text) {
  try {
    const said = JSON.parse(text);
    return isContent(said) ? { text, said } : undefined;
  } catch {
    return undefined;
  }
}

function merged(before, given = [], removed = []) {
  if (before.length === 0 && removed.length === 0) return given;
  const gone = new Set([...removed, ...given.map(({ id }) => id)]);
  return [...before.filter(({ id }) => !gone.has(id)), ...given];
}

// ── Visitor tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const VISIT = {
  v: 1,
  id: 'v-1',
  who: 'p-1',
  gateway: GATEWAY,
  doors: ['gate'],
  from_ms: NOON - HOUR,
  until_ms: NOON + HOUR,
};

function visits() {
  const { time, door_list } = gateway();
  const content = {
    groups: [{ id: 'guests', rights: [{ door: 'lobby', side: 'in' }], keep: false, without_clock: false }],
    offline_until_ms: NOON + 3 * HOUR,
  };
  const page = pageOf({ version: 1, revoked: ['v-3'] }, content);
  door_list.take(compact(page, LISTS, { typ: 'gl-list' }));
  const loaded = door_list.visits.load();
  const used = new Map();
  const take = async (input, random) => {
    await loaded;
    time.unix_ms = NOON + (random.below(12) - 6) * (HOUR / 2);
    time.state = random.below(6) ? 'synced' : 'unsynced';
    const text = tokenOf(random, input);
    const asked = {
      ...{ door: random.pick(DOORS), side: random.pick(['in', 'out']) },
      needs: random.pick(['card', 'card', 'card-or-pin', 'pin', 'card-and-pin']),
    };
    const { decision, counted } = door_list.visits.judge(text, door_list.book(), {
      ...asked,
      time: door_list.time(),
    });
    if (decision.result !== 'grant') return;
    const visit = opened(text, 'gl-visit', [LISTS])?.payload;
    if (!mayVisit(visit, asked, { unix_ms: time.unix_ms, known: time.state === 'synced' }, used))
      throw new Error(`${JSON.stringify(visit)} opened ${JSON.stringify(asked)}: ${text}`);
    if (visit.uses === undefined) return;
    if (counted === undefined) throw new Error(`the use of ${visit.id} was not counted`);
    door_list.visits.use(counted);
    used.set(visit.id, (used.get(visit.id) ?? 0) + 1);
    if (random.below(50) === 0) {
      // Days later all of them are over, and forgotten.
      time.unix_ms = NOON + 100 * HOUR;
      time.state = 'synced';
      used.clear();
      const over = {
        ...VISIT,
        id: 'v-0',
        uses: 1,
        from_ms: NOON + 99 * HOUR,
        until_ms: NOON + 101 * HOUR,
        groups: [],
      };
      const late = { needs: 'card', door: 'gate', side: 'in', time: door_list.time() };
      door_list.visits.judge(compact(over, LISTS, { typ: 'gl-visit' }), OPEN_BOOK(door_list), late);
    }
  };
  return { frames: [Buffer.from(compact(VISIT, LISTS, { typ: 'gl-visit' }))], take };
}

/** A book that ends later: what is over by its time is swept. */
const OPEN_BOOK = (door_list) => {
  const book = door_list.book();
  return {
    ...book,
    decideVisit: () => ({ result: 'grant', credential: 'v-0', who: 'p-1', extended: false, override: false }),
  };
};

function tokenOf(random, input) {
  const kind = random.below(12);
  if (kind === 0) return Buffer.from(input).toString('latin1');
  const maybe = (name, value, of = 2) => (random.below(of) ? {} : { [name]: value });
  const from_ms = NOON + (random.below(8) - 5) * HOUR;
  const payload = bent(random, {
    ...{
      v: 1,
      id: random.pick(['v-1', 'v-2', 'v-3']),
      who: 'p-1',
      from_ms,
      until_ms: from_ms + random.below(8) * HOUR,
    },
    ...maybe('gateway', random.pick([GATEWAY, GATEWAY, 'gate-2'])),
    ...maybe('site', random.pick([SITE, SITE, 'field'])),
    ...maybe('doors', [
      random.pick(['gate', 'lift', { door: 'gate', side: 'out' }, { door: 'lobby' }, 'Gate!']),
    ]),
    ...maybe('groups', [random.pick(['guests', 'none'])]),
    ...maybe('uses', random.pick([1, 2, 0, 1.5])),
  });
  if (kind === 1) return compact(payload, OTHER, { typ: 'gl-visit' });
  if (kind === 2) return compact(payload, DESK, { typ: 'gl-visit' });
  if (kind === 3) return compact(payload, LISTS, { typ: random.pick(['gl-list', 'gl-cmd', 'JWT']) });
  if (kind === 4)
    return compact(payload, LISTS, { typ: 'gl-visit', alg: random.pick(['none', 'HS256', 'ES256']) });
  const text = compact(payload, LISTS, { typ: 'gl-visit' });
  if (kind > 5) return text;
  const at = random.below(text.length);
  return text.slice(0, at) + random.pick(['A', 'z', '.', '', '-', '=']) + text.slice(at + 1);
}

function mayVisit(visit, { door, side, needs }, { unix_ms, known }, used) {
  if (visit?.v !== 1 || needs === 'pin' || needs === 'card-and-pin' || visit.id === 'v-3') return false;
  const { gateway = GATEWAY, site = SITE, doors = [], groups = [], from_ms, until_ms, uses } = visit;
  if (gateway !== GATEWAY || site !== SITE || !('gateway' in visit || 'site' in visit)) return false;
  // Every visit is dated: nobody is let in by one while the time is not known.
  if (!known || !(unix_ms >= from_ms) || !(unix_ms < until_ms) || unix_ms >= NOON + 3 * HOUR) return false;
  if (uses !== undefined && !((used.get(visit.id) ?? 0) < uses)) return false;
  const named = doors.some((one) => one === door || (one?.door === door && (one.side ?? side) === side));
  return named || (groups.includes('guests') && door === 'lobby' && side === 'in');
}
