import type { Millis } from '../model/index.ts';
import { agedAtLeast, DAY_MS, type Done, dated, withinDay } from './day-count.ts';

/** A device behind a supply, as it is heard of now. */
export interface Fed {
  readonly id: string;
  readonly condition: 'well' | 'silent' | 'unclear';
  /** It has answered once: its wiring, address and driver are right. */
  readonly known: boolean;
  /** The wire it hangs on is not to blame: another unit has answered on it since then, or there is no other. */
  readonly wireLives: (since_up: Millis) => boolean;
  readonly bus: string;
}

export interface SupplyRules {
  /** So long it must be silent. */
  readonly silent_ms: Millis;
  /** At most so many cycles in any 24 hours. */
  readonly most_per_day: number;
  /** Whether all that it feeds must be silent, or one of them is enough. */
  readonly when: 'all' | 'any';
  /** So long its units need to start; silence meanwhile counts for nothing. */
  readonly warm_up_ms: Millis;
}

export interface SupplyLook {
  readonly fed: readonly Fed[];
  readonly relay_answers: boolean;
  /** The relay has been told to cut the supply, by somebody else. */
  readonly switched_off: boolean;
  /** Why it must not be cut, whatever its units do. */
  readonly forbidden: string | undefined;
}

export type SupplyWish =
  | { readonly wish: 'nothing' }
  | { readonly wish: 'cycle'; readonly silent: readonly string[]; readonly silent_ms: Millis }
  /** A cycle is due, and would be of no use or do harm. */
  | { readonly wish: 'hold'; readonly silent: readonly string[]; readonly because: string }
  /** The cycles of the day are used up. */
  | { readonly wish: 'give-up'; readonly silent: readonly string[]; readonly next_ms: Millis };

/**
 * Decides when the supply of silent units is to be cut and given again. Pure: what is heard of the units, and the time, are handed in. Times are `up`
 * of this boot.
 */
export class PowerCycle {
  private readonly rules: SupplyRules;
  private readonly silentSince = new Map<string, Millis>();
  /** Its units have power since then, as far as is known. */
  private powered_up: Millis;
  private past: readonly Done[] = [];

  constructor(rules: SupplyRules, up: Millis) {
    this.rules = rules;
    this.powered_up = up;
  }

  /** Cycles of an earlier run. */
  recall(past: readonly Done[]): void {
    this.past = past;
  }

  /** Cycles that still count, to be kept. */
  counted(now: Done): readonly Done[] {
    this.past = dated(withinDay(this.past, now), now);
    return this.past;
  }

  /** A cycle begins. Says the how manieth of the day it is. */
  begin(now: Done): number {
    this.past = [...withinDay(this.past, now), now];
    return this.past.length;
  }

  /** The one that was begun last was none: the supply was not cut. */
  takeBack(): void {
    this.past = this.past.slice(0, -1);
  }

  /** Its units got power now, or a try to give it has just ended: they have time to start, and to be silent, from here on. */
  powered(up: Millis): void {
    this.powered_up = up;
  }

  look({ fed, relay_answers, switched_off, forbidden }: SupplyLook, now: Done): SupplyWish {
    for (const { id, condition } of fed) {
      if (condition !== 'silent') this.silentSince.delete(id);
      else if (!this.silentSince.has(id)) this.silentSince.set(id, now.up);
    }
    const { silent_ms, when, most_per_day } = this.rules;
    const long = fed.filter(({ id }) => this.silenceOf(id, now.up) >= silent_ms);
    const silent = long.map(({ id }) => id);
    if (silent.length === 0) return { wish: 'nothing' };
    const hold = (because: string): SupplyWish => ({ wish: 'hold', silent, because });

    if (!long.some(({ known }) => known))
      return hold(
        'it has never answered: its address, driver or wiring is wrong rather than the unit itself',
      );
    const others = fed.filter(({ id }) => !silent.includes(id)).map(({ id }) => id);
    if (when === 'all' && others.length > 0)
      return hold(
        `${others.join(', ')} on the same supply ${others.length > 1 ? 'have' : 'has'} not been silent for so long`,
      );
    if (forbidden !== undefined) return hold(forbidden);
    if (!relay_answers) return hold('the relay of its supply does not answer either');
    if (switched_off) return hold('somebody has switched its supply off');
    const dead = long.filter(({ id, wireLives }) => !wireLives(this.silentSince.get(id) ?? now.up));
    if (dead.length === long.length)
      return hold(
        `nothing on ${[...new Set(dead.map(({ bus }) => bus))].join(', ')} answers: the wire is dead, not the unit`,
      );

    const counted = withinDay(this.past, now);
    // The one whose end of day makes room.
    const oldest = counted[counted.length - most_per_day];
    if (oldest) return { wish: 'give-up', silent, next_ms: DAY_MS - agedAtLeast(oldest, now) };
    const since_up = Math.min(...silent.map((id) => this.silentSince.get(id) ?? now.up));
    return { wish: 'cycle', silent, silent_ms: now.up - since_up };
  }

  /** How long it has been silent while it had power and was not just starting; negative while it is. */
  private silenceOf(id: string, up: Millis): Millis {
    const since = this.silentSince.get(id);
    if (since === undefined) return Number.NEGATIVE_INFINITY;
    return up - Math.max(since, this.powered_up + this.rules.warm_up_ms);
  }
}
