import type { LevelCondition, RuleCondition, RulePlan, Truth } from '../contracts/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import { allOf, EventGauge, LevelGauge, type RuleInput, subjectOf } from './gauge.ts';
import { Wear } from './wear.ts';

/** What a rule that was on when an earlier run ended left. */
export interface KeptWatch {
  /** Id of its alarm; undefined: it has none. */
  readonly alarm: string | undefined;
  readonly boot: string;
  readonly up: Millis;
}

export type RuleOutput = { readonly plan: RulePlan; readonly up: Millis } & (
  | {
      /** It is on from now on; `alarm`: the id of the alarm that is raised. */
      readonly do: 'begin';
      readonly alarm: string | undefined;
      readonly evidence: JsonObject;
    }
  | {
      readonly do: 'end';
      readonly alarm: string | undefined;
      readonly evidence: JsonObject;
      /** undefined: it began in an earlier boot. */
      readonly lasted_ms: Millis | undefined;
    }
  /** Its actions. `cause`: the id of its alarm, or what the event that it is about says it follows from. */
  | { readonly do: 'act'; readonly phase: 'begin' | 'end'; readonly cause?: string }
  /** It would act too often: told once until it acts again. `until_up`: then it acts all the same; undefined: not for this. */
  | { readonly do: 'hold-back'; readonly until_up: Millis | undefined }
  | { readonly do: 'stop' }
);

/** How a rule about one thing stands. */
export interface WatchView {
  readonly plan: RulePlan;
  readonly active: boolean;
  /** Of all that it asks together. */
  readonly truth: Truth;
  readonly conditions: readonly {
    readonly condition: RuleCondition;
    readonly truth: Truth;
    readonly evidence: JsonObject;
  }[];
  /** It turns to the other side then, if all stays as it is; undefined: it does not. */
  readonly turns_up: Millis | undefined;
}

type Phase = 'begin' | 'end';

/**
 * One rule about one thing: a pure state machine. It is on once its conditions have been so for `for_ms`, and off once they have not been for
 * `clear_for_ms`; time in which nobody can tell counts for neither.
 */
export class Watch {
  readonly plan: RulePlan;
  private readonly boot: string;
  private readonly when: LevelGauge | EventGauge;
  private readonly and: readonly LevelGauge[];
  private readonly wear: Wear;
  private active: boolean;
  private alarm: string | undefined;
  /** What its actions follow. */
  private cause: string | undefined;
  private since: { readonly boot: string; readonly up: Millis } | undefined;
  private begun_up: Millis | undefined;
  /** So many times it has begun in the same moment already. */
  private again = 0;
  /** What the turn to the other side has lasted so far, without the stretch that goes on. */
  private banked_ms: Millis = 0;
  private run: { readonly from_up: Millis; readonly due_up: Millis } | undefined;
  private done: Phase | undefined;
  private pending: { readonly phase: Phase; readonly up: Millis } | undefined;
  private told = false;
  private readonly subjects: readonly string[];
  private muted = false;
  /** What the last event of this rule says it follows from. */
  private eventRef: string | undefined;

  constructor(
    plan: RulePlan,
    { kept, boot, up }: { readonly kept?: KeptWatch | undefined; readonly boot: string; readonly up: Millis },
  ) {
    this.plan = plan;
    this.boot = boot;
    this.active = kept !== undefined;
    this.alarm = kept?.alarm;
    this.cause = kept?.alarm;
    this.since = kept && { boot: kept.boot, up: kept.up };
    const gauge = (condition: LevelCondition) => new LevelGauge(condition, this.active);
    this.when = plan.when.type === 'event' ? new EventGauge(plan.when, this.active, up) : gauge(plan.when);
    this.and = plan.and.map(gauge);
    this.subjects = [plan.subject, ...[plan.when, ...plan.and].flatMap((one) => subjectOf(one) ?? [])];
    this.wear = new Wear(plan, up);
    this.done = this.active ? undefined : 'end';
    // Outputs may be at rest since the earlier run ended: what is to last is told again.
    if (this.active && this.follows) this.pending = { phase: 'begin', up };
  }

  get sources(): readonly string[] {
    return [this.when, ...this.and].map(({ source }) => source);
  }

