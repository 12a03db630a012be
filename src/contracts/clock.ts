import type { ClockState, Millis, Stamp } from '../model/index.ts';

/** The only source of time. Sleeps have names, so a test that hangs can print who still sleeps. */
export interface Clock {
  /** Monotonic; never jumps. */
  now(): Stamp;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts (at once when it already has). */
  sleep(name: string, ms: Millis, signal?: AbortSignal): Promise<void>;
}

/** What the machine believes the time of day to be. It may jump either way at any moment; nothing orders by it. */
export interface WallClock {
  read(): WallReading;
}

export interface WallReading {
  readonly unix_ms: number;
  /** Never `corrected`: that is known only afterwards. */
  readonly state: Exclude<ClockState, 'corrected'>;
  readonly error_ms: number;
  /** `adjtimex`, `chrony`, … */
  readonly source: string;
}
