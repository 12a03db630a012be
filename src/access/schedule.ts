import type { Millis } from '../model/index.ts';
import { momentsOf, offsetAt } from '../model/index.ts';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** `holiday` takes the place of the weekday on a day of the calendar. */
export type DayKind = Day | 'holiday';

export interface Span {
  readonly days: readonly DayKind[];
  /** Minutes after local midnight. */
  readonly from_min: number;
  /** Up to 1440; at or before `from_min` it is on the next day, and belongs to the day on which it begins. */
  readonly to_min: number;
}

/** When something holds, by the clocks of the site. */
export interface Schedule {
  readonly id: string;
  readonly spans: readonly Span[];
}

/** Days that are not what the calendar says: holidays, and days on which one works for them (as another weekday). Keys are `2026-10-01`. */
export type Calendar = Readonly<Record<string, DayKind>>;

export interface Place {
  readonly zone: string;
  readonly calendar: Calendar;
}

const DAY_MS: Millis = 86_400_000;
/** Beyond this nobody plans, and a schedule of one day in the year is found. */
const HORIZON_DAYS = 370;

export interface Schedules {
  /** Whether it holds at that moment. */
  readonly holds: (schedule: Schedule, unix_ms: number) => boolean;
  /** When that changes; undefined: not within the next year. */
  readonly next: (schedule: Schedule, unix_ms: number) => number | undefined;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Schedules of one site. What a day looks like is worked out once and kept for as long as anybody asks about it, since the time zone
 * database is slow to ask: a door decides in microseconds.
 *
 * On days when the clocks change, a span begins when the clocks first show its beginning or pass over it, and ends when they show its end for
 * the last time: whoever reads a time within the span on a clock is let in.
 */
export function schedules(place: Place): Schedules {
  const kept = new WeakMap<Schedule, Map<string, readonly Stretch[]>>();
  const dayOf = dayFinder(place.zone);

  const finder = (schedule: Schedule): OfDay => {
    const days = kept.get(schedule) ?? new Map<string, readonly Stretch[]>();
    kept.set(schedule, days);
    return (day) => {
      const known = days.get(day);
      if (known) return known;
      if (days.size > 2 * HORIZON_DAYS) days.clear();
      const found = stretches(schedule, day, place);
      days.set(day, found);
      return found;
    };
  };
  const current = (ofDay: OfDay, today: string, unix_ms: number) =>
    // The night of yesterday may last until today.
    [...ofDay(addDays(today, -1)), ...ofDay(today)].filter(({ from, to }) => from <= unix_ms && unix_ms < to);

  return {
    holds: (schedule, unix_ms) => current(finder(schedule), dayOf(unix_ms), unix_ms).length > 0,
    next: (schedule, unix_ms) => {
      const today = dayOf(unix_ms);
      const ofDay = finder(schedule);
      const now = current(ofDay, today, unix_ms);
      return now.length === 0 ? beginAfter(unix_ms, today, ofDay) : endOf(now, today, ofDay);
    },
  };
}

type OfDay = (day: string) => readonly Stretch[];

function beginAfter(unix_ms: number, today: string, ofDay: OfDay): number | undefined {
  for (let ahead = 0; ahead <= HORIZON_DAYS; ahead += 1) {
    const begins = ofDay(addDays(today, ahead)).map(({ from }) => from);
    const later = begins.filter((from) => from > unix_ms);
    if (later.length) return Math.min(...later);
  }
  return undefined;
}

/** Spans that follow one another without a gap are one. */
function endOf(current: readonly Stretch[], today: string, ofDay: OfDay): number | undefined {
  let end = Math.max(...current.map(({ to }) => to));
  for (let ahead = -1; ahead <= HORIZON_DAYS; ahead += 1) {
    const day = ofDay(addDays(today, ahead));
    const before = end;
    for (let again = true; again; ) {
      const next = day.filter(({ from, to }) => from <= end && to > end);
      again = next.length > 0;
      end = Math.max(end, ...next.map(({ to }) => to));
    }
    if (ahead > 0 && end === before) return end;
  }
  return undefined;
}

function stretches({ spans }: Schedule, day: string, { zone, calendar }: Place): readonly Stretch[] {
  const kind = Object.hasOwn(calendar, day) ? calendar[day] : weekdayOf(day);
  return spans.flatMap(({ days, from_min, to_min }) => {
    if (!days.some((one) => one === kind)) return [];
    const over = to_min <= from_min ? 1440 : 0;
    const from = momentsOf(day, from_min, zone).first;
    const to = momentsOf(day, to_min + over, zone).last;
    return from < to ? [{ from, to }] : [];
  });
}

/** The local date of a moment; the time zone database is asked once for each quarter of an hour, within which no offset changes. */
function dayFinder(zone: string): (unix_ms: number) => string {
  const QUARTER_MS = 900_000;
  let from = Number.NaN;
  let offset = 0;
  return (unix_ms) => {
    const quarter = Math.floor(unix_ms / QUARTER_MS) * QUARTER_MS;
    if (quarter !== from) {
      from = quarter;
      offset = offsetAt(quarter, zone);
    }
    return new Date(unix_ms + offset).toISOString().slice(0, 10);
  };
}

const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

function weekdayOf(day: string): Day | undefined {
  // 1970-01-01 was a Thursday.
  const days = Math.floor(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
  return DAYS[(((days + 3) % 7) + 7) % 7];
}
