import type { FactCode, Json, JsonObject, Millis, Quality, Value } from '../model/index.ts';
import type { AlarmSeverity, RuleAction, RuleCondition, Truth } from './rules.ts';

/** Something that comes to a gateway, as a file of events tells it. */
export type PlayAct =
  | {
      readonly type: 'readings';
      /** Scaled, as rules see them. */
      readonly readings: readonly {
        readonly device: string;
        readonly point: string;
        readonly value: Value | null;
      }[];
      readonly quality: Quality;
    }
  | { readonly type: 'event'; readonly subject: string; readonly name: string; readonly fields: JsonObject }
  /** Those that stand at that door from now on. */
  | { readonly type: 'door'; readonly door: string; readonly alarms: readonly string[] }
  | { readonly type: 'health'; readonly fact: FactCode; readonly subject: string; readonly stands: boolean }
  | { readonly type: 'silent' | 'answers'; readonly devices: readonly string[] }
  /** Whether the time of day is known. */
  | { readonly type: 'clock'; readonly known: boolean }
  | { readonly type: 'wait' };

/** What must be so once a step was played. */
export type PlayWish =
  | {
      readonly type: 'rule';
      readonly rule: string;
      /** undefined: any of those it is about. */
      readonly subject: string | undefined;
      readonly part: string | undefined;
      readonly stands: boolean;
    }
  | {
      readonly type: 'command';
      readonly target: string;
      readonly command: string;
      /** Those that must be so; it may have more. */
      readonly args: JsonObject;
      /** Since the beginning; undefined: at least once. */
      readonly times: number | undefined;
    }
  /** Whether a rule has ended the gateway. */
  | { readonly type: 'stop'; readonly stands: boolean };

export interface PlayStep {
  /** After the beginning; never less than that of the step before. */
  readonly at_ms: Millis;
  /** In the file, from 1. */
  readonly line: number;
  readonly act: PlayAct;
  readonly expect: readonly { readonly wish: PlayWish; readonly line: number }[];
}

/** What happens on some day, to try the rules of a site with. */
export interface RulePlay {
  readonly start_unix_ms: number;
  readonly steps: readonly PlayStep[];
}

/** One rule about one thing. */
export interface PlayedRule {
  readonly rule: string;
  readonly subject: string;
  readonly part?: string;
}

/** What a rule asks, and how that stands. */
export interface PlayedCondition {
  readonly condition: RuleCondition;
  readonly truth: Truth;
  /** What showed it last. */
  readonly value?: Json;
}

/** One line of what happened. */
export type PlayedLine = {
  readonly at_ms: Millis;
  /** By the clocks of the site: `2026-11-24T22:05:00`. */
  readonly local: string;
} & (
  | { readonly type: 'came'; readonly line: number; readonly act: PlayAct }
  | { readonly type: 'schedule'; readonly schedule: string; readonly truth: Truth }
  /** What it asks has become so, or no longer is; it takes its time before it begins or ends. */
  | (PlayedRule & {
      readonly type: 'turned';
      readonly truth: Truth;
      readonly stands: boolean;
      readonly conditions: readonly PlayedCondition[];
      /** It begins or ends then, if it stays so; left out: it does not. */
      readonly due_local?: string;
    })
  | (PlayedRule & {
      readonly type: 'began' | 'ended';
      /** Left out: it alarms nobody. */
      readonly alarm?: { readonly severity: AlarmSeverity; readonly message: string };
      readonly conditions: readonly PlayedCondition[];
      readonly lasted_ms?: Millis;
    })
  | (PlayedRule & RuleAction & { readonly type: 'told'; readonly phase: 'begin' | 'end' })
  /** It acts too often. */
  | (PlayedRule & { readonly type: 'held-back'; readonly until_local?: string })
  | (PlayedRule & { readonly type: 'stops' })
  | {
      readonly type: 'expected';
      readonly line: number;
      readonly wish: PlayWish;
      readonly holds: boolean;
      /** What was found instead, or as well. */
      readonly found: string;
    }
);

export interface Played {
  readonly zone: string;
  readonly rules: number;
  readonly lines: readonly PlayedLine[];
}
