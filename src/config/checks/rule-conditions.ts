import type { EventCondition, EventMatch, LevelCondition, RuleCondition } from '../../contracts/index.ts';
import { DOOR_ALARMS, HEALTH_FACTS, nearest, type PointSpec, type Value } from '../../model/index.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';
import type { AndConfig, WhenConfig } from '../rule-schema.ts';
import { unknownName } from './findings.ts';
import { eventsOf, type Found, findPoint, findPointOf, isNamed, notFound, type Things } from './things.ts';

/** A condition with what it is about, and how that is said. */
export interface Checked {
  readonly condition: RuleCondition;
  readonly subject: string;
  readonly sentence: string;
}

/** What a rule waits for; an event in a zone is waited for of each of its devices and doors. */
export function checkWhen(when: WhenConfig, path: Path, things: Things): Found<readonly Checked[]> {
  if (when.type === 'event') return checkEvent(when, path, things);
  const { findings, found } = checkLevel(when, path, things);
  return found ? { findings, found: [found] } : { findings };
}

/** Something that is so for a while. */
export function checkLevel(
  when: AndConfig,
  path: Path,
  things: Things,
): Found<Checked & { readonly condition: LevelCondition }> {
  switch (when.type) {
    case 'threshold':
      return checkThreshold(when, path, things);
    case 'state':
      return checkState(when, path, things);
    case 'schedule':
      return checkSchedule(when.schedule, [...path, 'schedule'], things);
    case 'health':
      return checkHealth(when, path, things);
    case 'door-alarm':
      return checkDoorAlarm(when, path, things);
  }
}

type Of<T extends WhenConfig['type']> = Extract<WhenConfig, { readonly type: T }>;
type Level<T extends LevelCondition['type']> = Found<
  Checked & { readonly condition: Extract<LevelCondition, { readonly type: T }> }
>;

function checkThreshold(
  { device, point, above, below, hysteresis }: Of<'threshold'>,
  path: Path,
  things: Things,
): Level<'threshold'> {
  const { findings, found } = findPointOf('number', { device, point }, path, things);
  if (!found) return { findings };
  const limit = above ?? below;
  if (limit === undefined || (above !== undefined && below !== undefined))
    return notFound(
      errorAt(
        path,
        limit === undefined ? 'above or below is missing' : 'above and below stand together; one is expected',
        'Give the limit as above or as below; make two rules for two limits.',
      ),
    );
  const side = above === undefined ? 'below' : 'above';
  const outside = side === 'above' ? limit >= found.max : limit <= found.min;
  if (outside)
    return notFound(
      errorAt(
        [...path, side],
        `${side} is ${limit}; ${point} of ${device} is from ${found.min} to ${found.max} ${found.unit}, so that never comes`,
        'Give a limit within its range, in its unit.',
      ),
    );
  const condition = { type: 'threshold', device, point, side, limit, hysteresis } as const;
  const unit = found.unit === '1' ? '' : ` ${found.unit}`;
  return {
    findings,
    found: { condition, subject: device, sentence: `${point} of ${device} is ${side} ${limit}${unit}` },
  };
}

function checkState({ device, point, is }: Of<'state'>, path: Path, things: Things): Level<'state'> {
  const { findings, found } = findPoint({ device, point }, path, things);
  if (!found) return { findings };
  const values = valuesOf(found);
  if (!values)
    return notFound(
      errorAt(
        [...path, 'point'],
        `${point} of ${device} is a number`,
        'Use type: threshold, with above or below.',
      ),
    );
  const wrong = is.findIndex((value) => !values.includes(value));
  if (wrong >= 0) {
    const came = is[wrong];
    const close = typeof came === 'string' ? nearest(came, values.map(String)) : undefined;
    const known = `It is ${values.join(', ')}: write is: [${values[0]}].`;
    const message = `${point} of ${device} is never ${came}`;
    return notFound(errorAt([...path, 'is', wrong], message, close ? `Did you mean ${close}?` : known));
  }
  const condition = { type: 'state', device, point, values: is } as const;
  const said =
    found.kind === 'flag' ? (is[0] === true ? point : `not ${point}`) : `${point} is ${is.join(' or ')}`;
  return { findings, found: { condition, subject: device, sentence: `${device}: ${said}` } };
}

function valuesOf(spec: PointSpec): readonly Value[] | undefined {
  if (spec.kind === 'flag') return [true, false];
  return spec.kind === 'state' ? spec.values : undefined;
}

/** `id`: of a schedule of the site. */
export function checkSchedule(id: string, path: Path, { site }: Things): Level<'schedule'> {
  const known = site.schedules.map((schedule) => schedule.id);
  if (!known.includes(id)) return notFound(unknownName(path, id, 'schedule', known));
  return {
    findings: [],
    found: { condition: { type: 'schedule', schedule: id }, subject: '', sentence: `schedule ${id} holds` },
  };
}

