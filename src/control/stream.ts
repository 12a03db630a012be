import type { ServerResponse } from 'node:http';
import type { Watched } from './views.ts';

/** A listener that does not read may leave so many lines unread; what comes after is dropped, and told as dropped. */
export const MOST_WAITING = 1000;

/** Server-sent events to one listener, bounded: a slow one costs its own lines, never the gateway's memory. */
export function openStream(response: ServerResponse): (line: Watched) => void {
  const waiting: Watched[] = [];
  let dropped = 0;
  let full = false;
  const write = (line: Watched): void => {
    full = !response.write(`data: ${JSON.stringify(line)}\n\n`);
  };
  const drain = (): void => {
    full = false;
    let written = 0;
    for (const line of waiting) {
      if (full) break;
      write(line);
      written += 1;
    }
    waiting.splice(0, written);
    if (full || dropped === 0) return;
    const count = dropped;
    dropped = 0;
    write({ type: 'dropped', count });
  };
  response.on('drain', drain);
  // A listener that went away: `close` follows, and with it the end of this stream.
  response.on('error', () => {});
  return (line) => {
    if (!full) write(line);
    // After the first one that was dropped nothing is kept until that is told: lines stay in order around the hole.
    else if (waiting.length < MOST_WAITING && dropped === 0) waiting.push(line);
    else dropped += 1;
  };
}

/** The part of a line that concerns these devices; undefined when none does. */
export function about(line: Watched, devices: ReadonlySet<string> | undefined): Watched | undefined {
  if (!devices || line.type === 'dropped') return line;
  if (line.type === 'reading') return devices.has(line.reading.device) ? line : undefined;
  if (line.type === 'door') return devices.has(line.door.id) ? line : undefined;
  if (line.type === 'load') return devices.has(line.load.id) ? line : undefined;
  if (line.type === 'event') return devices.has(line.event.subject) ? line : undefined;
  return { type: 'health', facts: line.facts.filter(({ subject }) => devices.has(subject)) };
}
