import type { EventMatch, RuleAction, RuleCondition, RulePlan } from '../contracts/index.ts';
import { span } from './output.ts';

/** What rules and presets come to, for people. */
export function rulesText(plans: readonly RulePlan[]): string {
  if (plans.length === 0) return 'There are no rules.\n\n';
  return `${plans.map(planText).join('\n')}\n\n`;
}

function planText(plan: RulePlan): string {
  const { rule, when, and, for_ms, clear_for_ms, alarm, begin, end, stop } = plan;
  const lasting = for_ms > 0 ? ` for ${span(for_ms)}` : '';
  const back = clear_for_ms > 0 ? ` (over when not so for ${span(clear_for_ms)})` : '';
  return [
    `${rule}: when ${[when, ...and].map(conditionText).join(' and ')}${lasting}${back}`,
    ...(alarm ? [`  alarm, ${alarm.severity}: ${alarm.message}`] : []),
    ...begin.map((action) => `  tell ${actionText(action)}`),
    ...end.map((action) => `  when it is over, tell ${actionText(action)}`),
    ...(stop ? ['  end the gateway, in order'] : []),
  ].join('\n');
}

export const actionText = ({ target, command, args }: RuleAction): string =>
  [target, command, ...Object.entries(args).map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(
    ' ',
  );

export function conditionText(condition: RuleCondition): string {
  switch (condition.type) {
    case 'threshold': {
      const { device, point, side, limit, hysteresis } = condition;
      const back = side === 'above' ? limit - hysteresis : limit + hysteresis;
      return `${device}/${point} is ${side} ${limit}${hysteresis ? ` (until it is back at ${back})` : ''}`;
    }
    case 'state':
      return `${condition.device}/${condition.point} is ${condition.values.join(' or ')}`;
    case 'schedule':
      return condition.schedule === '.night'
        ? 'it is night (22:00 to 06:00)'
        : `schedule ${condition.schedule} holds`;
    case 'health':
      return `health fact ${condition.fact}${condition.subject === '' ? '' : ` of ${condition.subject}`} stands`;
    case 'door-alarm':
      return `alarm ${condition.alarms.join(' or ')} of ${condition.door} stands`;
    case 'event': {
      const { subject, until, lasts_ms } = condition;
      const ends = until ? ` (until ${matchText(until)})` : '';
      return `${subject} tells ${matchText(condition)}${ends}${lasts_ms === undefined ? '' : ` (for ${span(lasts_ms)})`}`;
    }
  }
}

const matchText = ({ name, where }: EventMatch): string =>
  [name, ...Object.entries(where).map(([field, value]) => `${field}=${JSON.stringify(value)}`)].join(' ');
