import type { Millis } from '../model/index.ts';

/**
 * When to look at a device: a fixed rhythm without drift. A look that is due while the one before still runs is missed,
 * and counted; it is not made up for, since the wire that was too slow would only fall further behind.
 */
export interface Schedule {
  readonly every_ms: Millis;
  readonly next_up: Millis;
  readonly missed: number;
}

/** The first looks of the devices of one bus are spread evenly over their interval. */
export function beginSchedule(
  now: Millis,
  every_ms: Millis,
  place: { readonly index: number; readonly of: number },
): Schedule {
  const phase = Math.floor((every_ms * place.index) / Math.max(1, place.of));
  return { every_ms, next_up: now + phase, missed: 0 };
}

/** After a look that ended at `now`: the next beat of the rhythm that is still to come. */
export function afterLook(schedule: Schedule, now: Millis): Schedule {
  const { every_ms, next_up, missed } = schedule;
  const beats = Math.max(1, Math.floor((now - next_up) / every_ms) + 1);
  return { every_ms, next_up: next_up + beats * every_ms, missed: missed + beats - 1 };
}
