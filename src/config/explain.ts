import type { z } from 'zod';
import { isId, nearest } from '../model/index.ts';
import { wrongUrl } from './broker-url.ts';
import { errorAt, type Finding, type Path } from './problems.ts';
import { ID_FORM } from './schema-words.ts';
import { SECRETS } from './secrets.ts';

type Issue = z.core.$ZodIssue;
type KnownKeys = (path: Path) => readonly string[];

/** One issue with what is needed to put it into words. */
interface Case<I extends Issue = Issue> {
  readonly issue: I;
  readonly path: Path;
  /** The last word of the path. */
  readonly name: string;
  readonly came: unknown;
  /** What came, as it may be shown. */
  readonly shown: string;
  readonly known: KnownKeys;
}

/** What the schema found, in words for the installer. `root` is the data that was judged. */
export function explain(issues: readonly Issue[], root: unknown, known: KnownKeys): Finding[] {
  return issues.flatMap((issue) => {
    // YAML has no symbol keys.
    const path = issue.path as (string | number)[];
    const came = valueAt(root, path);
    const name = nameOf(path);
    const shown = SECRETS.includes(name) ? '***' : show(came);
    return explainOne({ issue, path, name, came, shown, known });
  });
}

const nameOf = (path: Path): string => {
  const last = path.at(-1);
  return typeof last === 'number' ? `entry ${last + 1}` : (last ?? 'the file');
};

function explainOne(at: Case): Finding[] {
  const { issue, path, name, came, shown } = at;
  const said = (message: string, remedy: string) => [errorAt(path, message, remedy)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], key, at.known(path)));
    case 'invalid_key':
      return [
        {
          ...errorAt(path, `${show(name)} cannot be a name here`, `It is ${issue.issues[0]?.message}.`),
          atKey: true,
        },
      ];
    case 'invalid_type':
      return [wrongType({ ...at, issue })];
    case 'invalid_value':
      return [wrongChoice(at, issue.values.map(String))];
    case 'too_small':
    case 'too_big':
      return [outOfLimit({ ...at, issue })];
    case 'invalid_union':
      return explainUnion({ ...at, issue });
    case 'invalid_format':
    case 'custom': {
      const url = name === 'url' && typeof came === 'string' ? wrongUrl(came) : undefined;
      if (url) return said(url.message, url.remedy);
      const meant = typeof came === 'string' ? probably(issue, name, came) : undefined;
      const remedy = meant ? `Did you mean ${meant}?` : 'Write it in that form.';
      return said(`${name} is ${shown}; ${issue.message} is expected`, remedy);
    }
    default:
      return said(`${name}: ${issue.message}`, 'See config/gateway.example.yaml.');
  }
}

/** The text that was meant where a pattern does not fit. */
function probably(issue: Issue, name: string, came: string): string | undefined {
  if (name === 'time_zone') return nearest(came, Intl.supportedValuesOf('timeZone'));
  if (!(issue.code === 'invalid_format' && issue.message === ID_FORM)) return undefined;
  const id = came
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return isId(id) ? id : undefined;
}

function wrongType({ issue, path, name, came, shown }: Case<z.core.$ZodIssueInvalidType>): Finding {
  const expected = EXPECTED[issue.expected] ?? issue.expected;
  if (came === undefined) return errorAt(path, `${name} is missing`, `Add ${name}: ${expected}.`);
  if (path.length === 0) return wrongRoot(came);
  if (came === null && typeof path.at(-1) === 'number')
    return errorAt(path, `${name} is empty`, 'Write its options behind the dash, or remove the dash.');
  if (came === null)
    return errorAt(
      path,
      `${name} has no value; ${expected} is expected`,
      `Give it one, or leave ${name} out.`,
    );
  return errorAt(
    path,
    `${name} is ${shown}; ${expected} is expected`,
    remedyOfType(issue.expected, expected, came),
  );
}

function wrongRoot(came: unknown): Finding {
  const what = Array.isArray(came) ? 'the file is a list' : `the file is ${show(came)}`;
  return errorAt(
    [],
    `${what}; options such as version: 1 are expected at its left edge`,
    typeof came === 'string' && /\w:\S/.test(came)
      ? 'Write a blank behind each colon.'
      : 'Begin with config/gateway.example.yaml.',
  );
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list (lines that begin with -)',
  tuple: 'a list (lines that begin with -)',
  object: 'a group of options',
  record: 'a group of options',
};

