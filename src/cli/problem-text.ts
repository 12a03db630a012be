import { type Problem, SECRETS, sentenceOf } from '../config/index.ts';
import { isWide } from './output.ts';

/** A file with one slip in each device would bury its first line. */
const MOST_SHOWN = 25;

/** For people: each problem with its line of the file and a mark below. */
export function problemLines(file: string, text: string, problems: readonly Problem[]): readonly string[] {
  const lines = text.split(/\r?\n/);
  const shown = problems.slice(0, MOST_SHOWN).map((problem) => problemText(file, lines, problem));
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more (--json shows all)`, ''] : [])];
}

function problemText(file: string, lines: readonly string[], problem: Problem): string {
  const { severity, remedy, line, column } = problem;
  const number = String(line);
  const { text, mark } = excerpt(lines[line - 1] ?? '', column);
  return [
    `${file}:${line}:${column}: ${severity}: ${sentenceOf(problem)}`,
    `  ${number} | ${text}`,
    `  ${' '.repeat(number.length)} | ${mark}`,
    `  ${remedy}`,
    '',
  ].join('\n');
}

const WIDEST = 160;

/** A line as it can be shown: no secrets, no control characters, not wider than a screen; and the mark below it. */
function excerpt(line: string, column: number): { readonly text: string; readonly mark: string } {
  const from = column > WIDEST ? column - WIDEST / 2 : 0;
  const text = line
    .slice(from, from + WIDEST)
    .replace(/\p{Cc}/gu, (letter) => (letter === '\t' ? '→' : '·'))
    .replace(SECRET, '$1***')
    .replace(/(:\/\/)[^@\s/]*@/g, '$1***@')
    // What was written in place of the name of a host may hold a password.
    .replace(/(\bhost["']?\s*:\s*)[^\s,}]*[@/][^,}]*/g, '$1***');
  // Chinese letters take two columns, so the mark is moved by the text itself.
  const before = text.slice(0, Math.max(0, column - 1 - from));
  return {
    text,
    mark: `${before.replace(/[^\x20-\x7e]/g, (letter) => (isWide(letter) ? '  ' : ' ')).replace(/[^ ]/g, ' ')}^`,
  };
}

/** What stands behind a secret's name, unless it is a reference. */
const SECRET = new RegExp(
  `\\b((?:${SECRETS.join('|')})["']?\\s*:\\s*)(?!["']?\\$\\{|[|>])[^\\s,}][^,}]*`,
  'g',
);
