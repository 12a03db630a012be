import type { Millis } from '../model/index.ts';

export interface PinRules {
  /** `hash`: only # ends a PIN, and one that is left unfinished is forgotten; `hash-or-silence`: so does a silence. */
  readonly pin_ends: 'hash' | 'hash-or-silence';
  /** So long without a key is a silence. */
  readonly pin_timeout_ms: Millis;
}

export interface PinEntry {
  /** A key was pressed (`0` to `9`, `*`, `#`): the PINs that are whole now. */
  key(key: string, up: Millis): readonly string[];
  /** It is `up` now: the PIN that a silence has ended, if any. */
  tick(up: Millis): readonly string[];
}

/** Longer is no PIN; what comes with it up to the next end is dropped as a whole, lest a part of it be taken for one. */
const MOST_DIGITS = 16;

/** Collects the keys of a PIN: # ends it, * begins it anew. It keeps nothing of a PIN that it has given. */
export function pinEntry({ pin_ends, pin_timeout_ms }: PinRules): PinEntry {
  let digits = '';
  let spoilt = false;
  let last_up = Number.NEGATIVE_INFINITY;
  const take = (): readonly string[] => {
    const pin = spoilt ? '' : digits;
    digits = '';
    spoilt = false;
    return pin === '' ? [] : [pin];
  };
  const tick = (up: Millis): readonly string[] => {
    if (up - last_up < pin_timeout_ms) return [];
    const left = take();
    return pin_ends === 'hash-or-silence' ? left : [];
  };
  return {
    tick,
    key(key, up) {
      const before = tick(up);
      last_up = up;
      if (key === '#') return [...before, ...take()];
      if (key === '*') take();
      else if (digits.length < MOST_DIGITS) digits += key;
      else spoilt = true;
      return before;
    },
  };
}
