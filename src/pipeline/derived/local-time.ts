import { offsetAt } from '../../model/index.ts';

const HOUR_MS = 3_600_000;

/** A stretch of time of day at the site; unix ms, `to` exclusive. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Local date (`2026-11-25`) of the day it belongs to; a night belongs to the day before it. */
  readonly day: string;
}

/** A part of the day, from a local time on until the next part begins. */
export interface PartStart {
  readonly name: string;
  /** Minutes after local midnight. */
  readonly from_min: number;
}

/** The moment at which the clocks of the site show that day and time; in the hour that is skipped, as if they had not been changed yet. */
function momentOf(day: string, minutes: number, zone: string): number {
  const local = Date.parse(`${day}T00:00:00Z`) + minutes * 60_000;
  const first = local - offsetAt(local, zone);
  return local - offsetAt(first, zone);
}

const dateOf = (local_ms: number): string => new Date(local_ms).toISOString().slice(0, 10);
const nextDay = (day: string): string => dateOf(Date.parse(`${day}T00:00:00Z`) + 24 * HOUR_MS);
const dayBefore = (day: string): string => dateOf(Date.parse(`${day}T00:00:00Z`) - 24 * HOUR_MS);

/** The local clock hour a moment lies in. */
export function hourAt(unix_ms: number, zone: string): Stretch {
  const offset = offsetAt(unix_ms, zone);
  const local = Math.floor((unix_ms + offset) / HOUR_MS) * HOUR_MS;
  return { from: local - offset, to: local - offset + HOUR_MS, day: dateOf(local) };
}

/** The part of the day a moment lies in. `parts` in the order of the day; the last one lasts over midnight until the first begins. */
export function partAt(
  unix_ms: number,
  parts: readonly PartStart[],
  zone: string,
): Stretch & { readonly name: string } {
  const today = dateOf(unix_ms + offsetAt(unix_ms, zone));
  for (const day of [today, dayBefore(today)]) {
    const starts = parts.map(({ name, from_min }) => ({ name, from: momentOf(day, from_min, zone) }));
    const index = starts.findLastIndex(({ from }) => from <= unix_ms);
    const found = starts[index];
    if (!found) continue;
    const to = starts[index + 1]?.from ?? momentOf(nextDay(day), parts[0]?.from_min ?? 0, zone);
    return { name: found.name, from: found.from, to, day };
  }
  throw new RangeError('a day has at least one part');
}
