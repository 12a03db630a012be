import type { RulePlan } from '../../src/contracts/index.ts';
import type { Quality, Value } from '../../src/model/index.ts';
import { type KeptWatch, RuleBook, type RuleInput, type RuleOutput } from '../../src/rules/index.ts';

/** A rule about PM2.5, unless something else is said of it. */
export const planOf = (more: Partial<RulePlan> = {}): RulePlan => ({
  ...{ rule: 'dust', subject: 'air', and: [], for_ms: 0, clear_for_ms: 0, begin: [], end: [], stop: false },
  when: { type: 'threshold', device: 'air', point: 'pm2_5', side: 'above', limit: 75, hysteresis: 5 },
  alarm: { severity: 'warning', message: 'dusty' },
  gap_ms: 10_000,
  per_hour: 30,
  ...more,
});

export const reading = (value: Value | null, quality: Quality = 'good'): RuleInput => ({
  ...{ kind: 'reading', device: 'air', point: 'pm2_5', value, quality },
});

/** What a rule does, in words with its time in seconds. */
export function played(
  plans: readonly RulePlan[],
  inputs: readonly (readonly [s: number, input: RuleInput])[],
  kept?: ReadonlyMap<string, KeptWatch>,
): string[] {
  const book = new RuleBook(plans, { ...(kept && { kept }), boot: 'boot-1', up: 0 });
  return inputs.flatMap(([s, input]) => book.take(input, s * 1000)).map(wordsOf);
}

const wordsOf = (output: RuleOutput): string =>
  `${output.up / 1000} ${output.do}${output.do === 'act' ? ` ${output.phase}` : ''}`;
