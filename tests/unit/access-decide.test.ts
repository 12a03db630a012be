import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessTime,
  type Asked,
  type Credential,
  type CredentialList,
  type Decision,
  openBook,
  schedules,
  standingOf,
} from '../../src/access/index.ts';
import { listOf, person, TOKENS } from '../support/access-list.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const ZONE = 'Asia/Shanghai';
const at = (text: string) => Date.parse(text);
/** A Wednesday. */
const NOON = at('2026-11-25T12:00+08:00');
const DAY = 86_400_000;
const now = (unix_ms = NOON): AccessTime => ({ unix_ms, known: true });
const unset: AccessTime = { unix_ms: NOON, known: false };

function ask(list: CredentialList, name: string, given: Partial<Asked> = {}): Decision {
  return openBook(list, ZONE).decide({
    door: 'gate',
    side: 'in',
    needs: 'card',
    time: now(),
    token: TOKENS.card(name),
    by: 'card',
    ...given,
  });
}
const told = (decision: Decision): string =>
  decision.result === 'deny' ? decision.reason : decision.result === 'grant' ? 'grant' : 'ask-pin';

interface Row {
  readonly it: string;
  readonly card?: Partial<Credential>;
  readonly list?: Partial<CredentialList>;
  readonly asked?: Partial<Asked>;
  readonly told: string;
}

const ROWS: readonly Row[] = [
  { it: 'opens to a resident', told: 'grant' },
  { it: 'knows a stranger', asked: { token: TOKENS.card('nobody') }, told: 'unknown-card' },
  { it: 'does not open another door', asked: { door: 'cellar' }, told: 'not-here' },
  { it: 'opens only the side that was given', card: { groups: ['leavers'] }, told: 'not-here' },
  { it: 'opens that side', card: { groups: ['leavers'] }, asked: { side: 'out' }, told: 'grant' },
  { it: 'does not open to what was revoked', card: { revoked: true }, told: 'revoked' },
  { it: 'does not open to a group that is none', card: { groups: ['ghosts'] }, told: 'not-here' },
  { it: 'is not valid yet', card: { from_ms: NOON + 1 }, told: 'not-yet-valid' },
  { it: 'is valid from its first moment', card: { from_ms: NOON }, told: 'grant' },
  { it: 'is over at its last', card: { until_ms: NOON }, told: 'expired' },
  { it: 'is valid until then', card: { until_ms: NOON + 1 }, told: 'grant' },
  {
    it: 'keeps to the schedule of its group',
    card: { groups: ['cleaners'] },
    asked: { door: 'lobby', time: now(at('2026-11-25T18:00+08:00')) },
    told: 'outside-schedule',
  },
  {
    it: 'opens within it',
    card: { groups: ['cleaners'] },
    asked: { door: 'lobby', time: now(at('2026-11-25T17:59+08:00')) },
    told: 'grant',
  },
  {
    it: 'takes a holiday for one',
    card: { groups: ['cleaners'] },
    list: { calendar: { '2026-11-25': 'holiday' } },
    asked: { door: 'lobby' },
    told: 'outside-schedule',
  },
  {
    it: 'never opens by a schedule that is not there',
    card: { groups: ['cleaners'] },
    list: { schedules: [] },
    asked: { door: 'lobby' },
    told: 'outside-schedule',
  },
  {
    it: 'opens by any of its groups',
    card: { groups: ['cleaners', 'residents'] },
    asked: { door: 'lobby', time: now(at('2026-11-25T23:00+08:00')) },
    told: 'grant',
  },
  { it: 'opens to undated residents while nobody knows the time', asked: { time: unset }, told: 'grant' },
  {
    it: 'does not open to dated ones then',
    card: { until_ms: NOON + DAY },
    asked: { time: unset },
    told: 'clock-unknown',
  },
  {
    it: 'nor to those that may begin any day',
    card: { from_ms: NOON - DAY },
    asked: { time: unset },
    told: 'clock-unknown',
  },
  { it: 'nor to visitors', card: { visitor: true }, asked: { time: unset }, told: 'clock-unknown' },
  {
    it: 'nor by a schedule',
    card: { groups: ['cleaners'] },
    asked: { door: 'lobby', time: unset },
    told: 'clock-unknown',
  },
  {
    it: 'but does to a group that says otherwise',
    card: { groups: ['guards'], until_ms: NOON + DAY },
    asked: { time: unset },
    told: 'grant',
  },
  {
    it: 'knows what is over even then',
    card: { groups: ['guards'], until_ms: NOON - 1 },
    asked: { time: unset },
    told: 'expired',
  },
  {
    it: 'drops groups when the list is past its date',
    list: { offline_until_ms: NOON },
    told: 'list-expired',
  },
  {
    it: 'keeps those that are to be kept',
    card: { groups: ['guards'] },
    list: { offline_until_ms: NOON },
    told: 'grant',
  },
  {
    it: 'does not ask for a PIN where a card is enough',
    card: { pin: TOKENS.secondFactor('c-ann', '1234') },
    told: 'grant',
  },
  {
    it: 'asks for the PIN where it wants both',
    card: { pin: TOKENS.secondFactor('c-ann', '1234') },
    asked: { needs: 'card-and-pin' },
    told: 'ask-pin',
  },
  {
    it: 'opens to card and PIN',
    card: { pin: TOKENS.secondFactor('c-ann', '1234') },
    asked: { needs: 'card-and-pin', pin: (id) => TOKENS.secondFactor(id, '1234') },
    told: 'grant',
  },
  {
    it: 'does not open to a card and the PIN of another',
    card: { pin: TOKENS.secondFactor('c-bob', '1234') },
    asked: { needs: 'card-and-pin', pin: (id) => TOKENS.secondFactor(id, '1234') },
    told: 'wrong-pin',
  },
  { it: 'does not open to a card that has no PIN there', asked: { needs: 'card-and-pin' }, told: 'no-pin' },
  {
    it: 'does not ask for the PIN of a card that may not pass anyway',
    card: { pin: TOKENS.secondFactor('c-ann', '1234'), revoked: true },
    asked: { needs: 'card-and-pin' },
    told: 'revoked',
  },
  {
    it: 'opens to a PIN alone where it wants one',
    card: { token: TOKENS.pin('4711') },
    asked: { needs: 'pin', by: 'pin', token: TOKENS.pin('4711') },
    told: 'grant',
  },
  {
    it: 'opens to either where either is enough',
    card: { token: TOKENS.pin('4711') },
    asked: { needs: 'card-or-pin', by: 'pin', token: TOKENS.pin('4711') },
    told: 'grant',
  },
  {
    it: 'does not know a wrong PIN',
    asked: { needs: 'pin', by: 'pin', token: TOKENS.pin('0000') },
    told: 'unknown-pin',
  },
  {
    it: 'wants a card where a PIN is not enough',
    card: { token: TOKENS.pin('4711') },
    asked: { by: 'pin', token: TOKENS.pin('4711') },
    told: 'card-needed',
  },
  { it: 'takes no card where it wants a PIN', asked: { needs: 'pin' }, told: 'unknown-card' },
];

