import { z } from 'zod';
import type { DoorView } from '../access/index.ts';
import type {
  ActResult,
  CommandHow,
  CommandSpec,
  CommandTarget,
  DoorAnswer,
  DoorCommand,
  DoorKind,
} from '../contracts/index.ts';
import { checkArgs } from '../kit/index.ts';
import type { JsonObject, Outcome } from '../model/index.ts';
import { MAINTENANCE_COMMANDS } from './maintenance-commands.ts';

const ms = (most: number) => z.int().min(1).max(most);
const none = z.strictObject({});
const order = (about: string, args: CommandSpec['args'] = none): CommandSpec => ({
  ...{ about, args, timing: 'none', actuates: true, on_process_end: 'hold' },
});
const unlocking = z.strictObject({
  ms: ms(3_600_000).exactOptional(),
  gates: z.array(z.string().min(1).max(40)).min(1).max(200).exactOptional(),
});

const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  unlock: order('Unlocks it for a time.', unlocking),
  'unlock-in-lockdown': order('Unlocks it for a time, also in a lockdown.', unlocking),
  lock: order('Ends a card, a hold-open and, until its next change, a schedule.'),
  'hold-open': order(
    'Unlocks it until ordered otherwise, or for a time.',
    z.strictObject({ ms: ms(604_800_000).exactOptional() }),
  ),
  'end-hold': order('Ends a hold-open.'),
  resume: order('Ends a hold-open, a lockdown and a lock by hand: cards and its schedule have it again.'),
  lockdown: order('Nobody goes in.'),
  'end-lockdown': order('The lockdown is over.'),
  'reset-fire': order('Locks again after a fire that is over, where that waits for somebody.'),
  ...MAINTENANCE_COMMANDS,
};
const ARM: Readonly<Record<string, CommandSpec>> = {
  open: order('Opens it.'),
  close: order('Closes it, once nothing stands below.'),
  stop: order('Stops it where it is.'),
};

/** What a door of that kind can be told. */
const doorCommands = (kind: DoorKind): Readonly<Record<string, CommandSpec>> =>
  kind === 'barrier' ? { ...COMMANDS, ...ARM } : COMMANDS;

/** What has come of an order so far, and what is still to come. */
export interface Ordered {
  readonly answer: DoorAnswer | undefined;
  readonly view: DoorView;
  /** At its relays; undefined: none was moved by it. */
  readonly moved: Promise<ActResult> | undefined;
  /** Ended by this process: when it dies, the lock stays as it is. */
  readonly host_timed: boolean;
  /** What its contact shows (see `unlock-ended`); undefined: not in time. */
  readonly evidence: Promise<string | undefined>;
}

/** A door as what commands are given to. `obey` hands the order to it; its evidence is waited for until the signal aborts. */
export function doorTarget(
  id: string,
  kind: DoorKind,
  obey: (order: DoorCommand, signal: AbortSignal) => Ordered,
): CommandTarget {
  const specs = doorCommands(kind);
  return {
    check: (name, args) => {
      checkArgs({ target: id, name, args }, specs);
      return { actuates: specs[name]?.actuates ?? true };
    },
    act: async (name, args, how) => {
      const checked = checkArgs({ target: id, name, args }, specs);
      const ordered = obey(orderOf(name, checked, how), how.signal);
      return outcomeOf(name, ordered, how);
    },
  };
}

async function outcomeOf(
  name: string,
  { answer, view, moved, host_timed, evidence }: Ordered,
  { actuated }: CommandHow,
): Promise<Outcome> {
  if (!answer?.accepted) return { result: 'refused', facts: { reason: answer?.reason ?? 'not-started' } };
  const { result, facts } = (await moved) ?? { result: 'done', facts: {} };
  const told: JsonObject = { ...facts, mode: view.mode, ...(host_timed && { degraded: 'host-timed' }) };
  if (result !== 'done') return { result, facts: told };
  if (!OPENING.includes(name)) return { result: 'done', facts: told };
  // Released for a fire, or nothing to see it by: nobody need wait.
  if (view.lock === 'released' || view.position === 'none')
    return { result: 'done', facts: { ...told, evidence: 'none' } };
  actuated();
  const shown = await evidence;
  if (shown === 'none') return { result: 'done', facts: { ...told, evidence: shown } };
  return {
    result: shown === 'opened' ? 'confirmed' : 'unconfirmed',
    facts: { ...told, evidence: shown ?? 'not-yet' },
  };
}

const OPENING: readonly string[] = ['unlock', 'unlock-in-lockdown', 'open'];

function orderOf(name: string, args: JsonObject, { ref, by }: CommandHow): DoorCommand {
  const base = { kind: 'command', ref, by } as const;
  const for_ms = typeof args.ms === 'number' ? { for_ms: args.ms } : {};
  const gates = Array.isArray(args.gates) ? { gates: args.gates.map(String) } : {};
  switch (name) {
    case 'unlock':
      return { ...base, name, ...for_ms, ...gates };
    case 'unlock-in-lockdown':
      return { ...base, name: 'unlock', override: true, ...for_ms, ...gates };
    case 'hold-open':
      return { ...base, name, ...for_ms };
    case 'maintenance':
      return { ...base, name, for_ms: Number(args.ms), why: String(args.why) };
    default:
      // Checked before: all others are words of a door that take nothing.
      return { ...base, name: name as 'lock' };
  }
}
