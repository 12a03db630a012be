import type { RulePlan } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';
import { type RuleInput, sourceOfInput } from './gauge.ts';
import { type KeptWatch, type RuleOutput, Watch, type WatchView } from './watch.ts';

/** Names one rule about one thing. */
export const planName = ({ rule, subject, part }: Pick<RulePlan, 'rule' | 'subject' | 'part'>): string =>
  [rule, subject, ...(part === undefined ? [] : [part])].join('/');

/**
 * All rules of a site. Pure: the same inputs at the same times give the same outputs, however often it is told in between that time has passed.
 */
export class RuleBook {
  private readonly watches: readonly Watch[];
  private readonly bySource = new Map<string, Watch[]>();
  private due_up: Millis = Number.NEGATIVE_INFINITY;
  private up: Millis;

  constructor(
    plans: readonly RulePlan[],
    {
      kept = new Map(),
      boot,
      up,
    }: { readonly kept?: ReadonlyMap<string, KeptWatch>; readonly boot: string; readonly up: Millis },
  ) {
    this.up = up;
    this.watches = plans.map((plan) => new Watch(plan, { kept: kept.get(planName(plan)), boot, up }));
    for (const watch of this.watches)
      for (const source of new Set(watch.sources))
        this.bySource.set(source, [...(this.bySource.get(source) ?? []), watch]);
  }

  /** When something changes by itself; Infinity: never. */
  get wake_up(): Millis {
    return this.watches.reduce((least, watch) => Math.min(least, watch.due_up), Number.POSITIVE_INFINITY);
  }

  /** How each rule stands, as of the last thing it was told. */
  views(): readonly WatchView[] {
    return this.watches.map((watch) => watch.view(this.up));
  }

  /** Time never goes back here. */
  take(input: RuleInput, up: Millis): readonly RuleOutput[] {
    this.up = Math.max(this.up, up);
    const outputs = [...this.pass(this.up)];
    if (input.kind === 'maintenance') {
      for (const watch of this.watches) outputs.push(...watch.mute(input.subjects, this.up));
      this.due_up = this.wake_up;
      return [...outputs, ...this.pass(this.up)];
    }
    const source = sourceOfInput(input);
    const concerned = source === undefined ? undefined : this.bySource.get(source);
    if (source === undefined || !concerned) return outputs;
    for (const watch of concerned) outputs.push(...watch.see(input, source, this.up));
    this.due_up = this.wake_up;
    // What waits for no time is over in the same moment.
    return [...outputs, ...this.pass(this.up)];
  }

  /** Whatever was due by then, in its order. */
  private pass(up: Millis): readonly RuleOutput[] {
    const outputs: RuleOutput[] = [];
    while (this.due_up <= up) {
      const due_up = this.wake_up;
      this.due_up = due_up;
      if (due_up > up) break;
      for (const watch of this.watches) if (watch.due_up <= due_up) outputs.push(...watch.pass(due_up));
      this.due_up = this.wake_up;
    }
    return outputs;
  }
}
