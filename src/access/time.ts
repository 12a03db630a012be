import type { ClockState } from '../model/index.ts';

/** The time of day as doors use it. */
export interface AccessTime {
  readonly unix_ms: number;
  /** Somebody has told it in this boot; else it is at least what it says. */
  readonly known: boolean;
}

/** A clock that nobody has set stands at 1970 or at the last shutdown; it is later than anything that was ever stored. */
export function accessTime(
  wall: { readonly unix_ms: number; readonly clock: ClockState } | undefined,
  newest_row_ms: number,
): AccessTime {
  const unix_ms = Math.max(wall?.unix_ms ?? newest_row_ms, newest_row_ms);
  return { unix_ms, known: wall !== undefined && wall.clock !== 'unsynced' };
}
