import type { FactCode, HealthFact, Millis } from '../model/index.ts';

/** Where parts tell how they are. Idempotent: raising a raised fact updates its evidence, not its time. */
export interface HealthSink {
  raise(code: FactCode, subject: string, evidence: string): void;
  clear(code: FactCode, subject: string): void;
}

export interface HealthView {
  facts(): readonly HealthFact[];
  /** Yields after each change; coalesces; ends when the signal aborts. */
  changes(signal: AbortSignal): AsyncIterable<readonly HealthFact[]>;
}

/** A loop says that it turned; the watchdog is fed only while each does. A failed attempt is a turn too. */
export interface Heartbeat {
  /** It turned, and will turn again within `next_ms` (60 s unless said). Infinity: it has ended, or waits for what may never come. */
  beat(loop: string, next_ms?: Millis): void;
}
