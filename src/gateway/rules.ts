import { ticker } from '../clock/index.ts';
import type { CheckedRules, SiteConfig } from '../config/index.ts';
import type {
  Clock,
  HealthSink,
  Log,
  RuleAction,
  RulePlan,
  RuleWish,
  State,
  StateWrite,
} from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import type { EventEntry, FactCode, JsonObject, Outcome, Reading, Stamp } from '../model/index.ts';
import { type KeptWatch, planName, RuleBook, type RuleInput, type RuleOutput } from '../rules/index.ts';
import { type LooksWorld, RuleLooks } from './rule-looks.ts';

export interface RulesWorld extends LooksWorld {
  readonly clock: Clock;
  readonly state: State;
  readonly health: HealthSink;
  readonly log: Log;
  /** Whether it is stored now, with what is kept of it. */
  readonly tell: (event: EventEntry, kept: readonly StateWrite[]) => Promise<boolean>;
  /** The way of all commands. */
  readonly follow: (wish: RuleWish) => Promise<Outcome>;
  /** Ends the gateway in order. */
  readonly stop: (why: string) => void;
}

const OWNER = 'rules';
/** No rule has this name. */
const NAMES = '.names';
/** A device that does not obey holds up only so many actions; further ones are left out, and told. */
const MOST_WAITING = 20;

/** The rules of the site at work. Nothing of it waits for the disk, and nothing waits for it. */
export class SiteRules {
  private readonly plans: readonly RulePlan[];
  private readonly world: RulesWorld;
  private readonly looks: RuleLooks;
  private readonly standing = new Map<string, { readonly plan: RulePlan; readonly kept: KeptWatch }>();
  private readonly waiting = new Map<string, Promise<void>>();
  private readonly depth = new Map<string, number>();
  private readonly sources = new Set<string>();
  private book: RuleBook | undefined;
  private muted: ReadonlySet<string> = new Set();

  constructor(site: SiteConfig, rules: CheckedRules, world: RulesWorld) {
    this.plans = rules.plans;
    this.world = world;
    this.looks = new RuleLooks(site, rules, world);
    for (const { when, and } of this.plans)
      for (const one of [when, ...and])
        if (one.type === 'threshold' || one.type === 'state') this.sources.add(`${one.device}\n${one.point}`);
  }

  /** Takes up alarms that stood when an earlier run ended; before anything is heard. */
  async begin(): Promise<void> {
    const { clock, state } = this.world;
    const now = clock.now();
    const kept = new Map<string, KeptWatch>();
    const names = this.plans.map(planName);
    const recall = (name: string) =>
      state.get(OWNER, name).catch((error: unknown) => {
        this.world.log.error({ rule: name, fault: asFault(error) }, 'what was kept of a rule cannot be read');
        return undefined;
      });
    const before = await recall(NAMES);
    const known = Array.isArray(before?.names) ? before.names.map(String) : [];
    const found = await Promise.all(
      [...new Set([...known, ...names])].map(async (name) => [name, keptOf(await recall(name))] as const),
    );
    for (const [name, one] of found) {
      if (!one) continue;
      const plan = this.plans.find((each) => planName(each) === name);
      if (plan) {
        kept.set(name, one);
        this.standing.set(name, { plan, kept: one });
      } else this.forget(name, one);
    }
    if (JSON.stringify(known) !== JSON.stringify(names))
      this.keep({ owner: OWNER, name: NAMES, value: { names } });
    this.book = new RuleBook(this.plans, { kept, ...now });
    this.mute(this.muted);
    this.showAlarms();
  }

  /** Somebody works at these, and at no others. */
  mute(subjects: ReadonlySet<string>): void {
    this.muted = subjects;
    this.take({ kind: 'maintenance', subjects });
  }

  /** Who wants the readings of a point, scaled and judged. */
  feedOf(device: string, point: string): ((reading: Reading) => void) | undefined {
    if (!this.sources.has(`${device}\n${point}`)) return undefined;
    return ({ value, quality }) => this.take({ kind: 'reading', device, point, value, quality });
  }

  hear({ subject, name, fields }: EventEntry): void {
    this.take({ kind: 'event', subject, name, fields });
    // What a door tells of an alarm is looked at in the same moment.
    if (name === 'alarm' || name === 'alarm-ended') this.look();
  }