describe('a door', () => {
  it.each(ROWS)('$it', ({ card, list, asked, told: expected }) => {
    const decision = ask(listOf([person('ann', card)], list), 'ann', asked);

    expect(told(decision)).toBe(expected);
  });

  it('says who it was, and for which floors', () => {
    const list = listOf([person('ann', { groups: ['tower', 'roof'], extended: true })]);

    expect(ask(list, 'ann', { door: 'lift' })).toEqual({
      result: 'grant',
      credential: 'c-ann',
      who: 'p-ann',
      extended: true,
      override: false,
      floors: ['f1', 'f2', 'f9'],
    });
    expect(ask(list, 'ann', { door: 'lift', time: now(NOON + DAY / 2) })).toMatchObject({
      floors: ['f1', 'f2'],
    });
  });

  it('does not take a PIN for the card of the same number', () => {
    const list = listOf([person('4711')]);

    expect(told(ask(list, '4711', { needs: 'card-or-pin', by: 'pin', token: TOKENS.pin('4711') }))).toBe(
      'unknown-pin',
    );
  });
});

describe('a visitor', () => {
  const visit = {
    id: 'v-1',
    who: 'p-guest',
    groups: ['residents'],
    from_ms: NOON - 1,
    until_ms: NOON + DAY,
    used: 0,
  };
  const here = { door: 'gate', side: 'in', needs: 'card', time: now() } as const;

  it('is let in by his dates, his groups and as often as was said', () => {
    const book = openBook(listOf([]), ZONE);

    expect(told(book.decideVisit(visit, here))).toBe('grant');
    expect(told(book.decideVisit(visit, { ...here, door: 'cellar' }))).toBe('not-here');
    expect(told(book.decideVisit(visit, { ...here, time: now(NOON + DAY) }))).toBe('expired');
    expect(told(book.decideVisit(visit, { ...here, time: unset }))).toBe('clock-unknown');
    expect(told(book.decideVisit({ ...visit, uses: 2, used: 1 }, here))).toBe('grant');
    expect(told(book.decideVisit({ ...visit, uses: 2, used: 2 }, here))).toBe('used-up');
  });

  it('is not when the list has revoked him', () => {
    const book = openBook(listOf([person('x', { id: 'v-1', revoked: true })]), ZONE);

    expect(told(book.decideVisit(visit, here))).toBe('revoked');
  });
});

