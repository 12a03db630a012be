import { describe, expect, it } from 'vitest';
import {
  type Asked,
  type Book,
  type Entered,
  type EntryInput,
  enter,
  forgetOld,
  isAgain,
  type Lockouts,
  moved,
  type Needs,
  openBook,
  QUIET,
  type ReaderRules,
  type Whereabouts,
} from '../../src/access/index.ts';
import { listOf, person, TOKENS } from '../support/access-list.ts';

const RULES: ReaderRules = {
  id: 'gate-in',
  repeat_ms: 2000,
  pin_ms: 15_000,
  lockout: { wrong: 3, for_ms: 60_000, forget_ms: 600_000 },
};
const BOOK = openBook(
  listOf([
    person('ann', { pin: TOKENS.secondFactor('c-ann', '1234') }),
    person('bob', { pin: TOKENS.secondFactor('c-bob', '1234') }),
    person('door code', { token: TOKENS.pin('4711') }),
  ]),
  'UTC',
);

const card = (number: string): EntryInput => ({ kind: 'card', number });
const pin = (digits: string): EntryInput => ({ kind: 'pin', digits });
const TIME: EntryInput = { kind: 'time' };

/** Seconds and what happens at the reader; what came of each. */
function at(needs: Needs, inputs: readonly (readonly [number, EntryInput])[], book: Book = BOOK): string[] {
  const asking = (asked: Pick<Asked, 'token' | 'by' | 'pin'>) =>
    book.decide({ door: 'gate', side: 'in', needs, time: { unix_ms: 0, known: false }, ...asked });
  let entry = QUIET;
  let lockouts: Lockouts = new Map();
  return inputs.map(([seconds, input]) => {
    const step = enter(RULES, entry, input, { tokens: TOKENS, lockouts, decide: asking, up: seconds * 1000 });
    ({ entry, lockouts } = step);
    return said(step.entered);
  });
}

function said(entered: Entered): string {
  if (entered.result === 'deny') return entered.locked ? `${entered.reason}, locked` : entered.reason;
  return entered.result === 'grant' ? `grant ${entered.who}` : entered.result;
}

describe('a reader', () => {
  it('takes a card that lies on it for one', () => {
    const told = at('card', [
      [1, card('ann')],
      [2, card('ann')],
      [3.9, card('ann')],
      [6, card('ann')],
    ]);

    expect(told).toEqual(['grant p-ann', 'again', 'again', 'grant p-ann']);
  });

  it('takes two cards back to back for two', () => {
    expect(
      at('card', [
        [1, card('ann')],
        [1.1, card('bob')],
      ]),
    ).toEqual(['grant p-ann', 'grant p-bob']);
  });

  it('wants the PIN after the card, and opens to both', () => {
    expect(
      at('card-and-pin', [
        [1, card('ann')],
        [9, pin('1234')],
      ]),
    ).toEqual(['ask-pin', 'grant p-ann']);
  });

  it('does not wait for ever, and says so once', () => {
    expect(
      at('card-and-pin', [
        [1, card('ann')],
        [16, TIME],
        [17, TIME],
        [18, pin('1234')],
      ]),
    ).toEqual(['ask-pin', 'no-pin-typed', 'nothing', 'card-needed']);
  });

  it('forgets the first card when another one comes', () => {
    expect(
      at('card-and-pin', [
        [1, card('ann')],
        [2, card('stranger')],
        [3, pin('1234')],
      ]),
    ).toEqual(['ask-pin', 'unknown-card', 'card-needed']);
  });

  it('locks a card after wrong PINs, at every reader that shares the count, and for longer each time', () => {
    const told = at('card-and-pin', [
      [1, card('ann')],
      [2, pin('1')],
      [3, pin('2')],
      [4, pin('3')],
      [10, card('ann')],
      [20, card('bob')],
      [21, pin('1234')],
      [64, card('ann')],
      [65, pin('1')],
      [66, pin('2')],
      [67, pin('3')],
      [130, card('ann')],
      [187, card('ann')],
      [188, pin('1234')],
      [200, card('ann')],
      [201, pin('1')],
      [202, pin('2')],
      [203, pin('3')],
      [264, card('ann')],
    ]);

    expect(told).toEqual([
      'ask-pin',
      'wrong-pin',
      'wrong-pin',
      'wrong-pin, locked',
      'locked-out',
      'ask-pin',
      'grant p-bob',
      'ask-pin',
      'wrong-pin',
      'wrong-pin',
      'wrong-pin, locked',
      'locked-out',
      'ask-pin',
      'grant p-ann',
      'ask-pin',
      'wrong-pin',
      'wrong-pin',
      'wrong-pin, locked',
      'ask-pin',
    ]);
  });

  it('forgets wrong PINs after the right one, and after a while', () => {
    const told = at('card-and-pin', [
      [1, card('ann')],
      [2, pin('1')],
      [3, pin('2')],
      [4, pin('1234')],
      [10, card('ann')],
      [11, pin('1')],
      [12, pin('2')],
      [700, card('ann')],
      [701, pin('3')],
    ]);

    expect(told.filter((line) => line.includes('locked'))).toEqual([]);
  });

  it('locks itself where PINs stand alone: anybody may be guessing', () => {
    const told = at('pin', [
      [1, pin('0000')],
      [2, pin('0001')],
      [3, pin('0002')],
      [4, pin('4711')],
      [64, pin('4711')],
    ]);

    expect(told).toEqual([
      'unknown-pin',
      'unknown-pin',
      'unknown-pin, locked',
      'locked-out',
      'grant p-door code',
    ]);
  });

  it('makes up one slip by one right PIN, so that nobody buys guesses with his own', () => {
    const told = at('pin', [
      [1, pin('0000')],
      [2, pin('0001')],
      [3, pin('4711')],
      [4, pin('0002')],
      [5, pin('0003')],
    ]);

    expect(told.at(-1)).toBe('unknown-pin, locked');
  });
});

describe('anti-passback', () => {
  const areas = { outside: 'street', inside: 'yard' };
  const forget_ms = 3_600_000;
  const way = (side: 'in' | 'out', up: number) => ({ areas, side, up, forget_ms });

  it('notices who goes in twice, and not who was let out between', () => {
    let seen: Whereabouts = new Map();
    expect(isAgain(seen, 'p-ann', way('in', 0))).toBe(false);
    seen = moved(seen, 'p-ann', way('in', 0));

    expect(isAgain(seen, 'p-ann', way('in', 1000))).toBe(true);
    expect(isAgain(seen, 'p-bob', way('in', 1000))).toBe(false);
    expect(isAgain(seen, 'p-ann', way('out', 1000))).toBe(false);
    seen = moved(seen, 'p-ann', way('out', 1000));
    expect(isAgain(seen, 'p-ann', way('in', 2000))).toBe(false);
  });

  it('forgets whom it has not seen for long', () => {
    const seen = moved(moved(new Map(), 'p-ann', way('in', 0)), 'p-bob', way('in', 1000));

    expect(isAgain(seen, 'p-ann', way('in', forget_ms))).toBe(false);
    expect([...forgetOld(seen, forget_ms, forget_ms).keys()]).toEqual(['p-bob']);
  });
});
