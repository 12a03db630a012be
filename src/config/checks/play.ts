import type { PlayAct, PlayWish, RulePlan } from '../../contracts/index.ts';
import { nearest, type PointSpec, type Value } from '../../model/index.ts';
import type { StepConfig, WishConfig } from '../play-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import { unknownName } from './findings.ts';
import { checkLevel, matchFindings } from './rule-conditions.ts';
import { eventsOf, findPoint, type Things } from './things.ts';

export interface PlayedSite {
  readonly things: Things;
  readonly plans: readonly RulePlan[];
}

interface CheckedStep {
  readonly findings: readonly Finding[];
  readonly act: PlayAct;
  readonly wishes: readonly PlayWish[];
}

/** Whether that can come to this site, and whether what is expected of it can be. */
export function checkStep(step: StepConfig, path: Path, site: PlayedSite): CheckedStep {
  const expect = step.expect ?? [];
  return {
    act: actOf(step),
    wishes: expect.map(wishOf),
    findings: [
      ...comingFindings(step, path, site),
      ...expect.flatMap((wish, index) => wishFindings(wish, [...path, 'expect', index], site)),
    ],
  };
}

function actOf(step: StepConfig): PlayAct {
  switch (step.type) {
    case 'readings': {
      const { type, values, quality } = step;
      const readings = Object.entries(values).map(([name, value]) => ({ ...placeOf(name), value }));
      return { type, readings, quality };
    }
    case 'event': {
      const { type, of: subject, name, fields } = step;
      return { type, subject, name, fields };
    }
    case 'door':
      return { type: 'door', door: step.door, alarms: step.alarms };
    case 'health':
      return { type: 'health', fact: step.fact, subject: step.of, stands: step.stands };
    case 'silent':
    case 'answers':
      return { type: step.type, devices: step.devices };
    case 'clock':
      return { type: 'clock', known: step.known };
    case 'wait':
      return { type: 'wait' };
  }
}

function wishOf(wish: WishConfig): PlayWish {
  switch (wish.type) {
    case 'rule':
      return { type: 'rule', rule: wish.rule, subject: wish.of, part: wish.part, stands: wish.stands };
    case 'command':
      return { ...wish, times: wish.times };
    case 'stop':
      return wish;
  }
}

/** DEVICE.POINT; neither has a dot in its name. */
function placeOf(name: string): { readonly device: string; readonly point: string } {
  const [device = '', ...rest] = name.split('.');
  return { device, point: rest.join('.') };
}

function comingFindings(step: StepConfig, path: Path, site: PlayedSite): readonly Finding[] {
  const { things } = site;
  switch (step.type) {
    case 'readings':
      return Object.entries(step.values).flatMap(([name, value]) =>
        valueFindings({ name, value, quality: step.quality }, [...path, 'values', name], site),
      );
    case 'event':
      return eventFindings(step, path, things);
    case 'door': {
      const { door, alarms } = step;
      return checkLevel({ type: 'door-alarm', door, alarms }, path, things).findings;
    }
    case 'health': {
      const { fact, of } = step;
      return checkLevel({ type: 'health', fact, of }, path, things).findings;
    }
    case 'silent':
    case 'answers': {
      const known = things.site.devices.map(({ id }) => id);
      return step.devices.flatMap((id, index) =>
        known.includes(id) ? [] : [unknownName([...path, 'devices', index], id, 'device', known)],
      );
    }
    case 'clock':
    case 'wait':
      return [];
  }
}

interface Came {
  readonly name: string;
  readonly value: Value | null;
  readonly quality: string;
}

