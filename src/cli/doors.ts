import type { DoorStatus } from '../control/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { type JsonObject, nearest } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import { doorsText, doorText } from './doors-text.ts';
import * as flags from './flags.ts';
import { faultText, json, parseSpan, table } from './output.ts';
import { outcomeText } from './send.ts';

type Deps = Pick<CliDeps, 'control' | 'user' | 'out' | 'err'>;

/** `doors`: `{"doors":[…]}`, each as the control API shows it. */
export const doorsCommand = (deps: Deps): Command =>
  command({
    does: 'The doors of the running gateway: contact, lock, why, alarms, the last decision.',
    examples: ['doors', 'doors --json'],
    words: [],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ flags: { socket, json: wanted } }) => {
      const control = deps.control(socket);
      const doors = await control.doors();
      deps.out(wanted ? json({ doors }) : doorsText(doors, (await control.status()).up));
      return 0;
    },
  });

/** `doors show`: all of some. */
export const doorsShowCommand = (deps: Deps): Command =>
  command({
    does: 'All that is known of a door: inputs, interlock, fire, who wants what of it.',
    examples: ['doors show lobby'],
    words: [DOORS],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ words, flags: { socket, json: wanted } }) => {
      const control = deps.control(socket);
      const doors = named(words, await control.doors());
      if (wanted) deps.out(json({ doors }));
      else {
        const { up } = await control.status();
        deps.out(doors.map((door) => doorText(door, up)).join('\n'));
      }
      return 0;
    },
  });

const DOORS = { name: 'DOOR', about: 'a door (gatelodge doors)', many: true } as const;
const EACH = { ...DOORS, optional: true } as const;
const ORDER = {
  all: { about: 'every door of this gateway' },
  reason: { value: 'TEXT', about: 'why, for the audit' },
  ...flags.socket,
  ...flags.json,
} as const;
const SPAN = { value: 'SPAN', about: 'for so long, such as 30s, 10min or 2h' } as const;

/** `doors open`: of a barrier it is its command `open`, else `unlock`. */
export const doorsOpenCommand = (deps: Deps): Command =>
  command({
    does: 'Unlocks doors for a time, or opens barriers; says whether somebody opened.',
    examples: ['doors open lobby', 'doors open lift-1 --gate g --for 20s --reason "a guest of unit 7"'],
    words: [EACH],
    flags: {
      for: SPAN,
      gate: { value: 'NAME', about: 'only this side of a turnstile or floor of a lift', many: true },
      'in-lockdown': { about: 'also in a lockdown' },
      ...ORDER,
    },
    run: ({ words, flags: { for: span, gate, 'in-lockdown': override, ...rest } }) => {
      const args = { ...timeArgs(span), ...(gate.length > 0 && { gates: [...gate] }) };
      const plain = Object.keys(args).length === 0 && !override;
      const nameFor = ({ kind }: DoorStatus) => {
        if (kind === 'barrier' && plain) return 'open';
        return override ? 'unlock-in-lockdown' : 'unlock';
      };
      return order(deps, words, rest, (door) => ({ name: nameFor(door), args }));
    },
  });

export const doorsLockCommand = (deps: Deps): Command =>
  command({
    does: 'Locks doors: ends a card, a hold-open and, until its next change, a schedule. Barriers close.',
    examples: ['doors lock lobby'],
    words: [EACH],
    flags: ORDER,
    run: ({ words, flags: given }) =>
      order(deps, words, given, ({ kind }) => ({ name: kind === 'barrier' ? 'close' : 'lock', args: {} })),
  });

export const doorsLockdownCommand = (deps: Deps): Command =>
  command({
    does: 'Lets nobody in until doors resume; a fire releases all the same.',
    examples: ['doors lockdown --all --reason "somebody with a knife"'],
    words: [EACH],
    flags: ORDER,
    run: ({ words, flags: given }) => order(deps, words, given, () => ({ name: 'lockdown', args: {} })),
  });

