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
  // No rounding: also on a crowded bus no two places fall on one moment.
  const phase = (every_ms * place.index) / Math.max(1, place.of);
  return { every_ms, next_up: now + phase, missed: 0 };
}

/** Place of each device among those of its bus: by id, so that it is the same in every run and order of the site file. */
export function placeAmong(
  id: string,
  mates: readonly string[],
): { readonly index: number; readonly of: number } {
  return { index: mates.filter((mate) => mate < id).length, of: mates.length };
}

/** When a look was begun and when it ended; in between it may have waited for its turn. */
export interface LookSpan {
  readonly began_up: Millis;
  readonly ended_up: Millis;
}

/**
 * After a look: the next beat of the rhythm that is still to come. A look between two beats (after a command) moves nothing. With
 * `rest_ms` beats are left out on purpose; those are not missed.
 */
export function afterLook(
  schedule: Schedule,
  { began_up, ended_up }: LookSpan,
  rest_ms: Millis = 0,
): Schedule {
  const { every_ms, next_up, missed } = schedule;
  if (ended_up < next_up) return schedule;
  const whole = Math.floor((ended_up - next_up) / every_ms) + 1;
  // Fractions of a millisecond do not add up exactly: a beat that falls on this very moment has gone too.
  const gone = next_up + whole * every_ms <= ended_up ? whole + 1 : whole;
  // A look that was due has served one beat; one that was begun before has only stood in the way.
  const served = began_up >= next_up ? 1 : 0;
  const beats = Math.max(gone, Math.ceil(rest_ms / every_ms));
  return { every_ms, next_up: next_up + beats * every_ms, missed: missed + gone - served };
}