function valueFindings({ name, value, quality }: Came, path: Path, { things, plans }: PlayedSite): Finding[] {
  const at = placeOf(name);
  if (at.point === '')
    return [
      {
        ...errorAt(path, `${name} names no point`, 'Write DEVICE.POINT: value, such as air-1.pm2_5: 40.'),
        atKey: true,
      },
    ];
  const { findings, found } = findPoint(at, path, things);
  // Both names stand in the one key.
  if (!found) return findings.map((finding) => ({ ...finding, path, atKey: true }));
  const wrong = value === null ? undefined : misfit(found, value, quality);
  if (wrong) return [errorAt(path, `${name} is ${JSON.stringify(value)}; ${wrong.expected}`, wrong.remedy)];
  const heard = plans.some(({ when, and }) =>
    [when, ...and].some((one) => 'point' in one && one.device === at.device && one.point === at.point),
  );
  if (heard) return [];
  return [
    {
      ...warningAt(path, `no rule looks at ${name}`, 'Give what a rule asks for (check --rules shows it).'),
      atKey: true,
    },
  ];
}

function misfit(
  spec: PointSpec,
  value: Value,
  quality: string,
): { readonly expected: string; readonly remedy: string } | undefined {
  if (spec.kind === 'flag')
    return typeof value === 'boolean'
      ? undefined
      : { expected: 'true or false is expected', remedy: 'Write true or false.' };
  if (spec.kind === 'state') {
    if (typeof value === 'string' && spec.values.includes(value)) return undefined;
    const close = nearest(String(value), spec.values);
    return {
      expected: `${spec.values.join(', ')} are known`,
      remedy: close ? `Did you mean ${close}?` : 'Write one of these.',
    };
  }
  const unit = spec.unit === '1' ? '' : ` ${spec.unit}`;
  if (typeof value !== 'number')
    return {
      expected: `a number is expected${unit && ` (${unit.trim()})`}`,
      remedy: 'Write the number alone.',
    };
  if (quality === 'out-of-range' || (value >= spec.min && value <= spec.max)) return undefined;
  return {
    expected: `it is from ${spec.min} to ${spec.max}${unit}`,
    remedy: 'Give a value within its range; quality: out-of-range tries one beyond it.',
  };
}

function eventFindings(step: Extract<StepConfig, { type: 'event' }>, path: Path, things: Things): Finding[] {
  const events = eventsOf(step.of, things);
  if (!events) {
    const known = [...things.site.devices, ...things.site.doors].map(({ id }) => id);
    return [unknownName([...path, 'of'], step.of, 'device or door', known)];
  }
  const { name, fields } = step;
  return matchFindings({ name, fields: Object.keys(fields), at: 'fields' }, path, {
    subject: step.of,
    events,
  });
}

function wishFindings(wish: WishConfig, path: Path, { plans, things }: PlayedSite): Finding[] {
  if (wish.type === 'stop') return [];
  if (wish.type === 'command') {
    const told = plans.flatMap(({ begin, end }) => [...begin, ...end]);
    const known = [...new Set([...told.map(({ target }) => target), ...things.devices.keys()])];
    if (!known.includes(wish.target)) return [unknownName([...path, 'target'], wish.target, 'device', known)];
    const commands = told.flatMap(({ target, command }) => (target === wish.target ? [command] : []));
    if (wish.times === 0 || commands.includes(wish.command)) return [];
    return [
      unknownName([...path, 'command'], wish.command, `command that a rule gives ${wish.target}`, [
        ...new Set(commands),
      ]),
    ];
  }
  const { rule, of, part } = wish;
  const mine = plans.filter((plan) => plan.rule === rule);
  if (mine.length === 0)
    return [unknownName([...path, 'rule'], rule, 'rule', [...new Set(plans.map((plan) => plan.rule))])];
  const subjects = [...new Set(mine.map(({ subject }) => subject))];
  if (of !== undefined && !subjects.includes(of))
    return [unknownName([...path, 'of'], of, `thing that ${rule} is about:`, subjects)];
  const parts = mine.flatMap((plan) =>
    plan.part !== undefined && (of === undefined || plan.subject === of) ? [plan.part] : [],
  );
  if (part === undefined || parts.includes(part)) return [];
  return [unknownName([...path, 'part'], part, `part of what ${rule} is about:`, [...new Set(parts)])];
}
