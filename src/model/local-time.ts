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