export const doorsHoldOpenCommand = (deps: Deps): Command =>
  command({
    does: 'Keeps doors unlocked until doors resume, or for a time.',
    examples: ['doors hold-open loading --for 2h --reason "removal van"'],
    words: [EACH],
    flags: { for: SPAN, ...ORDER },
    run: ({ words, flags: { for: span, ...given } }) =>
      order(deps, words, given, () => ({ name: 'hold-open', args: timeArgs(span) })),
  });

export const doorsResumeCommand = (deps: Deps): Command =>
  command({
    does: 'Ends a hold-open, a lockdown and a lock by hand: cards and schedules have the doors again.',
    examples: ['doors resume lobby', 'doors resume --all'],
    words: [EACH],
    flags: ORDER,
    run: ({ words, flags: given }) => order(deps, words, given, () => ({ name: 'resume', args: {} })),
  });

export const doorsMaintenanceCommand = (deps: Deps): Command =>
  command({
    does: 'Mutes the alarms of doors while somebody works at them: 4 h at most, ends by itself; they work on.',
    examples: ['doors maintenance lobby --for 1h --reason "new hinges"', 'doors maintenance lobby --end'],
    words: [EACH],
    flags: { for: { ...SPAN, default: '1h' }, end: { about: 'it is over' }, ...ORDER },
    run: ({ words, flags: { for: span, end, ...given } }) => {
      if (end) return order(deps, words, given, () => ({ name: 'end-maintenance', args: {} }));
      if (!given.reason) throw usage('--reason is missing: what is done at the door');
      const args = { ...timeArgs(span), why: given.reason };
      return order(deps, words, given, () => ({ name: 'maintenance', args }));
    },
  });

const usage = (text: string): Fault => new Fault('usage', { text });

interface OrderFlags {
  readonly all: boolean;
  readonly reason: string | undefined;
  readonly socket: string;
  readonly json: boolean;
}
/** Whether somebody opened may show only when the unlock is over. */
const TTL_MS = 60_000;

/** To every door at once, through the inbox; to none when one of the names is none. Prints one line for each door. */
async function order(
  deps: Deps,
  words: readonly string[],
  { all, reason, socket, json: wanted }: OrderFlags,
  wishFor: (door: DoorStatus) => { readonly name: string; readonly args: JsonObject },
): Promise<0 | 1> {
  if (all === words.length > 0) throw usage('Name the doors, or say --all');
  const control = deps.control(socket);
  const known = await control.doors();
  const doors = all ? known : named(words, known);
  const ends = await Promise.all(
    doors.map(async (door) => {
      const { name, args } = wishFor(door);
      const wish = { target: door.id, name, args, user: deps.user, ttl_ms: TTL_MS };
      try {
        const outcome = await control.submit({ ...wish, ...(reason !== undefined && { reason }) });
        const { result, facts } = outcome;
        const well = ['confirmed', 'done'].includes(result);
        return { json: { door: door.id, result, facts }, text: outcomeText(outcome), well };
      } catch (error) {
        const fault = asFault(error);
        return { json: { door: door.id, fault: fault.toJSON() }, text: faultText(fault), well: false };
      }
    }),
  );
  const well = ends.every((end) => end.well);
  if (wanted) deps.out(json({ doors: ends.map((end) => end.json) }));
  else
    (well ? deps.out : deps.err)(
      `${table(ends.map(({ json: { door }, text }) => [door, text])) || 'This gateway has no doors.'}\n`,
    );
  return well ? 0 : 1;
}

/** Throws door.unknown with the nearest name. */
function named(words: readonly string[], doors: readonly DoorStatus[]): readonly DoorStatus[] {
  return [...new Set(words)].map((word) => {
    const found = doors.find(({ id }) => id === word);
    if (found) return found;
    const ids = doors.map(({ id }) => id);
    throw new Fault('door.unknown', { door: word, nearest: nearest(word, ids) ?? 'none' });
  });
}

function timeArgs(span: string | undefined): JsonObject {
  if (span === undefined) return {};
  const ms = parseSpan(span);
  if (ms !== undefined && ms >= 1) return { ms: Math.round(ms) };
  throw usage(`--for is ${span}; a time is expected, such as 30s, 10min or 2h`);
}
