import type { z } from 'zod';
import { nearest } from '../model/index.ts';
import { errorAt, type Finding, type Path } from './problems.ts';

type Issue = z.core.$ZodIssue;

/** What the schema found, in words for the installer. `root` is the data that was judged. */
export function explain(
  issues: readonly Issue[],
  root: unknown,
  knownKeys: (path: Path) => readonly string[],
): Finding[] {
  return issues.flatMap((issue) => explainOne(issue, root, knownKeys));
}

function explainOne(issue: Issue, root: unknown, knownKeys: (path: Path) => readonly string[]): Finding[] {
  // YAML has no symbol keys.
  const path = issue.path as (string | number)[];
  const came = valueAt(root, path);
  const name = String(path.at(-1) ?? 'the file');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], key, knownKeys(path)));
    case 'invalid_type':
      if (came === undefined)
        return [errorAt(path, `${name} is missing`, `Add ${name}: ${expectation(issue.expected)}.`)];
      return [
        errorAt(
          path,
          `${name} is ${show(came)}; ${expectation(issue.expected)} is expected`,
          remedyOfType(issue.expected, came),
        ),
      ];
    case 'invalid_value': {
      const values = issue.values.map(String);
      const close = nearest(String(came), values);
      const choice = values.length === 1 ? values[0] : `one of ${values.join(', ')}`;
      if (came === undefined) return [errorAt(path, `${name} is missing`, `Add ${name}: ${choice}.`)];
      return [
        errorAt(
          path,
          `${name} is ${show(came)}; ${choice} is expected`,
          close ? `Did you mean ${close}?` : `Use ${choice}.`,
        ),
      ];
    }
    case 'too_small':
      return [errorAt(path, tooSmall(issue, name, came), limitRemedy(came, Number(issue.minimum), 'least'))];
    case 'too_big':
      return [
        errorAt(
          path,
          `${name} is ${show(came)}; the largest is ${issue.maximum}`,
          limitRemedy(came, Number(issue.maximum), 'most'),
        ),
      ];
    case 'invalid_union':
      return explainUnion(issue, path, { root, came, name }, knownKeys);
    case 'invalid_format':
    case 'custom':
      return [
        errorAt(path, `${name} is ${show(came)}; ${issue.message} is expected`, 'Write it in that form.'),
      ];
    default:
      return [errorAt(path, `${name}: ${issue.message}`, 'See config/gateway.example.yaml.')];
  }
}

function tooSmall(issue: Issue & { code: 'too_small' }, name: string, came: unknown): string {
  if (issue.origin === 'string') return `${name} is empty`;
  return `${name} is ${show(came)}; the smallest is ${issue.minimum}`;
}

/** Milliseconds are often written as seconds, and the other way round. */
function limitRemedy(came: unknown, limit: number, side: 'least' | 'most'): string {
  const guess = typeof came === 'number' ? (side === 'least' ? came * 1000 : came / 1000) : Number.NaN;
  const fits = side === 'least' ? guess >= limit && came !== 0 : guess <= limit && Number.isInteger(guess);
  return fits ? `Did you mean ${guess}?` : `Use at ${side} ${limit}.`;
}

function explainUnion(
  issue: Issue & { code: 'invalid_union' },
  path: Path,
  at: { readonly root: unknown; readonly came: unknown; readonly name: string },
  knownKeys: (path: Path) => readonly string[],
): Finding[] {
  const tags =
    'discriminator' in issue && typeof issue.discriminator === 'string' ? issue.discriminator : undefined;
  if (tags) {
    const options = knownKeys([...path, `=${tags}`]);
    const given = String(at.came ?? '');
    const close = nearest(given, options);
    const say =
      at.came === undefined
        ? `${tags} is missing`
        : `${tags} is ${show(at.came)}; one of ${options.join(', ')} is expected`;
    return [errorAt(path, say, close ? `Did you mean ${close}?` : `Use one of ${options.join(', ')}.`)];
  }
  const values = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
  if (values.length === 0) return issue.errors[0] ? explain(issue.errors[0], at.root, knownKeys) : [];
  if (at.came === undefined)
    return [errorAt(path, `${at.name} is missing`, `Add ${at.name}: one of ${values.join(', ')}.`)];
  const close = nearest(String(at.came), values);
  const expected = `${at.name} is ${show(at.came)}; one of ${values.join(', ')} is expected`;
  return [errorAt(path, expected, close ? `Did you mean ${close}?` : `Use one of ${values.join(', ')}.`)];
}

function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  const close = nearest(key, known);
  const remedy = close ? `Did you mean ${close}?` : `Known here: ${known.join(', ')}.`;
  return { ...errorAt(path, `${key} is no option here`, remedy), atKey: true };
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list (lines that begin with -)',
  object: 'a group of options',
  record: 'a group of options',
};
const expectation = (expected: string): string => EXPECTED[expected] ?? expected;

function remedyOfType(expected: string, came: unknown): string {
  if (
    (expected === 'number' || expected === 'int') &&
    typeof came === 'string' &&
    Number.isFinite(Number(came)) &&
    came.trim()
  ) {
    return `Write ${Number(came)} without quotes.`;
  }
  if (expected === 'string' && (typeof came === 'number' || typeof came === 'boolean'))
    return `Write "${came}" in quotes.`;
  return `Write ${expectation(expected)} here.`;
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    // Unknown data is looked into key by key.
    value =
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[step]
        : undefined;
  }
  return value;
}

export function show(value: unknown): string {
  const said = JSON.stringify(value) ?? String(value);
  return said.length > 60 ? `${said.slice(0, 57)}…` : said;
}