function checkHealth({ fact, of }: Of<'health'>, path: Path, things: Things): Level<'health'> {
  const { site } = things;
  const known = [...site.devices, ...site.buses, ...site.uplinks].map(({ id }) => id);
  if (of !== '' && !known.includes(of))
    return notFound(unknownName([...path, 'of'], of, 'device, bus or uplink', known));
  const kind = fact.startsWith('device-') ? 'device' : fact.startsWith('bus-') ? 'bus' : undefined;
  const fit = kind === 'device' ? site.devices : site.buses;
  if (kind && !fit.some(({ id }) => id === of))
    return notFound(
      of === ''
        ? errorAt(path, `of is missing: ${fact} is about a ${kind}`, `Add of: a ${kind}.`)
        : unknownName(
            [...path, 'of'],
            of,
            kind,
            fit.map(({ id }) => id),
          ),
    );
  return {
    findings: [],
    found: {
      condition: { type: 'health', fact, subject: of },
      subject: of,
      sentence: `${of === '' ? '' : `${of}: `}${HEALTH_FACTS[fact].means.replace(/\.$/, '')}`,
    },
  };
}

function checkDoorAlarm(
  { door, alarms }: Of<'door-alarm'>,
  path: Path,
  { site }: Things,
): Level<'door-alarm'> {
  const doors = site.doors.map(({ id }) => id);
  if (!doors.includes(door)) return notFound(unknownName([...path, 'door'], door, 'door', doors));
  const known = Object.keys(DOOR_ALARMS);
  const wrong = alarms.findIndex((alarm) => !known.includes(alarm));
  if (wrong >= 0)
    return notFound(unknownName([...path, 'alarms', wrong], alarms[wrong] ?? '', 'alarm of doors', known));
  const condition = { type: 'door-alarm', door, alarms } as const;
  return { findings: [], found: { condition, subject: door, sentence: `${door}: ${alarms.join(' or ')}` } };
}

function checkEvent(when: Of<'event'>, path: Path, things: Things): Found<readonly Checked[]> {
  const { name, of, zone } = when;
  const subjects = subjectsOf(when, path, things);
  if (!subjects.found) return { findings: subjects.findings };
  const found: Checked[] = [];
  const findings: Finding[] = [];
  for (const subject of subjects.found) {
    const events = eventsOf(subject, things) ?? {};
    const wrong = [
      ...matchFindings(askedOf(when), path, { subject, events }),
      ...(when.until ? matchFindings(askedOf(when.until), [...path, 'until'], { subject, events }) : []),
    ];
    // In a zone not everything tells the same.
    if (zone !== undefined && !events[name]) continue;
    findings.push(...wrong);
    if (wrong.length === 0)
      found.push({ condition: conditionOf(when, subject), subject, sentence: `${subject}: ${name}` });
  }
  if (found.length === 0 && findings.length === 0)
    return notFound(
      errorAt(
        [...path, 'name'],
        `nothing in ${zone ?? of} has an event ${name}`,
        'See the events of its drivers (gatelodge drivers ID).',
      ),
    );
  return findings.length ? { findings } : { findings, found };
}

function subjectsOf({ of, zone }: Of<'event'>, path: Path, things: Things): Found<readonly string[]> {
  const { site } = things;
  if ((of === undefined) === (zone === undefined))
    return notFound(
      errorAt(
        path,
        of === undefined ? 'of is missing' : 'of and zone stand together; one is expected',
        'Say whose event it is: of, a device or door; or zone, all that are there.',
      ),
    );
  const all = [...site.devices, ...site.doors];
  if (of !== undefined) {
    if (eventsOf(of, things)) return { findings: [], found: [of] };
    if (isNamed(of, things) && !things.derived.has(of)) return notFound();
    const known = all.map(({ id }) => id);
    if (things.derived.has(of))
      return notFound(
        errorAt(
          [...path, 'of'],
          `${of} is derived, and has no events`,
          'Use its points: type: threshold or state.',
        ),
      );
    return notFound(unknownName([...path, 'of'], of, 'device or door', known));
  }
  const zones = [...new Set(all.flatMap((one) => (one.zone === undefined ? [] : [one.zone])))];
  if (!zones.includes(zone ?? '')) return notFound(unknownName([...path, 'zone'], zone ?? '', 'zone', zones));
  const found = all.filter((one) => one.zone === zone).map(({ id }) => id);
  return { findings: [], found };
}

/** Whether there is such an event with such fields, which stand below the key `at`. */
export function matchFindings(
  { name, fields, at }: { readonly name: string; readonly fields: readonly string[]; readonly at: string },
  path: Path,
  {
    subject,
    events,
  }: { readonly subject: string; readonly events: NonNullable<ReturnType<typeof eventsOf>> },
): Finding[] {
  const spec = events[name];
  if (!spec) return [unknownName([...path, 'name'], name, `event of ${subject}`, Object.keys(events))];
  if (spec.passing)
    return [
      errorAt(
        [...path, 'name'],
        `${name} of ${subject} is a secret that only doors hear`,
        'Use what the door makes of it: granted, denied.',
      ),
    ];
  return fields.flatMap((field) =>
    spec.fields.includes(field)
      ? []
      : [{ ...unknownName([...path, at, field], field, `field of ${name}`, spec.fields), atKey: true }],
  );
}

const askedOf = ({ name, where }: Pick<Of<'event'>, 'name' | 'where'>) => ({
  name,
  fields: Object.keys(where),
  at: 'where',
});

function conditionOf({ name, where, until, lasts_s }: Of<'event'>, subject: string): EventCondition {
  return {
    ...{ type: 'event', subject, name, where },
    ...(until && { until: matchOf(until) }),
    ...(lasts_s !== undefined && { lasts_ms: lasts_s * 1000 }),
  };
}

const matchOf = ({ name, where }: EventMatch): EventMatch => ({ name, where });
