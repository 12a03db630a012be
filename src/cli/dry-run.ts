import type { Loaded } from '../config/index.ts';
import type {
  PlayAct,
  Played,
  PlayedCondition,
  PlayedLine,
  PlayedRule,
  PlayWish,
} from '../contracts/index.ts';
import type { CliDeps } from './deps.ts';
import { count, json, span, table } from './output.ts';
import { problemLines } from './problem-text.ts';
import { actionText, conditionText } from './rules-text.ts';

type Accepted = Loaded & { readonly site: NonNullable<Loaded['site']> };

/** Plays a file of events; exit code 1 when it is not accepted, or what it expects does not hold. */
export async function tryEvents(
  deps: Pick<CliDeps, 'dryRun' | 'readText' | 'out' | 'err'>,
  loaded: Accepted,
  { events, json: wanted }: { readonly events: string; readonly json: boolean },
): Promise<0 | 1> {
  const text = deps.readText(events);
  const { problems, played } = await deps.dryRun(text, loaded);
  const expected = (played?.lines ?? []).flatMap((line) => (line.type === 'expected' ? [line] : []));
  const failed = expected.filter(({ holds }) => !holds).length;
  const ok = played !== undefined && failed === 0;
  if (wanted)
    deps.out(json({ ok, problems, time_zone: loaded.site.site.time_zone, timeline: played?.lines ?? [] }));
  else if (!played)
    deps.err([...problemLines(events, text, problems), `${events} is not accepted.`, ''].join('\n'));
  else {
    const said = [...problemLines(events, text, problems), timeline(played), ''];
    deps.out([...said, verdict(events, expected.length, failed), ''].join('\n'));
  }
  return ok ? 0 : 1;
}

function verdict(events: string, expected: number, failed: number): string {
  if (expected === 0) return `${events} was played; it expects nothing.`;
  if (failed === 0) return `${events} was played: all that it expects holds (${expected}).`;
  return `${events} was played: ${failed} of ${expected} that it expects ${failed === 1 ? 'does' : 'do'} not hold.`;
}

/** Each line behind its time; the day where it begins. */
function timeline({ lines, zone, rules }: Played): string {
  const rows: string[][] = [];
  let day = '';
  let before = '';
  for (const line of lines) {
    if (line.type === 'came' && line.act.type === 'wait') continue;
    const [date = '', time = ''] = line.local.split('T');
    if (date !== day) rows.push([date]);
    const same = date === day && time === before;
    rows.push([same ? '' : time, ...textOf(line)]);
    day = date;
    before = time;
  }
  return `${count(rules, 'rule')}, times of ${zone}\n\n${table(rows)}\n`;
}

/** What it is, and what it says. */
function textOf(line: PlayedLine): readonly [string, string] {
  switch (line.type) {
    case 'came':
      return ['comes', cameText(line.act)];
    case 'schedule':
      return ['schedule', `${scheduleName(line.schedule)} ${SCHEDULE[line.truth]}`];
    case 'turned':
      return ['rule', `${nameOf(line)} ${turnedText(line)}: ${conditionsText(line.conditions)}`];
    case 'began': {
      const { alarm } = line;
      const what = alarm ? `begins, alarm ${alarm.severity} "${alarm.message}"` : 'begins';
      return [alarm ? 'ALARM' : 'rule', `${nameOf(line)} ${what}: ${conditionsText(line.conditions)}`];
    }
    case 'ended': {
      const { alarm, lasted_ms } = line;
      const what = `${alarm ? 'alarm cleared' : 'is over'}${lasted_ms === undefined ? '' : ` after ${span(lasted_ms)}`}`;
      return [alarm ? 'cleared' : 'rule', `${nameOf(line)} ${what}: ${conditionsText(line.conditions)}`];
    }
    case 'told':
      return ['command', `${nameOf(line)} tells ${actionText(line)}`];
    case 'held-back':
      return [
        'held back',
        `${nameOf(line)} acts too often${line.until_local === undefined ? '; this is left out' : `; it acts at ${timeIn(line.until_local)}`}`,
      ];
    case 'stops':
      return ['STOP', `${nameOf(line)} ends the gateway, in order (what follows is played as if it ran on)`];
    case 'expected': {
      const { wish, holds, found } = line;
      const said = `${wishText(wish)} (line ${line.line})`;
      return holds ? ['holds', said] : ['FAILS', `${said}; ${found}`];
    }
  }
}

