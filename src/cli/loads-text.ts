import type { LoadCounts, LoadStatus } from '../control/index.ts';
import { span, table } from './output.ts';

/** `on, by schedule evening`, `off, by command of local:pi`, with relays that do not obey. */
export function loadLine({ state, wanted, by, who, schedule, relays }: LoadStatus): string {
  const wrong = relays.filter((relay) => relay.wrong).map(({ device, channel }) => `${device} ${channel}`);
  const unseen = relays.filter((relay) => relay.state === 'unknown').length;
  return [
    state === wanted ? state : `${state}, wanted ${wanted}`,
    ...[wordOf(by, who, schedule?.id)],
    ...(wrong.length > 0 ? [`does not obey: ${wrong.join(', ')}`] : []),
    ...(unseen > 0 ? [`${unseen} of ${relays.length} not seen`] : []),
  ].join('; ');
}

function wordOf(by: string, who: string | undefined, schedule: string | undefined): string {
  switch (by) {
    case 'schedule':
      return `by schedule ${schedule ?? ''}`.trim();
    case 'no-schedule':
      return 'by default';
    case 'time-unknown':
      return 'its schedule waits: nobody knows the time of day';
    case 'command':
      return `by command${who === undefined ? '' : ` of ${who}`}`;
    default:
      return `by ${by}`;
  }
}

/** `up`: of the gateway now. */
export function loadsText(
  loads: readonly LoadStatus[],
  now: { readonly up: number; readonly unix_ms: number },
): string {
  if (loads.length === 0) return 'This gateway has no loads.\n';
  const rows = loads.map((load) => [
    load.id,
    ...[load.state, load.wanted, wordOf(load.by, load.who, load.schedule?.id)],
    untilText(load, now),
    span(now.up - load.since_up),
    load.relays.filter(({ wrong }) => wrong).length > 0
      ? loadLine(load).replace(/^.*?(?=does not obey)/, '')
      : '',
  ]);
  return `${table([['load', 'is', 'wanted', 'by', 'until', 'since', ''], ...rows])}\n`;
}

/** When it changes by itself, as far as that is known. */
function untilText(
  { by, until_up, until_unix_ms, schedule }: LoadStatus,
  { up, unix_ms }: { readonly up: number; readonly unix_ms: number },
): string {
  if (until_up !== undefined) return `in ${span(Math.max(0, until_up - up))}`;
  const at = until_unix_ms ?? (by === 'schedule' ? schedule?.changes_unix_ms : undefined);
  return at === undefined ? '' : `in ${span(Math.max(0, at - unix_ms))}`;
}

export const loadCountsText = ({ total, on, by_hand, wrong }: LoadCounts): string =>
  [
    `${on} of ${total} on`,
    ...(by_hand > 0 ? [`${by_hand} by hand`] : []),
    ...(wrong > 0 ? [`${wrong} with a relay that does not obey`] : []),
  ].join(', ');
