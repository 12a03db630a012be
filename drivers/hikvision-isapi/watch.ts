import type { Call, Heard, HttpLink, Sample } from '#kit';
import * as isapi from './codec.ts';
import type { Options } from './options.ts';

/** Many firmwares say again and again that an event is active, and never that it is over: it is when nothing was said for so long. */
const HOLD_S = 5;

type Seen = Readonly<Record<isapi.Perceived, boolean>>;
type Perceived = Record<
  isapi.Perceived,
  { readonly kind: 'flag'; readonly about: string; readonly privacy: 'plain' }
>;

/** What is going on, by what the camera has said. Time is the camera's own, as it stands in its messages: heartbeats bring it when nothing happens. */
function alertBook(channel: number) {
  const since = new Map<isapi.Perceived, number | undefined>();
  return {
    hear(alert: isapi.Alert): void {
      const { point, active, at_s } = alert;
      for (const [other, seen_s] of since) if (other !== point && isOver(seen_s, at_s)) since.delete(other);
      // A recorder tells of all its cameras; its inputs belong to no one of them.
      const ours = point === 'alarm_input' || alert.channel === undefined || alert.channel === channel;
      if (!point || !ours) return;
      if (active) since.set(point, at_s);
      // The heartbeat of most is a video loss that is inactive.
      else since.delete(point);
    },
    seen(): Seen {
      const all = isapi.POINTS.map((point) => [point, since.has(point)]);
      // One entry for each of the points.
      return Object.fromEntries(all) as Seen;
    },
  };
}

/** A clock that was set in between tells nothing. */
function isOver(seen_s: number | undefined, now_s: number | undefined): boolean {
  if (seen_s === undefined || now_s === undefined) return true;
  return now_s - seen_s > HOLD_S || now_s < seen_s;
}

export async function* watchAlerts(
  link: HttpLink,
  { channel }: Options,
  call: Call,
): AsyncIterable<Heard<Perceived>> {
  const book = alertBook(channel);
  for await (const { headers, body } of link.parts(isapi.STREAM, call.signal)) {
    // Pictures come along with some events.
    if ((headers['content-type'] ?? '').startsWith('image/')) continue;
    book.hear(isapi.readAlert(body));
    const sample: Sample<Perceived> = book.seen();
    yield { sample };
  }
}
