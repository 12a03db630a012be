import type { Millis } from '../model/index.ts';

export interface BackoffSettings {
  /** The very first delay is random in 0..first_ms. */
  readonly first_ms: Millis;
  readonly base_ms: Millis;
  readonly cap_ms: Millis;
}

/**
 * Full jitter: the n-th delay is random in 0..min(cap, base × 2^n) (the first in 0..first_ms), so that many gateways
 * do not come back at one moment. `random` gives 0..1.
 */
export function* backoff(settings: BackoffSettings, random: () => number): Generator<Millis, never> {
  yield random() * settings.first_ms;
  for (let ceiling = settings.base_ms; ; ceiling = Math.min(settings.cap_ms, ceiling * 2)) {
    yield random() * Math.min(settings.cap_ms, ceiling);
  }
}
