import type { Side } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';

/** Where the sides of a door lead: who goes `in` comes from outside into `inside`. */
export interface Areas {
  readonly outside: string;
  readonly inside: string;
}

/** Where somebody was seen last. Known for a while only: people leave by ways that have no reader. */
export type Whereabouts = ReadonlyMap<string, { readonly area: string; readonly up: Millis }>;

/**
 * Whether somebody asks to go where he is already, so that the card may have been handed back. Soft: it is told, and opens all the same.
 * Who has not been seen within `forget_ms` is anywhere.
 */
export function isAgain(
  whereabouts: Whereabouts,
  who: string,
  { areas, side, up, forget_ms }: Way & { readonly forget_ms: Millis },
): boolean {
  const seen = whereabouts.get(who);
  if (!seen || up - seen.up >= forget_ms) return false;
  return seen.area === targetOf(areas, side);
}

interface Way {
  readonly areas: Areas;
  readonly side: Side;
  readonly up: Millis;
}

/** Somebody went through: the door was seen open, or has nothing to see it by. */
export function moved(whereabouts: Whereabouts, who: string, { areas, side, up }: Way): Whereabouts {
  return new Map(whereabouts).set(who, { area: targetOf(areas, side), up });
}

/** Without those who were not seen for so long. */
export function forgetOld(whereabouts: Whereabouts, up: Millis, forget_ms: Millis): Whereabouts {
  return new Map([...whereabouts].filter(([, seen]) => up - seen.up < forget_ms));
}

const targetOf = ({ outside, inside }: Areas, side: Side): string => (side === 'in' ? inside : outside);
