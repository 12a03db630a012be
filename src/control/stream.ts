import type { ServerResponse } from 'node:http';
import type { Watched } from './views.ts';

/** A listener that does not read may leave so many lines unread before they are dropped, and told as dropped. */
const MOST_WAITING = 1000;

/** Server-sent events to one listener, bounded: a slow one costs its own lines, never the gateway's memory. */
export function openStream(response: ServerResponse): (line: Watched) => void {
  let waiting: Watched[] = [];
  let dropped = 0;
  let full = false;
  const write = (line: Watched): void => {
    full = !response.write(`data: ${JSON.stringify(line)}\n\n`);
  };
  response.on('drain', () => {
    full = false;
    const lines = waiting;
    waiting = [];
    if (dropped > 0) write({ type: 'dropped', count: dropped });
    dropped = 0;
    for (const line of lines) write(line);
  });
  return (line) => {
    if (!full) write(line);
    else if (waiting.length < MOST_WAITING) waiting.push(line);
    else dropped += 1;
  };
}
