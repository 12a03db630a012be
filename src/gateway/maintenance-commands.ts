import { z } from 'zod';
import type { CommandSpec } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** Longer nobody mutes alarms; whoever needs more says so again. */
export const LONGEST_MS: Millis = 4 * 3_600_000;

/** They move nothing: allowed by name only. */
const desk = (about: string, args: CommandSpec['args']): CommandSpec => ({
  ...{ about, args, timing: 'none', actuates: false, on_process_end: 'hold' },
});

/** What every door, device and bus can be told. */
export const MAINTENANCE_COMMANDS = {
  maintenance: desk(
    'Mutes its alarms for a time; it works on.',
    z.strictObject({ ms: z.int().min(1).max(LONGEST_MS), why: z.string().min(1).max(200) }),
  ),
  'end-maintenance': desk('Its alarms alarm again.', z.strictObject({})),
} as const satisfies Readonly<Record<string, CommandSpec>>;
