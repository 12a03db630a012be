import type { LevelCondition, RuleAction, RulePlan } from '../../contracts/index.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';
import type { RuleActionConfig, RuleConfig } from '../rule-schema.ts';
import type { SiteConfig } from '../schema.ts';
import { repeats } from './findings.ts';
import { checkAction } from './rule-actions.ts';
import { type Checked, checkLevel, checkSchedule, checkWhen } from './rule-conditions.ts';
import { loopFindings } from './rule-loops.ts';
import { NIGHT, PRESET_RULES, type Preset } from './rule-presets.ts';
import { type Found, notFound, type Things } from './things.ts';

/** What the rules of a site come to. */
export interface CheckedRules {
  readonly plans: readonly RulePlan[];
  /** Times that presets bring with them, as the site's own schedules are written. */
  readonly schedules: readonly SiteConfig['schedules'][number][];
}

/** Whether each rule can ever be true, may do what it says, and leads nowhere back to itself. */
export function checkRules(things: Things): {
  readonly findings: readonly Finding[];
  readonly rules: CheckedRules;
} {
  const { rules } = things.site;
  const checked = rules.map((rule, index) => ({ rule, ...checkRule(rule, ['rules', index], things) }));
  const plans = checked.flatMap(({ found }) => found ?? []);
  const twice = repeats(rules, ({ id }) => id).map(({ again }) =>
    errorAt(
      ['rules', rules.indexOf(again), 'id'],
      `the id ${again.id} is taken already`,
      'Give each rule its own id.',
    ),
  );
  return {
    findings: [...twice, ...checked.flatMap(({ findings }) => findings), ...loopFindings(plans, things)],
    rules: { plans, schedules: [NIGHT] },
  };
}

/** What a rule is about, with what it says by itself. */
interface Case extends Omit<Preset, 'when'> {
  readonly when: Checked['condition'];
}

function checkRule(rule: RuleConfig, path: Path, things: Things): Found<readonly RulePlan[]> {
  const cases = rule.preset === undefined ? whenCases(rule, path, things) : presetCases(rule, path, things);
  const and = rule.and.map((one, index) => checkLevel(one, [...path, 'and', index], things));
  const hours = rule.while === undefined ? undefined : checkSchedule(rule.while, [...path, 'while'], things);
  const begin = checkActions(rule.do, [...path, 'do'], things);
  const end = checkActions(rule.after, [...path, 'after'], things);
  const findings = [
    ...cases.findings,
    ...and.flatMap((one) => one.findings),
    ...(hours?.findings ?? []),
    ...begin.findings,
    ...end.findings,
    ...shapeFindings(rule, path),
  ];
  if (!cases.found || findings.some(({ severity }) => severity === 'error')) return { findings };
  const also = [...and, ...(hours ? [hours] : [])].flatMap(({ found }) => (found ? [found.condition] : []));
  return {
    findings,
    found: cases.found.map((one) =>
      planOf(rule, one, { also, begin: begin.found ?? [], end: end.found ?? [] }),
    ),
  };
}

function presetCases(rule: RuleConfig, path: Path, things: Things): Found<readonly Case[]> {
  const { preset } = rule;
  if (preset === undefined) return notFound();
  const { takes, expand } = PRESET_RULES[preset];
  const strange = (['when', 'of', 'points', 'limit'] as const).find(
    (key) => rule[key] !== undefined && (key === 'when' || !takes.includes(key)),
  );
  if (strange !== undefined)
    return notFound({
      ...errorAt(
        [...path, strange],
        `the preset ${preset} takes no ${strange}`,
        `Leave it out; it takes ${takes.join(', ')}.`,
      ),
      atKey: true,
    });
  return expand(rule, path, things);
}

function whenCases(rule: RuleConfig, path: Path, things: Things): Found<readonly Case[]> {
  const { when } = rule;
  if (!when)
    return notFound(
      errorAt(path, `${rule.id} has no when and no preset`, 'Say when it holds, or name a preset.'),
    );
  const strange = (['of', 'points', 'limit'] as const).find((key) => rule[key] !== undefined);
  if (strange !== undefined)
    return notFound({
      ...errorAt([...path, strange], `${strange} is of presets`, 'Say it in when.'),
      atKey: true,
    });
  const { findings, found } = checkWhen(when, [...path, 'when'], things);
  if (!found) return { findings };
  return {
    findings,
    found: found.map(
      ({ condition, subject, sentence }): Case => ({
        ...{ subject, when: condition, for_s: 0, severity: 'warning' },
        message: sentence,
      }),
    ),
  };
}

function checkActions(
  actions: readonly RuleActionConfig[],
  path: Path,
  things: Things,
): Found<readonly RuleAction[]> {
  const checked = actions.map((action, index) => checkAction(action, [...path, index], things));
  return {
    findings: checked.flatMap(({ findings }) => findings),
    found: checked.flatMap(({ found }) => (found ? [found] : [])),
  };
}

/** What does not go together, whatever it names. */
function shapeFindings(rule: RuleConfig, path: Path): Finding[] {
  const { when, preset, alarm, do: begin, after, stop = false, for_s = 0, clear_for_s } = rule;
  const findings: Finding[] = [];
  if (!preset && !alarm && begin.length + after.length === 0 && !stop)
    findings.push(errorAt(path, `${rule.id} does nothing`, 'Give it an alarm, or something to do.'));
  if (when?.type !== 'event' || when.until) return findings;
  const { lasts_s } = when;
  if (for_s > 0 && (lasts_s === undefined || lasts_s <= for_s))
    findings.push(
      errorAt(
        [...path, 'for_s'],
        `for_s is ${for_s}, and the event is over ${lasts_s === undefined ? 'at once' : `after ${lasts_s} s`}`,
        'Say in when what it lasts until, or for how long: until, lasts_s.',
      ),
    );
  if (lasts_s !== undefined) return findings;
  const lasting = alarm
    ? 'alarm'
    : after.length
      ? 'after'
      : clear_for_s > 0
        ? 'clear_for_s'
        : stop
          ? 'stop'
          : undefined;
  if (lasting)
    findings.push(
      errorAt(
        [...path, lasting],
        `an event is over at once, and ${lasting} is of what lasts`,
        'Say in when what it lasts until, or for how long: until, lasts_s.',
      ),
    );
  return findings;
}

function planOf(
  rule: RuleConfig,
  { subject, part, when, and = [], for_s, severity, message, stops }: Case,
  {
    also,
    begin,
    end,
  }: {
    readonly also: readonly LevelCondition[];
    readonly begin: readonly RuleAction[];
    readonly end: readonly RuleAction[];
  },
): RulePlan {
  const { id, preset, alarm, stop = false, clear_for_s, gap_s, per_hour } = rule;
  const own = alarm?.message;
  return {
    rule: id,
    subject,
    ...(part !== undefined && { part }),
    when,
    and: [...and, ...also],
    for_ms: (rule.for_s ?? for_s) * 1000,
    clear_for_ms: clear_for_s * 1000,
    alarm:
      preset === undefined && !alarm
        ? undefined
        : // Of what ends the gateway the sentence says so.
          { severity: alarm?.severity ?? severity, message: stops ? message : (own ?? message) },
    begin: stops ? [] : begin,
    end: stops ? [] : end,
    stop: stops ?? (preset === undefined && stop),
    gap_ms: gap_s * 1000,
    per_hour,
  };
}