  /** Schedules and health are looked up, and time passes. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.plans.length === 0) return;
    for await (const _ of ticker(this.world.clock, { name: 'rules', every_ms: 500 }, signal)) this.look();
  }

  private look(): void {
    for (const input of this.looks.now()) this.take(input);
    this.take({ kind: 'time' });
  }

  private take(input: RuleInput): void {
    if (!this.book) return;
    for (const output of this.book.take(input, this.world.clock.now().up)) this.carryOut(output);
  }

  private carryOut(output: RuleOutput): void {
    const { plan } = output;
    switch (output.do) {
      case 'begin':
      case 'end':
        return this.passage(output);
      case 'act':
        for (const action of plan[output.phase]) this.order(plan, action, output.cause);
        return;
      case 'hold-back': {
        const { until_up, up } = output;
        const fields = {
          rule: plan.rule,
          ...(until_up !== undefined && { for_ms: Math.round(until_up - up) }),
        };
        void this.tell(plan.subject, 'rule-held-back', { lane: 'b', fields, up });
        this.world.log.warn({ subject: plan.subject, ...fields }, 'a rule acts too often and is held back');
        return;
      }
      case 'stop': {
        const why = plan.alarm?.message ?? plan.rule;
        this.world.log.warn({ rule: plan.rule, subject: plan.subject }, 'a rule ends the gateway');
        return this.world.stop(why);
      }
    }
  }

  private passage(output: Extract<RuleOutput, { readonly do: 'begin' | 'end' }>): void {
    const { plan, up, alarm, evidence } = output;
    const { boot } = this.world.clock.now();
    const name = planName(plan);
    const begun = output.do === 'begin';
    const kept: KeptWatch = { alarm, boot, up };
    if (begun) this.standing.set(name, { plan, kept });
    else this.standing.delete(name);
    const write: StateWrite = { owner: OWNER, name, value: begun ? jsonOf(kept) : undefined };
    if (alarm === undefined || !plan.alarm) {
      this.keep(write);
      return;
    }
    const { severity, message } = plan.alarm;
    const { rule, part } = plan;
    const fields: JsonObject = {
      ...{ alarm, rule, severity, message },
      ...(part !== undefined && { part }),
      ...evidence,
      ...(output.do === 'end' &&
        output.lasted_ms !== undefined && { lasted_ms: Math.round(output.lasted_ms) }),
    };
    this.showAlarms();
    const said = begun ? 'alarm-raised' : 'alarm-cleared';
    this.world.log.info({ subject: plan.subject, said, ...fields }, 'alarm of a rule');
    void this.tell(plan.subject, said, { lane: 'a', fields, up }, [write]);
  }

  /** What goes with no record. Nobody waits for it. */
  private keep({ owner, name, value }: StateWrite): void {
    void this.world.state.set(owner, name, value).catch(() => {});
  }

  private tell(
    subject: string,
    name: string,
    { lane, fields, up }: { readonly lane: 'a' | 'b'; readonly fields: JsonObject; readonly up: number },
    kept: readonly StateWrite[] = [],
  ): Promise<boolean> {
    const stamp: Stamp = { boot: this.world.clock.now().boot, up };
    return this.world.tell({ kind: 'event', lane, subject, name, fields, stamp }, kept);
  }

  /** One after the other to each target, so that what ends something never passes what begins it. */
  private order(
    { rule, subject }: RulePlan,
    { target, command: name, args }: RuleAction,
    cause: string | undefined,
  ): void {
    const { log, follow } = this.world;
    const depth = this.depth.get(target) ?? 0;
    if (depth >= MOST_WAITING) {
      log.warn(
        { rule, subject, target, command: name },
        'the target of a rule has too much to do; it was not told',
      );
      return;
    }
    this.depth.set(target, depth + 1);
    const before = this.waiting.get(target) ?? Promise.resolve();
    const going = before
      .then(() => follow({ rule, target, name, args, cause }))
      .then(
        ({ result, facts }) => {
          if (result !== 'done' && result !== 'confirmed')
            log.warn(
              { rule, subject, target, command: name, result, ...facts },
              'what a rule wanted was not done',
            );
        },
        (error: unknown) => log.error({ rule, target, fault: asFault(error) }, 'what a rule wanted failed'),
      )
      .finally(() => this.depth.set(target, (this.depth.get(target) ?? 1) - 1));
    this.waiting.set(target, going);
  }

  /** The alarm of a rule that the site no longer has, or has no longer about that. */
  private forget(name: string, { alarm }: KeptWatch): void {
    const [rule = '', subject = ''] = name.split('/');
    const write = { owner: OWNER, name, value: undefined };
    if (alarm === undefined) {
      this.keep(write);
      return;
    }
    const fields = { alarm, rule, ended_by: 'rule-removed' };
    void this.tell(subject, 'alarm-cleared', { lane: 'a', fields, up: this.world.clock.now().up }, [write]);
  }

  /** All alarms that stand, as health facts: one for each subject and severity. */
  private showAlarms(): void {
    const texts = new Map<string, string[]>();
    for (const { plan, kept } of this.standing.values()) {
      if (!plan.alarm || kept.alarm === undefined) continue;
      const key = JSON.stringify([`alarm-${plan.alarm.severity}`, plan.subject]);
      texts.set(key, [...(texts.get(key) ?? []), plan.alarm.message]);
    }
    for (const key of this.shown) if (!texts.has(key)) this.world.health.clear(...factOf(key));
    for (const [key, messages] of texts) this.world.health.raise(...factOf(key), messages.join('; '));
    this.shown = new Set(texts.keys());
  }
  private shown: ReadonlySet<string> = new Set();
}

// The key was made of these two, above.
const factOf = (key: string) => JSON.parse(key) as [FactCode, string];

const jsonOf = ({ alarm, boot, up }: KeptWatch): JsonObject => ({
  boot,
  up,
  ...(alarm !== undefined && { alarm }),
});

/** What was kept, as far as it can be understood. */
function keptOf(kept: JsonObject | undefined): KeptWatch | undefined {
  if (typeof kept?.boot !== 'string' || typeof kept.up !== 'number') return undefined;
  return { alarm: typeof kept.alarm === 'string' ? kept.alarm : undefined, boot: kept.boot, up: kept.up };
}
