import { z } from 'zod';
import type { CommandSpec, CommandTarget } from '../contracts/index.ts';
import { checkArgs } from '../kit/index.ts';
import { LOAD_COMMANDS, LOAD_FOR_S, type LoadCommand } from '../model/index.ts';
import type { Load } from './load.ts';

const timed = z.strictObject({
  for_s: z.int().min(1).max(LOAD_FOR_S).exactOptional(),
});
const ABOUT: Readonly<Record<LoadCommand, string>> = {
  on: 'Switches it on, for a time or until something else is said.',
  off: 'Switches it off, for a time or until something else is said.',
  auto: 'Its schedule has it again.',
};
const COMMANDS: Readonly<Record<string, CommandSpec>> = Object.fromEntries(
  LOAD_COMMANDS.map((name) => [
    name,
    {
      ...{ about: ABOUT[name], args: name === 'auto' ? z.strictObject({}) : timed },
      ...{ timing: 'none', actuates: true, on_process_end: 'hold' },
    } as const,
  ]),
);

/** A load as what commands are given to. */
export const loadTarget = (load: Pick<Load, 'id' | 'command'>): CommandTarget => ({
  check: (name, args) => {
    checkArgs({ target: load.id, name, args }, COMMANDS);
    return { actuates: true };
  },
  act: (name, args, { by: who, signal }) => {
    const { for_s } = checkArgs({ target: load.id, name, args }, COMMANDS);
    const for_ms = typeof for_s === 'number' ? { for_ms: for_s * 1000 } : {};
    // Checked before: it is one of the three.
    return load.command(name as LoadCommand, { who, ...for_ms }, signal);
  },
});
