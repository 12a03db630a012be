import type { Call, FlagPoint, Heard, HttpLink, Sample } from '#kit';
import * as dahua from './codec.ts';
import type { Options } from './options.ts';

type Points = Readonly<Record<dahua.Perceived, FlagPoint>>;

/** What goes on, by the codes that have begun: two codes of one point do not end each other. */
export async function* watchEvents(
  link: HttpLink,
  { channel }: Options,
  call: Call,
): AsyncIterable<Heard<Points>> {
  const begun = new Map<string, dahua.Perceived>();
  for await (const { body } of link.parts(dahua.STREAM, call.signal)) {
    const part = dahua.readPart(body);
    if (part === 'alive') {
      yield { sample: seen(begun) };
      continue;
    }
    const { point, code, action, index } = part;
    // A recorder tells of all its cameras; its inputs belong to no one of them.
    const ours = point === 'alarm_input' || index === undefined || index === channel - 1;
    const key = `${code} ${index ?? ''}`;
    if (point && ours && (action === 'start' || action === 'pulse')) begun.set(key, point);
    if (ours && action === 'stop') begun.delete(key);
    yield { sample: seen(begun) };
    // It is over as soon as it was told.
    if (action === 'pulse' && begun.delete(key)) yield { sample: seen(begun) };
  }
}

function seen(begun: ReadonlyMap<string, dahua.Perceived>): Sample<Points> {
  const on = new Set(begun.values());
  // One entry for each of the points.
  return Object.fromEntries(dahua.POINTS.map((point) => [point, on.has(point)])) as Record<
    dahua.Perceived,
    boolean
  >;
}
