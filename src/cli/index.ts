import { asFault, type Fault } from '../faults/index.ts';
import { nearest } from '../model/index.ts';
import { parseGiven } from './args.ts';
import { commandsOf } from './commands.ts';
import type { CliDeps } from './deps.ts';
import { helpText, overview } from './help.ts';
import { faultText, json, sentence } from './output.ts';

export type { CliDeps, RunOptions, SimulateOptions } from './deps.ts';

/** The command line. Resolves with the exit code: 0 done, 1 failed, 2 wrong usage. Errors go to standard error. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const commands = commandsOf(deps);
  // `gatelodge help check` is asked as often as `gatelodge check --help`.
  const asked = argv[0] === 'help' && argv[1] !== undefined;
  const { name, rest } = nameIn(asked ? argv.slice(1) : argv, commands);
  if (name === '--version' || name === '-v') {
    deps.out(`${deps.version}\n`);
    return 0;
  }
  if (['', '--help', '-h', 'help'].includes(name)) {
    const page = overview(commands, deps.version);
    if (name === '') deps.err(page);
    else deps.out(page);
    return name === '' ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const group = Object.entries(commands).filter(([known]) => known.startsWith(`${name} `));
  if (!command && group.length > 0) {
    const page = overview(Object.fromEntries(group), deps.version);
    const wanted = asked || isHelp(rest[0]);
    (wanted ? deps.out : deps.err)(page);
    return wanted ? 0 : 2;
  }
  if (!command) {
    const close = nearest(name, Object.keys(commands));
    deps.err(`There is no command ${name}. ${close ? `Did you mean ${close}?` : 'See gatelodge --help.'}\n`);
    return 2;
  }
  const end = rest.indexOf('--');
  if (asked || rest.slice(0, end < 0 ? undefined : end).some(isHelp)) {
    deps.out(helpText(name, command, Object.fromEntries(group)));
    return 0;
  }
  try {
    return await command.run(parseGiven(command, rest));
  } catch (error) {
    const fault = asFault(error);
    if (rest.includes('--json')) deps.out(json({ fault: fault.toJSON() }));
    deps.err(fault.code === 'usage' ? usageText(fault, name) : `${faultText(fault)}\n`);
    return fault.code === 'usage' ? 2 : 1;
  }
}

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h';

/** The command in front of its words: of two words where the first alone is none and the second is no option, `bus scan`. */
function nameIn(argv: readonly string[], commands: Readonly<Record<string, unknown>>) {
  const [first = '', second = ''] = argv;
  const isGroup = Object.keys(commands).some((known) => known.startsWith(`${first} `));
  const long = isGroup && second !== '' && !second.startsWith('-');
  return long ? { name: `${first} ${second}`, rest: argv.slice(2) } : { name: first, rest: argv.slice(1) };
}

const usageText = ({ message }: Fault, name: string): string =>
  `${sentence(message)}\nSee gatelodge ${name} --help.\n`;
