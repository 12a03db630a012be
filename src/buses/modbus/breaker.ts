import type { Millis } from '../../model/index.ts';

/**
 * Circuit breaker of one unit on one bus. A mute unit would cost its timeout at every poll; after a few it is left alone, and only
 * probed from time to time. Pure: time and chance are handed in.
 */
export interface Breaker {
  readonly mute: number;
  /** Open: not asked before this moment. undefined: closed. */
  readonly probe_up: Millis | undefined;
  readonly pause_ms: Millis;
}

const MUTE_TO_OPEN = 3;
const FIRST_PAUSE_MS: Millis = 5000;
const LONGEST_PAUSE_MS: Millis = 60_000;

export const closedBreaker: Breaker = { mute: 0, probe_up: undefined, pause_ms: FIRST_PAUSE_MS };

export const isClosed = (breaker: Breaker): boolean => breaker.probe_up === undefined;

/** Whether a poll may be sent now. */
export const mayPoll = (breaker: Breaker, up: Millis): boolean =>
  breaker.probe_up === undefined || up >= breaker.probe_up;

/** Any answer, an exception too, shows that the unit is there. */
export const heard = (): Breaker => closedBreaker;

/** No reply. The pause doubles up to a minute; chance (0..1) takes off up to a quarter, so that mute units are not probed together. */
export function unheard(breaker: Breaker, up: Millis, chance: number): Breaker {
  const mute = breaker.mute + 1;
  if (mute < MUTE_TO_OPEN) return { ...breaker, mute };
  const pause_ms =
    breaker.probe_up === undefined ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, breaker.pause_ms * 2);
  return { mute, pause_ms, probe_up: up + pause_ms * (1 - chance / 4) };
}
