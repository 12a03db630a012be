import type { JsonObject, Millis } from '../model/index.ts';

/** A command of the relay board that stands for on or off. */
export interface LoadMove {
  readonly name: string;
  readonly args: JsonObject;
}

/** One relay of a load. */
export interface LoadPart {
  readonly device: string;
  /** Of its board, from 1. */
  readonly channel: number;
  readonly on: LoadMove;
  readonly off: LoadMove;
  /** The flag of the board that shows it, and what it is while the load is on; undefined: nothing shows it. */
  readonly shown: { readonly point: string; readonly on: boolean } | undefined;
}

/** A switch or button of a load. */
export interface LoadSwitch {
  readonly device: string;
  readonly point: string;
  readonly inverted: boolean;
  /** momentary: each press turns it over. maintained: it is on while this is closed. */
  readonly type: 'momentary' | 'maintained';
}

/** Relays that are switched together. */
export interface LoadPlan {
  readonly id: string;
  /** In the order in which they are switched. */
  readonly parts: readonly LoadPart[];
  /** Between two of them. */
  readonly stagger_ms: Millis;
  readonly schedule: string | undefined;
  readonly by_hand: LoadSwitch | undefined;
  /** What was switched by hand at the place lasts so long; undefined: until the schedule changes. */
  readonly by_hand_ms: Millis | undefined;
}
