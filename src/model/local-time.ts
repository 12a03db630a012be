const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, made);
  return made;
}

/** Local time minus UTC at that moment, in ms. */
export function offsetAt(unix_ms: number, zone: string): number {
  const second = Math.floor(unix_ms / 1000) * 1000;
  const fields: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(second)) fields[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: s = 0 } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, s) - second;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * When the clocks of the site show that time of that day, for the first and for the last time: one moment on most days, two in the hour that
 * comes twice, and the moment of the change for a time that is skipped. `day`: 2026-10-25. `minutes`: after midnight, also a fraction, or
 * beyond 1440.
 */
export function momentsOf(
  day: string,
  minutes: number,
  zone: string,
): { readonly first: number; readonly last: number } {
  const local = Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE_MS;
  const early = offsetAt(local - DAY_MS, zone);
  const late = offsetAt(local + DAY_MS, zone);
  const shown = [...new Set([local - early, local - late])].filter((at) => at + offsetAt(at, zone) === local);
  if (shown.length > 0) return { first: Math.min(...shown), last: Math.max(...shown) };
  const change = changeBetween(local - Math.max(early, late), local - Math.min(early, late), zone);
  return { first: change, last: change };
}

/** The moment within (from, to] at which the offset changes. */
function changeBetween(from: number, to: number, zone: string): number {
  const before = offsetAt(from, zone);
  let low = from;
  let high = to;
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (middle <= low) break;
    if (offsetAt(middle, zone) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** What the clocks of the site show: `2026-11-24T22:05:00`. */
export const shownAt = (unix_ms: number, zone: string): string =>
  new Date(unix_ms + offsetAt(unix_ms, zone)).toISOString().slice(0, 19);
