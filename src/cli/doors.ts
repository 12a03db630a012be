import type { DoorStatus } from '../control/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import { doorsText, doorText } from './doors-text.ts';
import * as flags from './flags.ts';
import { named, type OrderFlags, orderEach, orderFlags } from './orders.ts';
import { json, parseSpan } from './output.ts';

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
      const doors = named('door', words, await control.doors());
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
const ORDER = orderFlags('door');
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

/** Whether somebody opened may show only when the unlock is over. */
const TTL_MS = 60_000;

const order = (
  deps: Deps,
  words: readonly string[],
  given: OrderFlags,
  wish: (door: DoorStatus) => { readonly name: string; readonly args: JsonObject },
): Promise<0 | 1> =>
  orderEach(
    deps,
    { ...given, words },
    { kind: 'door', list: (control) => control.doors(), ttl_ms: TTL_MS, wish },
  );

function timeArgs(span: string | undefined): JsonObject {
  if (span === undefined) return {};
  const ms = parseSpan(span);
  if (ms !== undefined && ms >= 1) return { ms: Math.round(ms) };
  throw usage(`--for is ${span}; a time is expected, such as 30s, 10min or 2h`);
}
