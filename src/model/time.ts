/** A span in milliseconds. */
export type Millis = number;

/**
 * The moment of a reading or an event: which boot of the machine, and how long after it.
 * `up` is CLOCK_MONOTONIC in ms; it never jumps. A gateway has no battery clock, so wall time is worked
 * out from the boot's offset table when it is shown or sent (contract, Time).
 */
export interface Stamp {
  readonly boot: string;
  readonly up: Millis;
}

/**
 * How far a wall time can be trusted: `unsynced` nobody has told us the time in this boot; `corrected` worked
 * out afterwards from a later sync of the same boot; `synced` the offset was known at that moment;
 * `holdover` it was synced before but the source has been lost.
 */
export type ClockState = 'unsynced' | 'corrected' | 'synced' | 'holdover';

/** One step of a boot's offset table: from `from_up` on, unix ms = up + offset_ms. */
export interface ClockStep {
  readonly from_up: Millis;
  readonly offset_ms: number;
  readonly error_ms: number;
  readonly source: string;
  readonly synced: boolean;
}

export interface WallTime {
  readonly unix_ms: number;
  readonly clock: ClockState;
}

/**
 * Wall time of a moment of a boot. The last synced step at or before it wins; before the first synced step
 * its offset is applied backwards (`corrected`); with none at all the latest guess is given as `unsynced`.
 */
export function wallTime(up: Millis, steps: readonly ClockStep[]): WallTime | undefined {
  const before = steps.filter((step) => step.from_up <= up);
  const known = before.findLast((step) => step.synced);
  if (known) {
    const lost = before.at(-1)?.synced === false;
    return { unix_ms: up + known.offset_ms, clock: lost ? 'holdover' : 'synced' };
  }
  const later = steps.find((step) => step.synced);
  if (later) return { unix_ms: up + later.offset_ms, clock: 'corrected' };
  const guess = before.at(-1) ?? steps[0];
  return guess && { unix_ms: up + guess.offset_ms, clock: 'unsynced' };
}
