import { z } from 'zod';
import type { RulePlan, RulePlay } from '../contracts/index.ts';
import { momentsOf, shownAt } from '../model/index.ts';
import { checkStep } from './checks/play.ts';
import type { Things } from './checks/things.ts';
import type { DerivedPoints } from './checks.ts';
import { explain } from './explain.ts';
import { knownKeys } from './keys.ts';
import type { Loaded } from './load.ts';
import { type PlayConfig, playSchema, type StepConfig } from './play-schema.ts';
import { errorAt, type Finding, type Path, type Problem } from './problems.ts';
import { parseSource, type Source } from './source.ts';

export interface LoadedPlay {
  /** Sorted by line; errors and warnings. */
  readonly problems: readonly Problem[];
  /** Absent when there is an error. */
  readonly play: RulePlay | undefined;
}

/** A file of events as text, judged against the site it is for. Never throws for what is in the text. */
export function loadPlay(
  text: string,
  loaded: Loaded & { readonly site: NonNullable<Loaded['site']> },
  derivedPoints: DerivedPoints,
): LoadedPlay {
  const source = parseSource(text);
  const [syntax] = source.syntax;
  if (syntax) return { problems: source.syntax.map(ofEvents), play: undefined };
  const parsed = playSchema.safeParse(source.data ?? {});
  if (!parsed.success) {
    const schema = z.toJSONSchema(playSchema, { io: 'input', unrepresentable: 'any' });
    const findings = explain(parsed.error.issues, source.data, (path) => knownKeys(schema, path));
    return { problems: located(source, findings), play: undefined };
  }

  const { site } = loaded;
  const things = {
    ...{ site, pointsOf: derivedPoints },
    devices: new Map(loaded.devices.map((device) => [device.config.id, device])),
    derived: new Map(loaded.derived.map((one) => [one.config.id, one])),
  };
  const { findings, play } = playOf(parsed.data, { things, plans: loaded.rules.plans, source });
  const problems = located(source, findings);
  return { problems, play: problems.some(({ severity }) => severity === 'error') ? undefined : play };
}

function playOf(
  { start, steps }: PlayConfig,
  {
    things,
    plans,
    source,
  }: { readonly things: Things; readonly plans: readonly RulePlan[]; readonly source: Source },
): { readonly findings: readonly Finding[]; readonly play: RulePlay } {
  const zone = things.site.site.time_zone;
  const findings: Finding[] = [];
  const [day = '', time = ''] = start.split(' ');
  const begin = momentOf(day, time, { zone, not_before: Number.NEGATIVE_INFINITY });
  if (begin === undefined) findings.push(noMoment(['start'], start));
  const start_unix_ms = begin ?? 0;

  let now = start_unix_ms;
  const lineOf = (path: Path) => source.locate(errorAt(path, '', '')).line;
  const played = steps.map((step, index) => {
    const path = ['steps', index];
    const at = timeOf(step, path, { now, zone });
    if (at.finding) findings.push(at.finding);
    now = at.unix_ms;
    const checked = checkStep(step, path, { things, plans });
    findings.push(...checked.findings);
    return {
      at_ms: now - start_unix_ms,
      line: lineOf(path),
      act: checked.act,
      expect: checked.wishes.map((wish, each) => ({ wish, line: lineOf([...path, 'expect', each]) })),
    };
  });
  return { findings, play: { start_unix_ms, steps: played } };
}

/** When a step comes. A wrong one comes with the step before, so that one slip is told once. */
function timeOf(
  { at, after_s }: StepConfig,
  path: Path,
  { now, zone }: { readonly now: number; readonly zone: string },
): { readonly unix_ms: number; readonly finding?: Finding } {
  if (at === undefined) return { unix_ms: now + (after_s ?? 0) * 1000 };
  const wrong = (finding: Finding) => ({ unix_ms: now, finding });
  if (after_s !== undefined)
    return wrong(errorAt([...path, 'at'], 'at and after_s stand together; one is expected', 'Keep one.'));
  const [first = '', second] = at.split(' ');
  if (second !== undefined) {
    const unix_ms = momentOf(first, second, { zone, not_before: now });
    if (unix_ms === undefined) return wrong(noMoment([...path, 'at'], at));
    if (unix_ms >= now) return { unix_ms };
    return wrong(
      errorAt(
        [...path, 'at'],
        `at is ${at}, and the step before came at ${shownAt(now, zone).replace('T', ' ')}`,
        'Put the steps in their order.',
      ),
    );
  }
  const today = shownAt(now, zone).slice(0, 10);
  for (const day of [today, dayAfter(today)]) {
    const unix_ms = momentOf(day, first, { zone, not_before: now });
    if (unix_ms === undefined) return wrong(noMoment([...path, 'at'], at));
    if (unix_ms >= now) return { unix_ms };
  }
  // Clocks that were set back by more than a day: nowhere.
  return { unix_ms: now };
}

/** In the hour that comes twice, the first of both that is not over. undefined: there is no such day or time. */
function momentOf(
  day: string,
  time: string,
  { zone, not_before }: { readonly zone: string; readonly not_before: number },
): number | undefined {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (hours > 23 || minutes > 59 || seconds > 59 || Number.isNaN(midnight)) return undefined;
  if (new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  const { first, last } = momentsOf(day, hours * 60 + minutes + seconds / 60, zone);
  return first >= not_before ? first : last;
}

const noMoment = (path: Path, came: string): Finding =>
  errorAt(
    path,
    `${String(path.at(-1))} is ${came}; there is no such time`,
    'Write a day and time as 2026-11-24 21:30.',
  );

const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

const located = (source: Source, findings: readonly Finding[]): Problem[] =>
  findings
    .map((finding) => ofEvents(source.locate(finding)))
    .sort((x, y) => x.line - y.line || x.column - y.column);

/** What is said of every YAML file names the example of a site. */
const ofEvents = (problem: Problem): Problem => ({
  ...problem,
  message: problem.message.replace('version: 1', 'start: 2026-11-24 21:30'),
  remedy: problem.remedy.replace('config/gateway.example.yaml', 'config/sites/riverside-evening.events.yaml'),
});
