import { type Schedule, schedules } from '../access/index.ts';
import { type Loaded, type LoadedPlay, loadPlay, scheduleOf } from '../config/index.ts';
import type {
  Played,
  PlayedLine,
  PlayedRule,
  PlayStep,
  PlayWish,
  RuleAction,
  RulePlan,
  RulePlay,
  Truth,
} from '../contracts/index.ts';
import { type Millis, shownAt } from '../model/index.ts';
import { planName, RuleBook, type RuleInput, type RuleOutput, type WatchView } from '../rules/index.ts';
import { derivedPoints } from './derived-plan.ts';
import { PlayedSite } from './played-site.ts';
import { RuleLooks } from './rule-looks.ts';

type Accepted = Loaded & { readonly site: NonNullable<Loaded['site']> };

export interface DryRun extends Pick<LoadedPlay, 'problems'> {
  /** undefined: the file of events is not accepted. */
  readonly played: Played | undefined;
}

/** What the rules of a site make of a file of events: in no time, with no hardware. */
export function dryRun(text: string, loaded: Accepted): DryRun {
  const { problems, play } = loadPlay(text, loaded, derivedPoints);
  return { problems, played: play && new Player(loaded, play).play() };
}

/** A line without its time. */
type Told = PlayedLine extends infer L ? (L extends PlayedLine ? Omit<L, 'at_ms' | 'local'> : never) : never;

/** Steps, edges of schedules and the rules' own times in their order, each at its exact moment. */
class Player {
  private readonly loaded: Accepted;
  private readonly rulePlay: RulePlay;
  private readonly zone: string;
  private readonly site: PlayedSite;
  private readonly looks: RuleLooks;
  private readonly book: RuleBook;
  private readonly followed: readonly Schedule[];
  private readonly calendar: ReturnType<typeof schedules>;
  private readonly held = new Map<string, Truth>();
  private readonly lines: PlayedLine[] = [];
  private readonly told: RuleAction[] = [];
  private stopped = false;
  private at_ms: Millis = 0;

  constructor(loaded: Accepted, play: RulePlay) {
    const { site, rules } = loaded;
    this.loaded = loaded;
    this.rulePlay = play;
    this.zone = site.site.time_zone;
    this.site = new PlayedSite(loaded.devices);
    this.looks = new RuleLooks(site, rules, {
      wall: {
        read: () => ({ unix_ms: this.unix_ms, state: this.site.clock_known ? 'synced' : 'unsynced' }),
      },
      facts: () => this.site.facts(),
      host: (id) => this.site.host(id),
      doorAlarms: (id) => this.site.doorAlarms(id),
    });
    this.book = new RuleBook(rules.plans, { boot: 'dry-run', up: 0 });
    const asked = new Set(
      rules.plans.flatMap(({ when, and }) =>
        [when, ...and].flatMap((one) => (one.type === 'schedule' ? [one.schedule] : [])),
      ),
    );
    this.followed = [...site.schedules, ...rules.schedules].map(scheduleOf).filter(({ id }) => asked.has(id));
    this.calendar = schedules({ zone: this.zone, calendar: site.calendar });
  }

  play(): Played {
    this.turn(() => []);
    for (const step of this.rulePlay.steps) {
      this.passUntil(step.at_ms);
      this.take(step);
    }
    return { zone: this.zone, rules: this.loaded.rules.plans.length, lines: this.lines };
  }

  private get unix_ms(): number {
    return this.rulePlay.start_unix_ms + this.at_ms;
  }

  /** Whatever is due before that, and at that moment, for its own sake. */
  private passUntil(until_ms: Millis): void {
    for (;;) {
      const due_ms = Math.min(this.book.wake_up, this.edge_ms());
      if (due_ms > until_ms) break;
      this.at_ms = Math.max(this.at_ms, due_ms);
      this.turn(() => []);
    }
    this.at_ms = until_ms;
  }

  /** When the next schedule begins or ends. */
  private edge_ms(): Millis {
    if (!this.site.clock_known) return Number.POSITIVE_INFINITY;
    const edges = this.followed.map((one) => this.calendar.next(one, this.unix_ms));
    const next = Math.min(...edges.map((edge) => edge ?? Number.POSITIVE_INFINITY));
    return next - this.rulePlay.start_unix_ms;
  }

  private take({ act, line, expect }: PlayStep): void {
    this.say({ type: 'came', line, act });
    this.turn(() => this.site.take(act));
    for (const one of expect) {
      const { holds, found } = this.judge(one.wish);
      this.say({ type: 'expected', line: one.line, wish: one.wish, holds, found });
    }
  }

