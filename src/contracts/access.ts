import type { JsonObject, Lane, Millis } from '../model/index.ts';

/** A side of a door: `in` is where one goes in, from outside; `out` is the inside, where one goes out. */
export type Side = 'in' | 'out';

export type DoorKind = 'door' | 'turnstile' | 'barrier' | 'lift';

/**
 * What a door is and how it behaves. Times are monotonic. A gate is what is unlocked by itself: `lock` of a door, `in` and `out` of a
 * turnstile, `arm` of a barrier, the floors of a lift.
 */
export interface DoorRules {
  readonly id: string;
  readonly kind: DoorKind;
  readonly gates: readonly string[];
  /** Who ends a timed unlock: the board's own timer up to `longest_ms`, or this process. */
  readonly timing: 'board' | 'host';
  readonly longest_ms: Millis;
  /** What the relay does while this process is away: `hold` keeps a scheduled unlock over a restart. */
  readonly on_stop: 'hold' | 'rest';
  readonly unlock_ms: Millis;
  /** For people who need longer. */
  readonly extended_ms: Millis;
  /** What ends an unlock before its time: closing, opening (or the passage of a turnstile), a vehicle that has passed, or nothing. */
  readonly relock: 'on-close' | 'on-open' | 'on-passage' | 'on-time';
  readonly contacts: readonly Side[];
  /** A level counts when it lasted so long. */
  readonly debounce_ms: Millis;
  /** Inputs that have told nothing so long after a start cannot be read. */
  readonly read_ms: Millis;
  /** An opening so soon after the lock closed is no break-in: the hand was on the handle. */
  readonly grace_ms: Millis;
  /** Open longer than this is an alarm; 0: never. */
  readonly held_ms: Millis;
  readonly extended_held_ms: Millis;
  /** So long before the alarm the door is told to be open too long; 0: not. */
  readonly prealarm_ms: Millis;
  /** Exit buttons: `unlock` opens, `shunt` only says that the opening is no break-in. */
  readonly rex: Readonly<Partial<Record<Side, 'unlock' | 'shunt'>>>;
  readonly rex_shunt_ms: Millis;
  /** Pressed longer than this it is stuck, and unlocks no more (on an escape route it goes on). */
  readonly rex_stuck_ms: Millis;
  readonly escape_route: boolean;
  /** Whether exit buttons work during a lockdown. */
  readonly lockdown_exit: boolean;
  readonly fire: {
    readonly inputs: readonly string[];
    /** When an input cannot be read: release, or stay as it is. */
    readonly unreadable: 'release' | 'hold';
    /** When the fire is over: back to what else is wanted, or stay released until somebody resets it. */
    readonly after: 'relock' | 'stay';
  };
  readonly tampers: readonly string[];
  /** Gates whose relay shows how it stands. */
  readonly feedback: readonly string[];
  readonly relay_settle_ms: Millis;
  readonly relay_retry_ms: Millis;
  /** Barriers: something tells whether a vehicle stands below. */
  readonly presence: boolean;
  readonly on_presence: 'open' | 'stop';
  readonly close_delay_ms: Millis;
  /** How long it needs to move, where no contact shows it. */
  readonly travel_ms: Millis;
  /** So many unlocks in a row after which nobody opened make the contact doubtful; 0: never. */
  readonly unused_doubt: number;
}

export type ContactLevel = 'open' | 'closed' | 'unreadable';
export type ExitLevel = 'pressed' | 'idle' | 'unreadable';
export type FireLevel = 'active' | 'clear' | 'unreadable';
export type PresenceLevel = 'present' | 'clear' | 'unreadable';

/** Somebody may pass, as the credentials say. The door still has its say. */
export interface GrantInput {
  readonly kind: 'grant';
  /** Names this decision; events that follow from it carry it. */
  readonly ref: string;
  readonly side: Side;
  /** Pseudonym. */
  readonly who?: string;
  readonly extended?: boolean;
  /** Passes a lockdown (never an interlock). */
  readonly override?: boolean;
  /** Of a lift: the floors; of a turnstile it is the side. */
  readonly gates?: readonly string[];
}

interface Ordered {
  readonly kind: 'command';
  readonly ref: string;
  readonly by: string;
  readonly why?: string;
}

/**
 * What operators want of a door. `lock` ends a grant, a hold-open and, until its next change, a schedule; `resume` ends what was ordered before
 * (a hold-open, a lockdown, a lock by hand), so that cards and the schedule have it again.
 */
