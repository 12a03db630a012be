import type { Command, Flag } from './args.ts';
import { table } from './output.ts';

/** The page of one command: what it does, how it is called, what its words and options are, an example, and the commands of its group. */
export function helpText(
  name: string,
  { does, examples, words, flags }: Command,
  group: Readonly<Record<string, Command>> = {},
): string {
  const options = Object.entries(flags);
  return [
    `gatelodge ${name}: ${does}`,
    '',
    `  gatelodge ${[name, ...words.map(wordText), ...(options.length ? ['[options]'] : [])].join(' ')}`,
    ...section(
      '',
      words.map((word) => [word.name, word.about]),
    ),
    ...section(
      'options',
      options.map(([flag, spec]) => [flagText(flag, spec), aboutFlag(spec)]),
    ),
    '',
    examples.length > 1 ? 'examples' : 'example',
    ...examples.map((example) => `  gatelodge ${example}`),
    ...section(
      'further',
      Object.entries(group).map(([one, { does: what }]) => [one, what]),
    ),
    '',
  ].join('\n');
}

/** The page of all commands. */
export function overview(commands: Readonly<Record<string, Command>>, version: string): string {
  const rows = Object.entries(commands).map(([name, { does }]) => [`  ${name}`, does]);
  return `gatelodge ${version}: the edge gateway of a compound\n\n${table(rows)}\n\ngatelodge COMMAND --help tells more. Exit codes: 0 done, 1 failed, 2 wrong usage.\n`;
}

export function wordText({ name, optional, many }: Command['words'][number]): string {
  const text = many ? `${name}…` : name;
  return optional ? `[${text}]` : text;
}

export const flagText = (name: string, { value }: Flag): string =>
  value === undefined ? `--${name}` : `--${name} ${value}`;

export function aboutFlag({ about, many, required, default: preset }: Flag): string {
  const notes = [
    ...(required ? ['required'] : []),
    ...(many ? ['may be repeated'] : []),
    ...(preset === undefined ? [] : [`default ${preset}`]),
  ];
  return notes.length ? `${about} (${notes.join(', ')})` : about;
}

const section = (title: string, rows: readonly (readonly string[])[]): string[] =>
  rows.length ? ['', ...(title ? [title] : []), table(rows).replace(/^/gm, '  ')] : [];
