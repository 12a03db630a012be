import type { JsonObject } from './json.ts';

/** A wish that something be done. `ttl_ms` runs from receipt on the monotonic clock (contract, Commands). */
export interface Command {
  readonly id: string;
  /** Device, door or zone id. */
  readonly target: string;
  readonly name: string;
  readonly args: JsonObject;
  readonly ttl_ms: number;
  readonly issuer: string;
  readonly reason?: string;
}

/**
 * The single end of a command: `confirmed` the contact moved; `done` the board acknowledged and there is no contact to prove it;
 * `unconfirmed` acknowledged but the expected evidence did not come; `refused`, `expired`: nothing actuated;
 * `failed` the device said no; `unknown` it may or may not have acted.
 */
export type OutcomeResult =
  | 'confirmed'
  | 'done'
  | 'unconfirmed'
  | 'refused'
  | 'expired'
  | 'failed'
  | 'unknown';

export interface Outcome {
  readonly result: OutcomeResult;
  /** Fault code or evidence, and figures such as the effective pulse length. */
  readonly facts: JsonObject;
}