export type DoorCommand = Ordered &
  (
    | {
        readonly name: 'unlock';
        readonly for_ms?: Millis;
        readonly override?: boolean;
        readonly gates?: readonly string[];
      }
    | { readonly name: 'hold-open'; readonly for_ms?: Millis }
    | { readonly name: 'maintenance'; readonly for_ms: Millis; readonly why: string }
    | {
        readonly name:
          | 'lock'
          | 'resume'
          | 'end-hold'
          | 'lockdown'
          | 'end-lockdown'
          | 'end-maintenance'
          | 'reset-fire'
          | 'open'
          | 'close'
          | 'stop';
      }
  );

export type DoorInput =
  /** Time has passed: at the latest when `wake_at` has come. */
  | { readonly kind: 'time' }
  | { readonly kind: 'contact'; readonly side: Side; readonly level: ContactLevel }
  | { readonly kind: 'rex'; readonly side: Side; readonly level: ExitLevel }
  | { readonly kind: 'fire'; readonly input: string; readonly level: FireLevel }
  | { readonly kind: 'tamper'; readonly input: string; readonly level: 'tampered' | 'fine' | 'unreadable' }
  | { readonly kind: 'presence'; readonly level: PresenceLevel }
  | { readonly kind: 'relay'; readonly gate: string; readonly shows: 'unlocked' | 'locked' | 'unreadable' }
  /** The board of the lock: `back` may mean that it lost its power meanwhile. */
  | { readonly kind: 'board'; readonly state: 'lost' | 'back' }
  /** Another door of the group that is not shut. */
  | { readonly kind: 'interlock'; readonly blocked_by: string | undefined }
  /** `unknown`: the time is not known; nothing begins then, and nothing ends. */
  | { readonly kind: 'schedule'; readonly says: 'unlock' | 'lock' | 'unknown' }
  /** What an earlier run left, where that came after the start; left out: it does not come. */
  | {
      readonly kind: 'kept';
      readonly kept?: KeptDoor | undefined;
      readonly schedule: 'unlock' | 'lock' | 'unknown';
    }
  | GrantInput
  | {
      readonly kind: 'deny';
      readonly ref: string;
      readonly side: Side;
      readonly reason: string;
      readonly who?: string;
    }
  | DoorCommand;

export type DoorMode =
  | 'locked'
  | 'timed'
  | 'extended'
  | 'scheduled'
  | 'hold-open'
  | 'lockdown'
  | 'interlocked'
  | 'stopped'
  | 'fire';

/** What readers and lamps show until it changes. */
export type StandingSignal = 'locked' | 'unlocked' | 'held-soon' | 'held' | 'forced' | 'lockdown' | 'fire';

/**
 * What is to happen; the wiring makes relay commands of it. All but a timed `unlock` may be sent again at any time. `unlock` with `for_ms` ends
 * by the board's timer (`timing: board`), or by the `lock` that follows; that `lock` comes in either case.
 */
export type DoorOutput =
  | { readonly do: 'lock'; readonly gate: string; readonly because: string }
  | {
      readonly do: 'unlock';
      readonly gate: string;
      readonly for_ms?: Millis;
      readonly timing: 'board' | 'host' | 'none';
      readonly on_stop: 'hold' | 'rest';
      readonly because: string;
      readonly ref?: string;
    }
  | { readonly do: 'release'; readonly gate: string; readonly on_stop: 'hold'; readonly because: string }
  | { readonly do: 'open' | 'close' | 'stop'; readonly gate: string; readonly because: string }
  | { readonly do: 'show'; readonly signal: StandingSignal }
  | { readonly do: 'signal'; readonly side: Side; readonly signal: 'granted' | 'denied' };

export interface DoorEvent {
  readonly name: string;
  readonly lane: Lane;
  readonly up: Millis;
  readonly fields: JsonObject;
}

/** What became of a grant or a command: exactly one for each. */
export interface DoorAnswer {
  readonly ref: string;
  readonly accepted: boolean;
  readonly reason?: string;
}

/** What of a door outlives this process. */
export interface KeptDoor {
  readonly [key: string]: JsonObject | string | boolean | number | readonly string[] | undefined;
  readonly boot: string;
  readonly scheduled: boolean;
  readonly schedule_off: boolean;
  readonly stopped: boolean;
  /** Fire inputs that were active, and `*` where it stays released until it is reset. */
  readonly fire: readonly string[];
  readonly lockdown?: { readonly by: string };
  readonly hold?: { readonly by: string; readonly until_up?: Millis };
  readonly maintenance?: { readonly by: string; readonly why: string; readonly until_up: Millis };
}
