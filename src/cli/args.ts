import { parseArgs } from 'node:util';
import { Fault } from '../faults/index.ts';
import { nearest } from '../model/index.ts';

/** An option as it is typed: `--json`, `--socket FILE`. */
export interface Flag {
  readonly about: string;
  /** What follows it, such as FILE; without it the option is a switch. */
  readonly value?: string;
  readonly many?: true;
  readonly required?: true;
  readonly default?: string;
}
export type Flags = Readonly<Record<string, Flag>>;

/** A word behind the command, by its place. Only the last may be left out or be several. */
export interface Word {
  readonly name: string;
  readonly about: string;
  readonly optional?: true;
  readonly many?: true;
}

type Value<F extends Flag> = F extends { value: string }
  ? F extends { many: true }
    ? readonly string[]
    : F extends { required: true } | { default: string }
      ? string
      : string | undefined
  : boolean;

export interface Given<F extends Flags> {
  readonly words: readonly string[];
  readonly flags: { readonly [K in keyof F]: Value<F[K]> };
}

/** One command of the command line. `run` gives the exit code: 0 done, 1 failed. */
export interface Command<F extends Flags = Flags> {
  readonly does: string;
  readonly examples: readonly string[];
  readonly words: readonly Word[];
  readonly flags: F;
  readonly run: (given: Given<F>) => Promise<0 | 1>;
}

/** Keeps the types of the flags while a command is written, and forgets them for the list of all. */
// What `parseGiven` made from these very flags is what `run` gets.
export const command = <const F extends Flags>(definition: Command<F>): Command =>
  definition as unknown as Command;

/** Words as typed → what the command asked for. Fault usage, naming what was probably meant. */
export function parseGiven<F extends Flags>(
  { words, flags }: Pick<Command<F>, 'words' | 'flags'>,
  argv: readonly string[],
): Given<F> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' }]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') given.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (!flag) throw unknownFlag(token.rawName, Object.keys(flags));
    values.set(token.name, [...(values.get(token.name) ?? []), valueIn(token, flag)]);
  }
  refuseWords(words, given);
  const settledFlags = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, settled(name, flag, values.get(name))]),
  );
  // `settled` gives each flag the kind of value that `Value` says in types.
  return { words: given, flags: settledFlags as Given<F>['flags'] };
}

const usage = (text: string): Fault => new Fault('usage', { text });

function unknownFlag(typed: string, known: readonly string[]): Fault {
  const close = nearest(typed.replace(/^-+/, ''), known);
  return usage(`There is no option ${typed}${close ? `; did you mean --${close}?` : ''}`);
}

function valueIn(
  { rawName, value }: { readonly rawName: string; readonly value?: string | undefined },
  flag: Flag,
): string {
  if (flag.value === undefined) {
    if (value !== undefined) throw usage(`${rawName} takes no value; ${value} came`);
    return '';
  }
  // Another option in its place is no value: `--config --json`.
  if (value === undefined || value === '' || value.startsWith('--'))
    throw usage(`${rawName} needs a value: ${rawName} ${flag.value}`);
  return value;
}

function settled(name: string, flag: Flag, values: readonly string[] | undefined): unknown {
  if (flag.value === undefined) return values !== undefined;
  if (flag.many) return values ?? [];
  if (values === undefined && flag.required)
    throw usage(`--${name} is missing: --${name} ${flag.value}, ${flag.about}`);
  if (values && values.length > 1)
    throw usage(`--${name} is given ${values.length} times; it can be given once`);
  return values?.[0] ?? flag.default;
}

function refuseWords(words: readonly Word[], given: readonly string[]): void {
  const missing = words.slice(given.length).find(({ optional }) => !optional);
  if (missing) throw usage(`${missing.name} is missing: ${missing.about}`);
  const extra = given[words.length];
  if (extra !== undefined && !words.at(-1)?.many) throw usage(`${extra} is one word too many`);
}