function remedyOfType(kind: string, expected: string, came: unknown): string {
  const numeric = kind === 'number' || kind === 'int';
  if (numeric && typeof came === 'string' && came.trim() && Number.isFinite(Number(came)))
    return `Write ${Number(came)} without quotes.`;
  if (numeric && typeof came === 'string' && /^[\d.]+ *(ms|s|min|h|mb|%)$/i.test(came))
    return 'Write the number alone; its unit stands in the name of the option.';
  if (kind === 'string' && (typeof came === 'number' || typeof came === 'boolean'))
    return 'Put it in quotes.';
  if (kind === 'array' && typeof came === 'string') return 'Begin a new line with - before it.';
  return `Write ${expected} here.`;
}

function wrongChoice(at: Pick<Case, 'path' | 'name' | 'came' | 'shown'>, values: readonly string[]): Finding {
  const { path, name, came, shown } = at;
  const choice = values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
  if (came === undefined) return errorAt(path, `${name} is missing`, `Add ${name}: ${choice}.`);
  const close = nearestChoice(came, values);
  return errorAt(
    path,
    `${name} is ${shown}; ${choice} is expected`,
    close ? `Did you mean ${close}?` : `Use ${choice}.`,
  );
}

/** Of numbers the nearest is not the one that is written alike. */
function nearestChoice(came: unknown, values: readonly string[]): string | undefined {
  if (typeof came !== 'number') return nearest(String(came), values);
  const numbers = values.map(Number).filter(Number.isFinite);
  const [first] = numbers.toSorted((x, y) => Math.abs(x - came) - Math.abs(y - came));
  return first === undefined ? undefined : String(first);
}

function outOfLimit({
  issue,
  path,
  name,
  came,
  shown,
}: Case<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): Finding {
  const small = issue.code === 'too_small';
  const limit = Number(small ? issue.minimum : issue.maximum);
  if (issue.origin === 'string')
    return errorAt(path, `${name} is empty`, `Write a text, or leave ${name} out.`);
  if (issue.origin === 'array' || issue.origin === 'tuple') {
    const count = Array.isArray(came) ? came.length : 0;
    return errorAt(
      path,
      `${name} has ${count} entries; ${small ? 'at least' : 'at most'} ${limit} are expected`,
      `Give it ${limit}.`,
    );
  }
  return errorAt(
    path,
    `${name} is ${shown}; the ${small ? 'smallest' : 'largest'} is ${limit}`,
    limitRemedy(name, came, { limit, side: small ? 'least' : 'most' }),
  );
}

/** Milliseconds are often written as seconds, and the other way round. */
export function limitRemedy(
  name: string,
  came: unknown,
  { limit, side }: { readonly limit: number; readonly side: 'least' | 'most' },
): string {
  const number = typeof came === 'number' ? came : Number.NaN;
  if (name.endsWith('_ms') && side === 'least' && number > 0 && number * 1000 >= limit)
    return `Did you mean ${number * 1000}?`;
  if (name.endsWith('_s') && side === 'most' && number % 1000 === 0 && number / 1000 <= limit)
    return `Did you mean ${number / 1000}?`;
  return `Use at ${side} ${limit}.`;
}

function explainUnion(at: Case<z.core.$ZodIssueInvalidUnion>): Finding[] {
  const { issue, known } = at;
  if ('options' in issue && issue.options) return [wrongChoice(at, issue.options.map(String))];
  const values = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
  if (values.length) return [wrongChoice(at, values)];
  // Alternatives of other kinds: the first is the usual one. Its paths begin at this place.
  return explain(issue.errors[0] ?? [], at.came, known).map((finding) => ({
    ...finding,
    path: [...at.path, ...finding.path],
  }));
}

function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  const close = nearest(key, known);
  const remedy = close ? `Did you mean ${close}?` : `Known here: ${known.join(', ')}.`;
  return { ...errorAt(path, `${key} is no option here`, remedy), atKey: true };
}

function valueAt(root: unknown, path: Path): unknown {
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

function show(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const said = JSON.stringify(value) ?? String(value);
  return said.length > 60 ? `${said.slice(0, 57)}…` : said;
}