  /** Something changes by itself then; Infinity: never. */
  get due_up(): Millis {
    const ends_up = this.when instanceof EventGauge ? this.when.ends_up : undefined;
    return Math.min(
      ends_up ?? Number.POSITIVE_INFINITY,
      this.run?.due_up ?? Number.POSITIVE_INFINITY,
      this.pending?.up ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Where somebody works at what it is about nobody judges: no alarm begins and none ends, and nothing is done for it. */
  mute(subjects: ReadonlySet<string>, up: Millis): readonly RuleOutput[] {
    const muted = this.subjects.some((subject) => subjects.has(subject));
    if (muted === this.muted) return [];
    this.muted = muted;
    return this.settle(up);
  }

  view(up: Millis): WatchView {
    const { plan, active, when } = this;
    const first = when instanceof EventGauge ? when.truth(up) : when.truth;
    return {
      ...{ plan, active, truth: this.truth(up), turns_up: this.run?.due_up },
      conditions: [
        { condition: when.condition, truth: first, evidence: when.evidence },
        ...this.and.map(({ condition, truth, evidence }) => ({ condition, truth, evidence })),
      ],
    };
  }

  /** `source`: of the input. All that was due before has passed. */
  see(input: RuleInput, source: string, up: Millis): readonly RuleOutput[] {
    const outputs: RuleOutput[] = [];
    for (const gauge of this.and) if (gauge.source === source) gauge.see(input);
    const { when } = this;
    if (when.source === source) {
      if (when instanceof LevelGauge) when.see(input);
      else if (when.see(input, up, !this.muted && this.guards() === 'yes')) {
        this.eventRef = refIn(input);
        if (when.momentary) {
          this.cause = this.eventRef;
          outputs.push(...this.once(up));
        }
      }
    }
    return [...outputs, ...this.settle(up)];
  }

  /** Its moment has come. */
  pass(up: Millis): readonly RuleOutput[] {
    if (this.when instanceof EventGauge) this.when.pass(up);
    const outputs = this.settle(up);
    const { pending } = this;
    if (!pending || pending.up > up) return outputs;
    return [...outputs, this.act(pending.phase, up)];
  }

  /** Its actions go by pairs: what ends follows what has begun, however often. */
  private get follows(): boolean {
    return this.plan.end.length > 0;
  }

  private guards(): Truth {
    return allOf(this.and.map(({ truth }) => truth));
  }

  private truth(up: Millis): Truth {
    if (this.muted) return 'unknown';
    // What else is asked of an event was asked when it happened.
    if (this.when instanceof EventGauge) return this.when.truth(up);
    return allOf([this.when.truth, this.guards()]);
  }

  private settle(up: Millis): readonly RuleOutput[] {
    const outputs: RuleOutput[] = [];
    for (;;) {
      const truth = this.truth(up);
      if (truth === 'unknown') {
        this.banked_ms += this.run ? up - this.run.from_up : 0;
        this.run = undefined;
        return outputs;
      }
      if ((truth === 'yes') === this.active) {
        this.startAnew();
        return outputs;
      }
      const { for_ms, clear_for_ms } = this.plan;
      const needed_ms = this.active ? clear_for_ms : for_ms;
      this.run ??= { from_up: up, due_up: up + Math.max(0, needed_ms - this.banked_ms) };
      if (this.run.due_up > up) return outputs;
      this.startAnew();
      outputs.push(...this.flip(up));
    }
  }

  private startAnew(): void {
    this.banked_ms = 0;
    this.run = undefined;
  }

  private flip(up: Millis): readonly RuleOutput[] {
    this.active = !this.active;
    const { plan, since } = this;
    const { evidence } = this.when;
    if (this.active) {
      this.since = { boot: this.boot, up };
      this.again = this.begun_up === up ? this.again + 1 : 0;
      this.begun_up = up;
      this.alarm = plan.alarm && nameOf(plan, this.since, this.again);
      this.cause = this.alarm ?? this.eventRef;
      const begun = { do: 'begin', plan, up, alarm: this.alarm, evidence } as const;
      const stop = plan.stop ? [{ do: 'stop', plan, up } as const] : [];
      return [begun, ...this.wish('begin', up), ...stop];
    }
    const { alarm } = this;
    this.alarm = undefined;
    this.since = undefined;
    const lasted_ms = since?.boot === this.boot ? up - since.up : undefined;
    return [{ do: 'end', plan, up, alarm, evidence, lasted_ms }, ...this.wish('end', up)];
  }

  /** Its actions for the turn that was just taken. */
  private wish(phase: Phase, up: Millis): readonly RuleOutput[] {
    if (!this.follows) return phase === 'begin' ? this.once(up) : [];
    this.pending = undefined;
    if (this.done === phase) return [];
    const free_up = this.wear.free_up(up);
    if (free_up <= up) return [this.act(phase, up)];
    this.pending = { phase, up: free_up };
    return this.tellHeldBack(up, free_up);
  }

  /** Actions that stand for themselves: too many of them are left out. */
  private once(up: Millis): readonly RuleOutput[] {
    if (this.plan.begin.length === 0) return [];
    if (this.wear.free_up(up) <= up) return [this.act('begin', up)];
    return this.tellHeldBack(up, undefined);
  }

  private tellHeldBack(up: Millis, until_up: Millis | undefined): readonly RuleOutput[] {
    if (this.told) return [];
    this.told = true;
    return [{ do: 'hold-back', plan: this.plan, up, until_up }];
  }

  private act(phase: Phase, up: Millis): RuleOutput {
    this.wear.spend(up);
    this.pending = undefined;
    this.done = phase;
    this.told = false;
    const { plan, cause } = this;
    return { do: 'act', plan, up, phase, ...(cause !== undefined && { cause }) };
  }
}

const refIn = (input: RuleInput): string | undefined =>
  input.kind === 'event' && typeof input.fields.ref === 'string' ? input.fields.ref : undefined;

/** Unique for ever, and the same for the same history. */
function nameOf(
  { rule, subject, part = '' }: RulePlan,
  { boot, up }: { readonly boot: string; readonly up: Millis },
  again: number,
): string {
  const moment = again === 0 ? Math.round(up) : `${Math.round(up)}-${again}`;
  return [rule, subject, part, boot.slice(0, 8), moment].filter((word) => word !== '').join('.');
}
