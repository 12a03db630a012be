import { z } from 'zod';
import type { PeopleList } from '../contracts/index.ts';
import { checkPeople, type PeopleAround } from './checks/people.ts';
import { scheduleOf } from './door-schema.ts';
import { explain } from './explain.ts';
import { knownKeys } from './keys.ts';
import { parseCsv } from './people-csv.ts';
import { type PeopleConfig, peopleSchema } from './people-schema.ts';
import { errorAt, type Finding, type Path, type Problem } from './problems.ts';
import { parseSource, type Source } from './source.ts';

/** YAML or JSON; a name that ends with .csv: credentials, one to a line. */
export interface PeopleFile {
  readonly name: string;
  readonly text: string;
}

export interface LoadedPeople {
  readonly problems: readonly (Problem & { readonly file: string })[];
  /** Absent when there is an error. */
  readonly people: PeopleList | undefined;
}

interface Part {
  readonly file: string;
  readonly source: Source;
}

/** Where an entry of a list stands: in several files together they make one list. */
interface Origin {
  readonly part: Part;
  readonly path: Path;
}

const LISTS = ['groups', 'schedules', 'credentials', 'revoked'];

/** Who opens what, from one file or several together; everything that is wrong with it at once. Never throws for what is in the texts. */
export function loadPeople(files: readonly PeopleFile[], around: PeopleAround): LoadedPeople {
  const parts = files.map(
    ({ name, text }): Part => ({
      file: name,
      source: /\.csv$/i.test(name) ? parseCsv(text) : parseSource(text),
    }),
  );
  const syntax = parts.flatMap(({ file, source }) => source.syntax.map((problem) => ({ ...problem, file })));
  if (syntax.length > 0) return { problems: syntax, people: undefined };
  const { data, origins, findings } = together(parts);
  if (findings.length > 0) return { problems: findings, people: undefined };

  const located = (found: readonly Finding[]) => found.map((finding) => locate(finding, origins, parts));
  const parsed = peopleSchema.safeParse(data);
  if (!parsed.success) {
    const schema = z.toJSONSchema(peopleSchema, { io: 'input', unrepresentable: 'any' });
    const found = explain(parsed.error.issues, data, (path) => knownKeys(schema, path));
    return { problems: located(found), people: undefined };
  }
  const problems = located(checkPeople(parsed.data, around));
  const failed = problems.some(({ severity }) => severity === 'error');
  return { problems, people: failed ? undefined : peopleOf(parsed.data) };
}

function together(parts: readonly Part[]) {
  const data: Record<string, unknown> = {};
  const origins = new Map<string, Origin[]>();
  const findings: (Problem & { readonly file: string })[] = [];
  for (const part of parts) {
    const root = part.source.data ?? {};
    const say = (finding: Finding) => void findings.push({ ...part.source.locate(finding), file: part.file });
    if (typeof root !== 'object' || Array.isArray(root)) {
      say(errorAt([], 'groups, credentials and the like are expected at its left edge', EXAMPLE));
      continue;
    }
    for (const [key, value] of Object.entries(root)) {
      if (LISTS.includes(key) && Array.isArray(value)) {
        const before = Array.isArray(data[key]) ? data[key] : [];
        data[key] = [...before, ...value];
        const places = value.map((_, index): Origin => ({ part, path: [key, index] }));
        origins.set(key, [...(origins.get(key) ?? []), ...places]);
      } else if (key in data) say(errorAt([key], `${key} stands in two files`, 'Keep it in one.'));
      else {
        data[key] = value;
        origins.set(key, [{ part, path: [key] }]);
      }
    }
  }
  return { data, origins, findings };
}

const EXAMPLE = 'See the page of sign list in src/cli/README.md.';

function locate(finding: Finding, origins: ReadonlyMap<string, readonly Origin[]>, parts: readonly Part[]) {
  const [key, index, ...rest] = finding.path;
  const places = origins.get(String(key)) ?? [];
  const [first] = parts;
  if (typeof index === 'number') {
    const origin = places[index];
    if (origin)
      return {
        ...origin.part.source.locate({ ...finding, path: [...origin.path, ...rest] }),
        file: origin.part.file,
      };
  }
  const part = places[0]?.part ?? first;
  const { line, column } = { line: 1, column: 1 };
  if (!part) return { ...finding, path: '', line, column, file: '' };
  return { ...part.source.locate(finding), file: part.file };
}

/** As the contract writes it. */
function peopleOf({
  offline_until,
  groups,
  schedules,
  calendar,
  credentials,
  revoked,
  removed,
}: PeopleConfig): PeopleList {
  return {
    revoked,
    rows: {
      ...(offline_until !== undefined && { offline_until_ms: Date.parse(offline_until) }),
      groups: groups.map(({ id, doors, schedule, keep, without_clock }) => ({
        id,
        rights: doors.map(rightOf),
        ...(schedule !== undefined && { schedule }),
        ...{ keep, without_clock },
      })),
      schedules: schedules.map(scheduleOf),
      calendar,
      credentials: credentials.map(({ from, until, card, pin, ...row }) => ({
        ...row,
        ...(card !== undefined && { card }),
        ...(pin !== undefined && { pin }),
        ...(from !== undefined && { from_ms: Date.parse(from) }),
        ...(until !== undefined && { until_ms: Date.parse(until) }),
      })),
      ...(removed && { removed }),
    },
  };
}

type Right = PeopleConfig['groups'][number]['doors'][number];

function rightOf(right: Right) {
  if (typeof right === 'string') return { door: right };
  const { door, side, floors } = right;
  return { door, ...(side !== undefined && { side }), ...(floors !== undefined && { floors }) };
}