const nameOf = ({ rule, subject, part }: PlayedRule): string =>
  [rule, ...(subject === '' ? [] : [subject]), ...(part === undefined ? [] : [part])].join('/');

const timeIn = (local: string): string => local.split('T')[1] ?? local;

/** As `rulesText` says it. */
const scheduleName = (id: string): string => (id === '.night' ? 'night (22:00 to 06:00)' : id);

const SCHEDULE = {
  yes: 'begins to hold',
  no: 'holds no longer',
  unknown: 'is not known: nobody knows the time of day',
} as const;

function turnedText({ truth, stands, due_local }: Extract<PlayedLine, { readonly type: 'turned' }>): string {
  if (truth === 'unknown') return stands ? 'cannot be told, and goes on' : 'cannot be told any more';
  const so = truth === 'yes';
  if (so === stands) return so ? 'is so again, and goes on' : 'is not so any more, before it began';
  const when = due_local === undefined ? '' : ` at ${timeIn(due_local)}`;
  return so ? `is so; it begins${when}` : `is not so; it is over${when}`;
}

const conditionsText = (conditions: readonly PlayedCondition[]): string => conditions.map(judged).join(', ');

/** `air/pm2_5 is 82 (limit: above 75)`: what there is against what is asked. */
function judged({ condition, truth, value }: PlayedCondition): string {
  const unknown = truth === 'unknown';
  if (condition.type === 'threshold' || condition.type === 'state') {
    const { device, point } = condition;
    const shown = value === undefined ? 'has no value' : `${unknown ? 'was' : 'is'} ${value}`;
    return `${device}/${point} ${shown}${unknown && value !== undefined ? ' and is not known' : ''} (${askedText(condition)})`;
  }
  const said = conditionText(condition);
  return unknown ? `nobody can tell whether ${said}` : truth === 'yes' ? said : `not: ${said}`;
}

function askedText(
  condition: Extract<PlayedCondition['condition'], { readonly type: 'threshold' | 'state' }>,
): string {
  if (condition.type === 'state') return `asked: ${condition.values.join(' or ')}`;
  const { side, limit, hysteresis } = condition;
  const back = side === 'above' ? limit - hysteresis : limit + hysteresis;
  return `limit: ${side} ${limit}${hysteresis ? `, until it is back at ${back}` : ''}`;
}

function cameText(act: PlayAct): string {
  switch (act.type) {
    case 'readings': {
      const values = act.readings.map(
        ({ device, point, value }) => `${device}/${point} ${value ?? 'without a value'}`,
      );
      return `${values.join(', ')}${act.quality === 'good' ? '' : ` (${act.quality})`}`;
    }
    case 'event': {
      const fields = Object.entries(act.fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
      return `${act.subject} tells ${act.name}${fields.join('')}`;
    }
    case 'door':
      return act.alarms.length ? `${act.door}: ${act.alarms.join(', ')}` : `${act.door}: no alarm`;
    case 'health':
      return `health fact ${act.fact}${act.subject === '' ? '' : ` of ${act.subject}`} ${act.stands ? 'stands' : 'is over'}`;
    case 'silent':
      return `${act.devices.join(', ')}: silent`;
    case 'answers':
      return `${act.devices.join(', ')}: answers again`;
    case 'clock':
      return `the time of day is ${act.known ? 'known' : 'not known'}`;
    case 'wait':
      return 'nothing';
  }
}

function wishText(wish: PlayWish): string {
  switch (wish.type) {
    case 'rule': {
      const { rule, subject = '', part, stands } = wish;
      const name = nameOf({ rule, subject, ...(part !== undefined && { part }) });
      return `${name} ${stands ? 'stands' : 'does not stand'}`;
    }
    case 'command': {
      const { times } = wish;
      const often =
        times === undefined ? '' : times === 0 ? ', never' : times === 1 ? ', once' : `, ${times} times`;
      return `${actionText(wish)} was told${often}`;
    }
    case 'stop':
      return wish.stands ? 'a rule has ended the gateway' : 'no rule has ended the gateway';
  }
}
