import type { EventCondition, EventMatch, LevelCondition, Truth } from '../contracts/index.ts';
import type { Json, JsonObject, Millis, Quality, Value } from '../model/index.ts';

/** What rules are told. */
export type RuleInput =
  /** Time has passed. */
  | { readonly kind: 'time' }
  | {
      readonly kind: 'reading';
      readonly device: string;
      readonly point: string;
      readonly value: Value | null;
      readonly quality: Quality;
    }
  | {
      readonly kind: 'event';
      readonly subject: string;
      readonly name: string;
      readonly fields: JsonObject;
    }
  /** What is looked up elsewhere: schedules, health facts, alarms of doors, by `sourceOf`. */
  | { readonly kind: 'says'; readonly source: string; readonly truth: Truth }
  /** Somebody works at these, from now on, and at no others. */
  | { readonly kind: 'maintenance'; readonly subjects: ReadonlySet<string> };

/** Where the truth of a condition comes from, as one word. */
export function sourceOf(condition: LevelCondition | EventCondition): string {
  switch (condition.type) {
    case 'threshold':
    case 'state':
      return `point ${condition.device} ${condition.point}`;
    case 'schedule':
      return `schedule ${condition.schedule}`;
    case 'health':
      return `health ${condition.fact} ${condition.subject}`;
    case 'door-alarm':
      return `door-alarm ${condition.door} ${condition.alarms.join(' ')}`;
    case 'event':
      return `event ${condition.subject}`;
  }
}

/** What a condition is about. */
export function subjectOf(condition: LevelCondition | EventCondition): string | undefined {
  switch (condition.type) {
    case 'threshold':
    case 'state':
      return condition.device;
    case 'health':
    case 'event':
      return condition.subject;
    case 'door-alarm':
      return condition.door;
    case 'schedule':
      return undefined;
  }
}

/** The same of an input. */
export function sourceOfInput(input: RuleInput): string | undefined {
  if (input.kind === 'reading') return `point ${input.device} ${input.point}`;
  if (input.kind === 'event') return `event ${input.subject}`;
  return input.kind === 'says' ? input.source : undefined;
}

/** One condition that is so for a while, and whether it is so now. */
export class LevelGauge {
  readonly condition: LevelCondition;
  readonly source: string;
  truth: Truth = 'unknown';
  /** What showed it last. */
  evidence: JsonObject = {};
  private crossed = false;

  constructor(condition: LevelCondition, active: boolean) {
    this.condition = condition;
    this.source = sourceOf(condition);
    // One that was across the limit goes on until it is back by the hysteresis.
    this.crossed = active;
  }

  see(input: RuleInput): void {
    if (input.kind === 'says') this.truth = input.truth;
    if (input.kind !== 'reading') return;
    const { value, quality } = input;
    // What is stale, suspect or out of range says nothing of now.
    if (value === null || (quality !== 'good' && quality !== 'simulated')) {
      this.truth = 'unknown';
      return;
    }
    this.truth = this.judge(value) ? 'yes' : 'no';
    this.evidence = { value };
  }

  private judge(value: Value): boolean {
    const { condition } = this;
    if (condition.type === 'state') return condition.values.includes(value);
    if (condition.type !== 'threshold' || typeof value !== 'number') return false;
    const { side, limit, hysteresis } = condition;
    const beyond = side === 'above' ? value - limit : limit - value;
    this.crossed = this.crossed ? beyond > -hysteresis : beyond > 0;
    return this.crossed;
  }
}

/** One event and what ends it. */
export class EventGauge {
  readonly condition: EventCondition;
  readonly source: string;
  readonly evidence: JsonObject;
  private over_up: Millis;

  constructor(condition: EventCondition, active: boolean, up: Millis) {
    this.condition = condition;
    this.source = sourceOf(condition);
    this.evidence = { event: condition.name };
    this.over_up = active ? up + this.longest : Number.NEGATIVE_INFINITY;
  }

  /** It is over at once. */
  get momentary(): boolean {
    return this.condition.until === undefined && this.condition.lasts_ms === undefined;
  }

  truth(up: Millis): Truth {
    return up < this.over_up ? 'yes' : 'no';
  }

  /** Time has passed. */
  pass(up: Millis): void {
    if (this.over_up <= up) this.over_up = Number.NEGATIVE_INFINITY;
  }

  /** When it is over by itself; undefined: not by time. */
  get ends_up(): Millis | undefined {
    return Number.isFinite(this.over_up) ? this.over_up : undefined;
  }

  /** True: it has happened (again). `allowed`: what else is asked is so. */
  see(input: RuleInput, up: Millis, allowed: boolean): boolean {
    if (input.kind !== 'event') return false;
    const { until } = this.condition;
    // What happens during maintenance is written down, and alarms nobody.
    const happened = allowed && input.fields.muted !== true && matches(this.condition, input);
    if (happened && !this.momentary) this.over_up = up + this.longest;
    else if (until && matches(until, input)) this.over_up = Number.NEGATIVE_INFINITY;
    return happened;
  }

  private get longest(): Millis {
    return this.condition.lasts_ms ?? Number.POSITIVE_INFINITY;
  }
}

const matches = (
  { name, where }: EventMatch,
  input: { readonly name: string; readonly fields: JsonObject },
): boolean =>
  input.name === name && Object.entries(where).every(([field, wanted]) => alike(input.fields[field], wanted));

/** One of several is enough, on either side. */
function alike(came: Json | undefined, wanted: Json): boolean {
  if (came === undefined) return false;
  if (Array.isArray(wanted)) return wanted.some((one) => alike(came, one));
  if (Array.isArray(came)) return came.some((one) => alike(one, wanted));
  return came === wanted;
}

/** All of them: one that is not so decides, one that nobody knows leaves it open. */
export function allOf(truths: readonly Truth[]): Truth {
  if (truths.includes('no')) return 'no';
  return truths.includes('unknown') ? 'unknown' : 'yes';
}
