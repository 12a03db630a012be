import { nearest } from '../model/index.ts';
import type { Finding, Path, Problem } from './problems.ts';
import type { Source } from './source.ts';

const TEXTS = ['id', 'who', 'card', 'pin', 'from', 'until'] as const;
const FLAGS = ['visitor', 'extended', 'override'] as const;
const COLUMNS: readonly string[] = [...TEXTS, 'groups', ...FLAGS];

interface Cell {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Credentials as a spreadsheet writes them: a head line with the names of the columns, then one to a line. */
export function parseCsv(text: string): Source {
  const { rows: lines, open } = cellsOf(text.replace(/^\uFEFF/, ''));
  const [head = [], ...rows] = lines;
  const names = head.map((cell) => cell.text.trim().toLowerCase());
  const odd = head.flatMap((cell, index) =>
    headProblem(cell, names[index] ?? '', names.indexOf(names[index] ?? '') < index),
  );
  const missing = ['id', 'who'].filter((name) => !names.includes(name));
  const syntax: Problem[] = [
    ...(open ? [problem(open, 'a quote is opened here and not closed', 'Close it.')] : []),
    ...odd,
    ...missing.map((name) =>
      problem(head[0] ?? START, `the column ${name} is missing`, `The columns are ${COLUMNS.join(', ')}.`),
    ),
  ];
  const filled = rows.filter((row) => row.some((cell) => cell.text.trim() !== ''));
  const long = filled.flatMap((row) => {
    const extra = row[names.length];
    return extra
      ? [
          problem(
            extra,
            `this line has more than ${names.length} columns`,
            'Put a text with a comma in quotes.',
          ),
        ]
      : [];
  });
  return {
    data: { credentials: filled.map((row) => credentialIn(names, row)) },
    syntax: [...syntax, ...long],
    locate: (finding) => located(finding, names, filled),
  };
}

const START = { text: '', line: 1, column: 1 };

function headProblem(cell: Cell, name: string, again: boolean): Problem[] {
  if (again) return [problem(cell, `the column ${name} stands there twice`, 'Keep one.')];
  if (COLUMNS.includes(name)) return [];
  const close = nearest(name, COLUMNS);
  return [
    problem(
      cell,
      `there is no column ${name || '(without a name)'}`,
      close ? `Did you mean ${close}?` : `The columns are ${COLUMNS.join(', ')}.`,
    ),
  ];
}

const problem = ({ line, column }: Cell, message: string, remedy: string): Problem => ({
  ...{ severity: 'error', path: '', message, remedy, line, column },
});

function credentialIn(names: readonly string[], row: readonly Cell[]): Record<string, unknown> {
  const said = names.flatMap((name, index) => {
    const text = row[index]?.text.trim() ?? '';
    return text === '' ? [] : [[name, cellValue(name, text)] as const];
  });
  return Object.fromEntries(said);
}

function cellValue(name: string, text: string): unknown {
  if (name === 'groups') return text.split(/[\s;|]+/).filter(Boolean);
  if (!FLAGS.some((flag) => flag === name)) return text;
  // What is neither stays a text, which the schema refuses with its place.
  return YES.includes(text.toLowerCase()) ? true : NO.includes(text.toLowerCase()) ? false : text;
}

const YES: readonly string[] = ['true', 'yes', 'y', '1', 'x', '是'];
const NO: readonly string[] = ['false', 'no', 'n', '0', '-', '否'];

function located(
  { severity, path, message, remedy }: Finding,
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
): Problem {
  const [, row, name] = path;
  const cells = typeof row === 'number' ? rows[row] : undefined;
  const cell = cells?.[names.indexOf(String(name))] ?? cells?.[0] ?? START;
  return { severity, path: nameOf(path, rows, names), message, remedy, line: cell.line, column: cell.column };
}

function nameOf(
  [list, row, ...rest]: Path,
  rows: readonly (readonly Cell[])[],
  names: readonly string[],
): string {
  if (typeof row !== 'number') return String(list ?? '');
  const id = rows[row]?.[names.indexOf('id')]?.text.trim();
  return [list, id || row, ...rest].join('.');
}

/** RFC 4180, and a semicolon where the head has no comma outside of quotes: some spreadsheets write that. */
function cellsOf(text: string): { readonly rows: readonly (readonly Cell[])[]; readonly open?: Cell } {
  const [first = ''] = text.split(/\r?\n/, 1);
  const parts = first.replace(/"[^"]*"/g, '');
  const comma = !parts.includes(',') && parts.includes(';') ? ';' : ',';
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  let cell = { text: '', line: 1, column: 1 };
  let line = 1;
  let column = 1;
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = { text: '', line, column };
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    column += 1;
    if (letter === '\n') {
      line += 1;
      column = 1;
    }
    if (quoted && letter === '"' && text[at + 1] === '"') {
      cell.text += '"';
      at += 1;
      column += 1;
    } else if (letter === '"' && (quoted || cell.text.trim() === '')) {
      quoted = !quoted;
      if (quoted) cell.text = '';
    } else if (quoted) cell.text += letter;
    else if (letter === comma) endCell();
    else if (letter === '\n') {
      endCell();
      rows.push(row);
      row = [];
    } else if (letter !== '\r') cell.text += letter;
  }
  row.push(cell);
  rows.push(row);
  return { rows, ...(quoted && { open: cell }) };
}
