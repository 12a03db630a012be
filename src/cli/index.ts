import { stripVTControlCharacters } from 'node:util';
import { type CommandDef, defineCommand, renderUsage, runCommand } from 'citty';
import { asFault, Fault } from '../faults/index.ts';
import { nearest } from '../model/index.ts';
import { commandsOf } from './commands.ts';
import type { CliDeps } from './deps.ts';
import { faultText, json, table } from './output.ts';

export type { CliDeps, RunOptions, SimulateOptions } from './deps.ts';

/** The command line. Resolves with the exit code: 0 done, 1 failed, 2 wrong usage. Errors go to standard error. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  let code: number = 0;
  const commands = commandsOf(deps, (given) => {
    code = given;
  });
  const [name = '', ...rest] = argv;
  const command = commands[name];
  if (name === '--version' || name === '-v') {
    deps.out(`${deps.version}\n`);
    return 0;
  }
  if (name === '' || name === '--help' || name === '-h' || name === 'help') {
    deps.out(await overview(commands, deps.version));
    return name === '' ? 2 : 0;
  }
  if (!command) {
    const close = nearest(name, Object.keys(commands));
    deps.err(`There is no command ${name}. ${close ? `Did you mean ${close}?` : 'See gatelodge --help.'}\n`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    deps.out(`${plain(await renderUsage(command, defineCommand({ meta: { name: 'gatelodge' } })))}\n`);
    return 0;
  }
  try {
    await refuseUnknownFlags(command, rest);
    await runCommand(command, { rawArgs: rest });
    return code;
  } catch (error) {
    if (isUsageError(error)) {
      deps.err(`${plain(error.message)}\nSee gatelodge ${name} --help.\n`);
      return 2;
    }
    const fault = asFault(error);
    if (rest.includes('--json')) deps.out(json({ fault: fault.toJSON() }));
    deps.err(`${faultText(fault)}\n`);
    return fault.code === 'usage' ? 2 : 1;
  }
}

async function overview(commands: Readonly<Record<string, CommandDef>>, version: string): Promise<string> {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([name, command]) => {
      const meta = await (typeof command.meta === 'function' ? command.meta() : command.meta);
      return [`  ${name}`, meta?.description?.split('  ')[0] ?? ''];
    }),
  );
  return `gatelodge ${version}: the edge gateway of a compound\n\n${table(rows)}\n\ngatelodge COMMAND --help tells more.\n`;
}

/** The library lets a mistyped flag pass silently; a technician would not notice. */
async function refuseUnknownFlags(command: CommandDef, words: readonly string[]): Promise<void> {
  const args = await (typeof command.args === 'function' ? command.args() : command.args);
  const known = Object.entries(args ?? {}).flatMap(([name, arg]) =>
    arg.type === 'positional' ? [] : [name],
  );
  for (const word of words) {
    if (word === '--') return;
    const [, flag] = /^--(?:no-)?([^=]+)/.exec(word) ?? [];
    if (flag === undefined || known.includes(flag)) continue;
    const close = nearest(flag, known);
    throw new Fault('usage', {
      text: `There is no option --${flag}${close ? `; did you mean --${close}?` : ''}`,
    });
  }
}

const isUsageError = (error: unknown): error is Error => error instanceof Error && error.name === 'CLIError';

/** Colours are for terminals; help is read in logs and documents too. */
const plain = stripVTControlCharacters;
