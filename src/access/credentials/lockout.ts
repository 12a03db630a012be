import type { Millis } from '../../model/index.ts';

export interface LockoutRules {
  /** So many wrong PINs in a row. */
  readonly wrong: number;
  /** Then nothing is taken for so long; each further time twice as long, up to an hour. */
  readonly for_ms: Millis;
  /** Wrong ones are forgotten after so long without another. */
  readonly forget_ms: Millis;
}

interface Count {
  readonly wrong: number;
  /** How often it has been locked. */
  readonly times: number;
  readonly last_up: Millis;
  readonly until_up: Millis;
}

/** By who (a card that takes a PIN) or by reader (PINs that stand alone, of which anybody could be guessing any). */
export type Lockouts = ReadonlyMap<string, Count>;

const LONGEST_MS: Millis = 3_600_000;
/** Nobody fills the memory by guessing. */
const MOST = 20_000;

/** How long it is still locked; 0: it is not. */
export const lockedFor = (lockouts: Lockouts, key: string, up: Millis): Millis =>
  Math.max(0, (lockouts.get(key)?.until_up ?? 0) - up);

/** A wrong PIN. `locked`: this was the one too many. */
export function countWrong(
  lockouts: Lockouts,
  key: string,
  { up, rules }: { readonly up: Millis; readonly rules: LockoutRules },
): { readonly lockouts: Lockouts; readonly locked: boolean } {
  const before = lockouts.get(key);
  const fresh = !before || up - Math.max(before.last_up, before.until_up) >= rules.forget_ms;
  const wrong = (fresh ? 0 : before.wrong) + 1;
  const times = fresh ? 0 : before.times;
  const locked = wrong >= rules.wrong;
  const length_ms = Math.min(LONGEST_MS, rules.for_ms * 2 ** times);
  const count: Count = locked
    ? { wrong: 0, times: times + 1, last_up: up, until_up: up + length_ms }
    : { wrong, times, last_up: up, until_up: before?.until_up ?? 0 };
  const next = new Map(lockouts);
  next.delete(key);
  next.set(key, count);
  for (const [old, { until_up }] of next) {
    if (next.size <= MOST) break;
    if (until_up <= up) next.delete(old);
  }
  return { lockouts: next, locked };
}

/** The right one: what was wrong before is forgotten. */
export function countRight(lockouts: Lockouts, key: string): Lockouts {
  if (!lockouts.has(key)) return lockouts;
  const next = new Map(lockouts);
  next.delete(key);
  return next;
}

/**
 * A right PIN at a reader where anybody may guess: it makes up for one wrong one, so that a busy keypad is not locked by slips, and whoever has a PIN
 * of his own does not buy guesses with it unseen.
 */
export function makeUp(lockouts: Lockouts, key: string): Lockouts {
  const count = lockouts.get(key);
  if (!count || count.wrong === 0) return lockouts;
  return new Map(lockouts).set(key, { ...count, wrong: count.wrong - 1 });
}