describe('a list', () => {
  it('warns a week before it ends, and knows no end by a clock that nobody has set, unless it is certain', () => {
    const list = { offline_until_ms: NOON };

    expect(standingOf(list, now(NOON - 7 * DAY - 1))).toBe('good');
    expect(standingOf(list, now(NOON - 7 * DAY))).toBe('ends-soon');
    expect(standingOf(list, now(NOON))).toBe('past');
    expect(standingOf(list, { unix_ms: NOON - DAY, known: false })).toBe('good');
    expect(standingOf(list, { unix_ms: NOON, known: false })).toBe('past');
    expect(standingOf({}, now())).toBe('good');
  });
});

describe('any credential at any door', () => {
  const moment = fc.integer({ min: NOON - 3 * DAY, max: NOON + 3 * DAY });
  const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
  const row = fc.record({
    groups: fc.subarray(['residents', 'cleaners', 'guards', 'tower', 'roof', 'leavers', 'ghosts']),
    from_ms: maybe(moment),
    until_ms: maybe(moment),
    visitor: fc.boolean(),
    revoked: fc.constantFrom(false, false, false, true),
    pinned: fc.boolean(),
  });
  const asked = fc.record({
    door: fc.constantFrom('gate', 'lobby', 'lift', 'cellar'),
    side: fc.constantFrom('in', 'out'),
    needs: fc.constantFrom('card', 'card-and-pin', 'card-or-pin'),
    unix_ms: moment,
    known: fc.boolean(),
    typed: maybe(fc.constantFrom('1234', '9999')),
    offline: maybe(moment),
  });

  it('is granted exactly what a plain reading of the rules grants', () => {
    fc.assert(
      fc.property(
        row,
        asked,
        ({ from_ms, until_ms, pinned, ...rest }, { typed, offline, unix_ms, known, ...place }) => {
          const dates = {
            ...(from_ms !== undefined && { from_ms }),
            ...(until_ms !== undefined && { until_ms }),
          };
          const pin = pinned ? { pin: TOKENS.secondFactor('c-ann', '1234') } : {};
          const card = person('ann', { ...rest, ...dates, ...pin });
          const list = listOf([card], offline === undefined ? {} : { offline_until_ms: offline });
          const time = { unix_ms, known };

          const decision = ask(list, 'ann', {
            ...place,
            time,
            ...(typed !== undefined && { pin: (id: string) => TOKENS.secondFactor(id, typed) }),
          });

          const dated = card.visitor || from_ms !== undefined || until_ms !== undefined;
          const some = list.groups.some((group) => {
            if (!card.groups.includes(group.id)) return false;
            if (
              !group.rights.some(
                (right) => right.door === place.door && (!right.side || right.side === place.side),
              )
            )
              return false;
            if (!group.keep && offline !== undefined && unix_ms >= offline) return false;
            if (known && group.schedule) {
              const schedule = list.schedules.find(({ id }) => id === group.schedule);
              return (
                schedule !== undefined && schedules({ zone: ZONE, calendar: {} }).holds(schedule, unix_ms)
              );
            }
            return known || group.without_clock || (!dated && !group.schedule);
          });
          const valid =
            !card.revoked &&
            (until_ms === undefined || unix_ms < until_ms) &&
            (!known || from_ms === undefined || unix_ms >= from_ms);
          const proven = place.needs !== 'card-and-pin' || (pinned && typed === '1234');
          expect(decision.result === 'grant').toBe(some && valid && proven);
          expect(decision.result === 'ask-pin').toBe(
            some && valid && place.needs === 'card-and-pin' && pinned && typed === undefined,
          );
        },
      ),
      { numRuns: LONG ? 200_000 : 2000 },
    );
  }, 600_000);
});
