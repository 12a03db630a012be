import type { FactCode, Json, JsonObject, Millis, Value } from '../model/index.ts';

/** Whether something is so. `unknown`: nobody can tell, so nothing begins and nothing ends for it. */
export type Truth = 'yes' | 'no' | 'unknown';

/** An event by its name and some of its fields. */
export interface EventMatch {
  readonly name: string;
  readonly where: Readonly<Record<string, Json>>;
}

/** Something that is so for a while. */
export type LevelCondition =
  | {
      readonly type: 'threshold';
      readonly device: string;
      readonly point: string;
      readonly side: 'above' | 'below';
      readonly limit: number;
      /** So far back across the limit it must come. */
      readonly hysteresis: number;
    }
  | {
      readonly type: 'state';
      readonly device: string;
      readonly point: string;
      readonly values: readonly Value[];
    }
  | { readonly type: 'schedule'; readonly schedule: string }
  | { readonly type: 'health'; readonly fact: FactCode; readonly subject: string }
  | { readonly type: 'door-alarm'; readonly door: string; readonly alarms: readonly string[] };

/** Something that happens. It lasts until another event of the same subject, or for a time; with neither it is over at once. */
export type EventCondition = EventMatch & {
  readonly type: 'event';
  readonly subject: string;
  readonly until?: EventMatch;
  readonly lasts_ms?: Millis;
};

export type RuleCondition = LevelCondition | EventCondition;

export type AlarmSeverity = 'info' | 'warning' | 'critical';

/** A command of a device, as any other: through the inbox, with one outcome. */
export interface RuleAction {
  readonly target: string;
  readonly command: string;
  readonly args: JsonObject;
}

/** A rule about one thing. Times are monotonic. */
export interface RulePlan {
  /** Id of the rule in the site file; a rule about several things has several plans. */
  readonly rule: string;
  /** What it is about: a device, bus or door. With `part` (a point) it names the plan. */
  readonly subject: string;
  readonly part?: string;
  readonly when: RuleCondition;
  readonly and: readonly LevelCondition[];
  readonly for_ms: Millis;
  readonly clear_for_ms: Millis;
  readonly alarm: { readonly severity: AlarmSeverity; readonly message: string } | undefined;
  readonly begin: readonly RuleAction[];
  readonly end: readonly RuleAction[];
  /** It ends the gateway, in order. */
  readonly stop: boolean;
  /** Between two actions, and how many in an hour: a relay wears. */
  readonly gap_ms: Millis;
  readonly per_hour: number;
}
