import type { DoorCounts, DoorStatus } from '../control/index.ts';
import { span, table } from './output.ts';

/** `6, 1 open, 2 unlocked`. */
export function doorCountsText(counts: DoorCounts): string {
  const said: readonly (readonly [number, string])[] = [
    [counts.open, 'open'],
    [counts.unlocked, 'unlocked'],
    [counts.released, 'released for a fire'],
    [counts.lockdown, 'in lockdown'],
    [counts.maintenance, 'in maintenance'],
    [counts.alarming, 'with an alarm'],
  ];
  const told = said.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  return [String(counts.total), ...(told.length > 0 ? told : ['all locked, none open'])].join(', ');
}

/** How one door stands, in a line: `closed, unlocked (timed: card p-17)`. */
export function doorLine(door: DoorStatus): string {
  const { position, lock, alarms } = door;
  const about = [
    ...(alarms.length > 0 ? [alarmsText(door)] : []),
    ...(door.maintenance ? [`in maintenance: ${door.maintenance.why}`] : []),
  ];
  return [`${position === 'none' ? 'no contact' : position}, ${lock} (${reasonText(door)})`, ...about].join(
    '; ',
  );
}

export function doorsText(doors: readonly DoorStatus[], up: number): string {
  if (doors.length === 0) return 'This gateway has no doors.\n';
  const rows = doors.map((door) => [
    door.id,
    door.kind,
    door.position === 'none' ? '–' : door.position,
    door.lock,
    reasonText(door),
    span(up - door.since_up),
    [...(door.alarms.length > 0 ? [alarmsText(door)] : []), ...notesOf(door, up)].join('; ') || '–',
    lastText(door, up),
    `${door.bound_ms} ms${door.ends_by === 'board' ? '' : ', host-timed'}`,
  ]);
  return `${table([['door', 'kind', 'contact', 'lock', 'why', 'since', 'to know', 'last decision', 'opens within'], ...rows])}\n`;
}

/** All that is known of one. */
export function doorText(door: DoorStatus, up: number): string {
  const levels = (things: DoorStatus['fire']) =>
    Object.entries(things).map(([name, level]) => `${name} ${level}`);
  const rows = [
    ['door', door.name === undefined ? door.id : `${door.id} (${door.name})`],
    ['kind', door.kind],
    ...(door.zone === undefined ? [] : [['zone', door.zone]]),
    ['contact', [door.position, ...levels(door.contacts)].join(', ')],
    ['lock', door.lock],
    ['mode', `${door.mode}, ${reasonText(door)}${untilText(door.until_up, up)}`],
    ['since', span(up - door.since_up)],
    ...(Object.keys(door.fire).length > 0 ? [['fire inputs', levels(door.fire).join(', ')]] : []),
    ...(door.interlock
      ? [['interlock', `${door.interlock.group}, ${waitText(door.interlock.blocked_by)}`]]
      : []),
    ...(door.lockdown ? [['lockdown', `by ${door.lockdown.by}`]] : []),
    ...(door.hold ? [['held open', `by ${door.hold.by}${untilText(door.hold.until_up, up)}`]] : []),
    ...(door.maintenance ? [['maintenance', maintenanceText(door.maintenance, up)]] : []),
    ['alarms', door.alarms.length > 0 ? alarmsText(door) : 'none'],
    ['last decision', lastText(door, up)],
    ['opens within', `${door.bound_ms} ms`],
    [
      'unlock ends by',
      door.ends_by === 'board' ? 'the board' : 'this gateway: it stays unlocked when the gateway dies in it',
    ],
  ];
  return `${table(rows)}\n`;
}

export const maintenanceText = (
  { by, why, until_up }: { readonly by: string; readonly why: string; readonly until_up: number },
  up: number,
): string => `${why} (${by}), for another ${span(Math.max(0, until_up - up))}`;

const reasonText = ({ mode, why, by }: DoorStatus): string =>
  [why === mode || why === 'rest' ? mode : `${mode}: ${why}`, ...(by === undefined ? [] : [by])].join(' ');

const untilText = (until_up: number | undefined, up: number): string =>
  until_up === undefined ? '' : `, for another ${span(Math.max(0, until_up - up))}`;

const waitText = (blocked_by: string | undefined): string =>
  blocked_by === undefined ? 'free' : `waits for ${blocked_by}`;

const alarmsText = ({ alarms, maintenance }: DoorStatus): string =>
  `${alarms.join(', ')}${maintenance ? ' (muted)' : ''}`;

function notesOf(door: DoorStatus, up: number): readonly string[] {
  const fire = Object.entries(door.fire).flatMap(([name, level]) =>
    level === 'clear' ? [] : [`fire input ${name} ${level}`],
  );
  const blocked = door.interlock?.blocked_by;
  return [
    ...fire,
    ...(blocked === undefined ? [] : [`waits for ${blocked}`]),
    ...(door.maintenance ? [`maintenance: ${maintenanceText(door.maintenance, up)}`] : []),
  ];
}

function lastText({ last }: DoorStatus, up: number): string {
  if (!last) return '–';
  const { result, who, side, reason, at_up } = last;
  const what = [result, who, reason === undefined ? undefined : `(${reason})`, side].filter(Boolean);
  return `${what.join(' ')}, ${span(up - at_up)} ago`;
}
