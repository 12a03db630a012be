import type { Millis } from '../../model/index.ts';
import type { Asked, Decision } from './decide.ts';
import { countRight, countWrong, type LockoutRules, type Lockouts, lockedFor, makeUp } from './lockout.ts';
import type { Tokens } from './token.ts';

export interface ReaderRules {
  /** Names the reader in what is counted. */
  readonly id: string;
  /** The same card again so soon is one card. */
  readonly repeat_ms: Millis;
  /** So long a PIN may take after its card. */
  readonly pin_ms: Millis;
  readonly lockout: LockoutRules;
}

/** What goes on at one reader. */
export interface Entry {
  /** A card that waits for its PIN. */
  readonly waiting: { readonly number: string; readonly who: string; readonly until_up: Millis } | undefined;
  readonly last: { readonly number: string; readonly up: Millis } | undefined;
}

export const QUIET: Entry = { waiting: undefined, last: undefined };

export type EntryInput =
  | { readonly kind: 'card'; readonly number: string }
  /** All digits, without the key that ended them. */
  | { readonly kind: 'pin'; readonly digits: string }
  | { readonly kind: 'time' };

/** What the reader shows, or what is decided. `again`: a card that was there a moment ago. */
export type Entered =
  | { readonly result: 'nothing' | 'again' }
  | { readonly result: 'ask-pin'; readonly who: string }
  | Extract<Decision, { readonly result: 'grant' }>
  | {
      readonly result: 'deny';
      readonly reason: string;
      readonly who?: string;
      /** It is locked from now on. */
      readonly locked?: boolean;
    };

export interface EntryWorld {
  readonly tokens: Tokens;
  readonly lockouts: Lockouts;
  readonly decide: (asked: Pick<Asked, 'token' | 'by' | 'pin'>) => Decision;
}

export interface EntryStep {
  readonly entry: Entry;
  readonly lockouts: Lockouts;
  readonly entered: Entered;
  readonly wake_at: Millis | undefined;
}

/** A card or a PIN at a reader. Pure: what it is decided by comes in. */
export function enter(
  rules: ReaderRules,
  entry: Entry,
  input: EntryInput,
  { up, ...world }: EntryWorld & { readonly up: Millis },
): EntryStep {
  switch (input.kind) {
    case 'time': {
      const { waiting } = entry;
      const over = waiting !== undefined && up >= waiting.until_up;
      return stepOf(
        overdue(entry, up),
        world,
        over ? { result: 'deny', reason: 'no-pin-typed', who: waiting.who } : { result: 'nothing' },
      );
    }
    case 'card':
      return card(rules, overdue(entry, up), input.number, { up, ...world });
    case 'pin': {
      const { waiting } = overdue(entry, up);
      return waiting
        ? secondFactor(rules, waiting, input.digits, { up, ...world })
        : alone(rules, overdue(entry, up), input.digits, { up, ...world });
    }
  }
}

type World = EntryWorld & { readonly up: Millis };

const overdue = (entry: Entry, up: Millis): Entry =>
  entry.waiting && up >= entry.waiting.until_up ? { ...entry, waiting: undefined } : entry;

function card(rules: ReaderRules, entry: Entry, number: string, world: World): EntryStep {
  const { up } = world;
  const { last } = entry;
  const seen = { number, up };
  if (last?.number === number && up - last.up < rules.repeat_ms)
    // A card that lies on the reader is told all the time, and is still one.
    return stepOf({ ...entry, last: seen }, world, { result: 'again' });
  const decision = world.decide({ token: world.tokens.card(number), by: 'card' });
  if (decision.result !== 'ask-pin')
    return stepOf({ waiting: undefined, last: seen }, world, plain(decision));
  const { who, credential } = decision;
  if (lockedFor(world.lockouts, keyOf(credential), up) > 0)
    return stepOf({ waiting: undefined, last: seen }, world, { result: 'deny', reason: 'locked-out', who });
  const waiting = { number, who, until_up: up + rules.pin_ms };
  return stepOf({ waiting, last: seen }, world, { result: 'ask-pin', who });
}

function secondFactor(
  rules: ReaderRules,
  waiting: NonNullable<Entry['waiting']>,
  digits: string,
  world: World,
): EntryStep {
  const { tokens, up, decide, lockouts } = world;
  const pin = (credential: string) => tokens.secondFactor(credential, digits);
  const decision = decide({ token: tokens.card(waiting.number), by: 'card', pin });
  const last = { number: waiting.number, up };
  if (decision.result === 'deny' && decision.reason === 'wrong-pin') {
    const key = keyOf(decision.credential ?? waiting.number);
    const counted = countWrong(lockouts, key, { up, rules: rules.lockout });
    const again = { ...waiting, until_up: up + rules.pin_ms };
    const entry = { waiting: counted.locked ? undefined : again, last };
    const entered = { ...plain(decision), ...(counted.locked && { locked: true }) };
    return stepOf(entry, { lockouts: counted.lockouts }, entered);
  }
  const right = decision.result === 'grant' ? countRight(lockouts, keyOf(decision.credential)) : lockouts;
  return stepOf({ waiting: undefined, last }, { lockouts: right }, plain(decision));
}

/** A PIN without a card: anybody may be guessing, so it is counted by reader. */
function alone(rules: ReaderRules, entry: Entry, digits: string, world: World): EntryStep {
  const { tokens, up, decide, lockouts } = world;
  const key = `reader ${rules.id}`;
  if (lockedFor(lockouts, key, up) > 0) return stepOf(entry, world, { result: 'deny', reason: 'locked-out' });
  const decision = decide({ token: tokens.pin(digits), by: 'pin' });
  if (decision.result === 'deny' && decision.reason === 'unknown-pin') {
    const counted = countWrong(lockouts, key, { up, rules: rules.lockout });
    const entered = { ...plain(decision), ...(counted.locked && { locked: true }) };
    return stepOf(entry, { lockouts: counted.lockouts }, entered);
  }
  const right = decision.result === 'grant' ? makeUp(lockouts, key) : lockouts;
  return stepOf(entry, { lockouts: right }, plain(decision));
}

const keyOf = (credential: string): string => `card ${credential}`;

/** A decision that asks for a PIN where none can follow is none. */
function plain(decision: Decision): Entered {
  if (decision.result === 'ask-pin') return { result: 'deny', reason: 'card-needed', who: decision.who };
  if (decision.result === 'grant') return decision;
  const { reason, who } = decision;
  return who === undefined ? { result: 'deny', reason } : { result: 'deny', reason, who };
}

function stepOf(entry: Entry, { lockouts }: Pick<EntryWorld, 'lockouts'>, entered: Entered): EntryStep {
  return { entry, lockouts, entered, wake_at: entry.waiting?.until_up };
}