  /** One moment: what comes in it, what is looked up in it, and what the rules make of both. */
  private turn(come: () => readonly RuleInput[]): void {
    const before = new Map(this.book.views().map((view) => [planName(view.plan), view]));
    const inputs = come();
    this.sayEdges();
    const outputs = [...inputs, ...this.looks.now(), { kind: 'time' } as const].flatMap((input) =>
      this.book.take(input, this.at_ms),
    );
    const views = new Map(this.book.views().map((view) => [planName(view.plan), view]));
    const settled = new Set(outputs.flatMap((one) => (isPassage(one) ? [planName(one.plan)] : [])));
    for (const [name, view] of views) if (!settled.has(name)) this.sayTurned(before.get(name), view);
    for (const output of outputs) this.sayOutput(output, views.get(planName(output.plan)));
  }

  private sayEdges(): void {
    for (const schedule of this.followed) {
      const truth: Truth = !this.site.clock_known
        ? 'unknown'
        : this.calendar.holds(schedule, this.unix_ms)
          ? 'yes'
          : 'no';
      const was = this.held.get(schedule.id) ?? 'no';
      this.held.set(schedule.id, truth);
      if (truth !== was) this.say({ type: 'schedule', schedule: schedule.id, truth });
    }
  }

  /** What counts for nothing yet is not worth a line: a rule that does not stand, and that nobody can tell of. */
  private sayTurned(
    before: WatchView | undefined,
    { plan, truth, active, turns_up, conditions }: WatchView,
  ): void {
    const was = before?.truth ?? 'unknown';
    if (truth === was || (!active && truth !== 'yes' && was !== 'yes')) return;
    this.say({
      ...{ type: 'turned', truth, stands: active, conditions: conditions.map(playedOf) },
      ...named(plan),
      ...(turns_up !== undefined && { due_local: this.localAt(turns_up) }),
    });
  }

  private sayOutput(output: RuleOutput, view: WatchView | undefined): void {
    const { plan } = output;
    const rule = named(plan);
    switch (output.do) {
      case 'begin':
      case 'end':
        return this.say({
          type: output.do === 'begin' ? 'began' : 'ended',
          ...rule,
          ...(plan.alarm && { alarm: plan.alarm }),
          conditions: (view?.conditions ?? []).map(playedOf),
          ...(output.do === 'end' && output.lasted_ms !== undefined && { lasted_ms: output.lasted_ms }),
        });
      case 'act':
        for (const action of plan[output.phase]) {
          this.told.push(action);
          this.say({ type: 'told', ...rule, phase: output.phase, ...action });
        }
        return;
      case 'hold-back': {
        const { until_up } = output;
        return this.say({
          ...{ type: 'held-back', ...rule },
          ...(until_up !== undefined && { until_local: this.localAt(until_up) }),
        });
      }
      case 'stop':
        this.stopped = true;
        return this.say({ type: 'stops', ...rule });
    }
  }

  private judge(wish: PlayWish): { readonly holds: boolean; readonly found: string } {
    switch (wish.type) {
      case 'rule': {
        const standing = this.book
          .views()
          .filter(({ plan, active }) => active && isMeant(plan, wish))
          .map(({ plan }) => planName(plan));
        const found = standing.length ? `${standing.join(', ')} stands` : 'it does not stand';
        return { holds: standing.length > 0 === wish.stands, found };
      }
      case 'command': {
        const count = this.told.filter((action) => isSuch(action, wish)).length;
        const holds = wish.times === undefined ? count > 0 : count === wish.times;
        return { holds, found: `${count === 1 ? 'once' : `${count} times`} so far` };
      }
      case 'stop':
        return {
          holds: this.stopped === wish.stands,
          found: this.stopped ? 'a rule has ended it' : 'no rule has ended it',
        };
    }
  }

  private say(line: Told): void {
    const { at_ms } = this;
    // One of the lines, with its time: what a union loses when it is spread.
    this.lines.push({ at_ms, local: this.localAt(at_ms), ...line } as PlayedLine);
  }

  private localAt(at_ms: Millis): string {
    return shownAt(this.rulePlay.start_unix_ms + at_ms, this.zone);
  }
}

const isPassage = (output: RuleOutput): boolean => output.do === 'begin' || output.do === 'end';

const named = ({ rule, subject, part }: RulePlan): PlayedRule => ({
  ...{ rule, subject },
  ...(part !== undefined && { part }),
});

const playedOf = ({ condition, truth, evidence }: WatchView['conditions'][number]) => ({
  ...{ condition, truth },
  ...(evidence.value !== undefined && { value: evidence.value }),
});

const isMeant = (plan: RulePlan, wish: Extract<PlayWish, { readonly type: 'rule' }>): boolean =>
  plan.rule === wish.rule &&
  (wish.subject === undefined || plan.subject === wish.subject) &&
  (wish.part === undefined || plan.part === wish.part);

const isSuch = (action: RuleAction, wish: Extract<PlayWish, { readonly type: 'command' }>): boolean =>
  action.target === wish.target &&
  action.command === wish.command &&
  Object.entries(wish.args).every(
    ([name, value]) => JSON.stringify(action.args[name]) === JSON.stringify(value),
  );
