import type {
  ContactLevel,
  DoorMode,
  DoorRules,
  ExitLevel,
  FireLevel,
  KeptDoor,
  PresenceLevel,
  Side,
  StandingSignal,
} from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import type { DoorAlarm } from '../events.ts';

/** Nothing has been heard of an input since the start. */
export type Unread = 'unread';

/** Why something was let happen. */
export interface Cause {
  readonly why: 'card' | 'rex' | 'command';
  readonly ref?: string;
  readonly who?: string;
  readonly side?: Side;
  readonly extended: boolean;
  readonly override: boolean;
  readonly until_up: Millis;
  /** Whether the contact showed it open when it began. */
  readonly already_open: boolean;
  readonly opened: boolean;
  /** The contact could not be read for some of the time. */
  readonly blind: boolean;
}

/** An unlock that is over, of which it is not yet told whether somebody opened. */
export interface Ending {
  readonly gate: string;
  readonly cause: Cause;
  readonly ended_by: string;
  readonly due_up: Millis;
}

export interface Contact {
  readonly raw: ContactLevel | Unread;
  readonly raw_up: Millis;
  /** What has lasted long enough to count. */
  readonly settled: ContactLevel | Unread;
  /** Why it might open, in the moment it did; undefined: it might not. */
  readonly allowed: Allowed | undefined;
  /** Since then no level has lasted. */
  readonly restless_up: Millis | undefined;
}

export interface Allowed {
  readonly why: string;
  readonly ref?: string;
  readonly who?: string;
}

export interface Exit {
  readonly level: ExitLevel | Unread;
  readonly since_up: Millis;
  /** A moment after it is let go an opening is still no break-in. */
  readonly shunt_until_up: Millis;
  /** While pressed it unlocks again before the time is over. */
  readonly renew_up: Millis | undefined;
}

export interface FireInput {
  readonly level: FireLevel | Unread;
  /** Active until it is read as clear. */
  readonly active: boolean;
}

/** What a gate was told last. */
export type Driven =
  | { readonly as: 'locked' | 'held' | 'released' }
  | { readonly as: 'timed'; readonly until_up: Millis };

export interface Opening {
  readonly since_up: Millis;
  /** The time that it may stay open runs from here. */
  readonly held_from_up: Millis;
  readonly allowance_ms: Millis;
}

export interface Barrier {
  readonly told: 'open' | 'close' | 'stop' | undefined;
  readonly told_up: Millis;
  /** It has come down since it was told to: what lifts it now is not its motor. */
  readonly down: boolean;
  readonly presence: PresenceLevel | Unread;
  readonly clear_up: Millis;
}

/** All that a door knows. Data only; nothing outside of `src/access/door` looks into it (see `view`). */
export interface DoorState {
  readonly boot: string;
  readonly up: Millis;
  readonly begun_up: Millis;
  readonly contacts: Readonly<Partial<Record<Side, Contact>>>;
  readonly position: Position;
  /** The last that was known of it. */
  readonly last_known: 'open' | 'closed' | undefined;
  readonly open: Opening | undefined;
  readonly exits: Readonly<Partial<Record<Side, Exit>>>;
  readonly fire: Readonly<Record<string, FireInput>>;
  /** Released until somebody resets it. */
  readonly fire_stays: boolean;
  readonly tampers: Readonly<Record<string, 'tampered' | 'fine' | 'unreadable'>>;
  readonly timed: Readonly<Record<string, readonly Cause[]>>;
  readonly ending: readonly Ending[];
  readonly scheduled: boolean;
  /** Locked by hand until the schedule changes. */
  readonly schedule_off: boolean;
  readonly hold: { readonly by: string; readonly until_up?: Millis } | undefined;
  readonly lockdown: { readonly by: string } | undefined;
  readonly stopped: boolean;
  readonly blocked_by: string | undefined;
  readonly maintenance: KeptDoor['maintenance'];
  readonly driven: Readonly<Record<string, Driven>>;
  /** When a gate was unlocked last, and why. */
  readonly unlocked: Readonly<Record<string, { readonly up: Millis; readonly allowed: Allowed }>>;
  readonly relays: Readonly<Record<string, 'unlocked' | 'locked' | 'unreadable'>>;
  readonly relay_due: Readonly<Record<string, Millis>>;
  readonly board_lost: boolean;
  readonly barrier: Barrier;
  readonly unused: number;
  readonly alarms: Readonly<Partial<Record<DoorAlarm, { readonly since_up: Millis }>>>;
  readonly mode: DoorMode;
  readonly shown: StandingSignal | undefined;
}

/** `none`: it has no contact. */
export type Position = 'open' | 'closed' | 'unknown' | 'none';

export function positionOf({ contacts: names }: DoorRules, contacts: DoorState['contacts']): Position {
  if (names.length === 0) return 'none';
  const levels = names.map((side) => contacts[side]?.settled ?? 'unread');
  if (levels.includes('open')) return 'open';
  return levels.every((level) => level === 'closed') ? 'closed' : 'unknown';
}

/** A door that has just been started, with what an earlier run left. */
export function freshState(
  rules: DoorRules,
  { kept, boot, schedule, blocked_by }: DoorStart,
  up: Millis,
): DoorState {
  const same = kept?.boot === boot;
  const fire = new Set(kept?.fire);
  const record = <T>(names: readonly string[], make: (name: string) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  const unread = (): Contact => ({
    raw: 'unread',
    raw_up: up,
    settled: 'unread',
    allowed: undefined,
    restless_up: undefined,
  });
  const hold = kept?.hold;
  return {
    boot,
    up,
    begun_up: up,
    contacts: record(rules.contacts, unread),
    position: rules.contacts.length ? 'unknown' : 'none',
    last_known: undefined,
    open: undefined,
    exits: record(Object.keys(rules.rex), () => ({
      level: 'unread',
      since_up: up,
      shunt_until_up: Number.NEGATIVE_INFINITY,
      renew_up: undefined,
    })),
    fire: record(rules.fire.inputs, (name) => ({ level: 'unread', active: fire.has(name) })),
    fire_stays: fire.has('*'),
    tampers: {},
    timed: {},
    ending: [],
    // What cannot be judged goes on within one boot; after a reboot nobody knows how late it is.
    scheduled: schedule === 'unlock' || (schedule === 'unknown' && same && kept.scheduled),
    schedule_off: (kept?.schedule_off ?? false) && schedule !== 'lock',
    // Of one with an end the rest is not known after a reboot.
    hold: hold && (same || hold.until_up === undefined) ? hold : undefined,
    lockdown: kept?.lockdown,
    stopped: kept?.stopped ?? false,
    blocked_by,
    maintenance: kept?.maintenance,
    driven: {},
    unlocked: {},
    relays: {},
    relay_due: {},
    board_lost: false,
    barrier: { told: undefined, told_up: up, down: false, presence: 'unread', clear_up: up },
    unused: 0,
    alarms: {},
    mode: 'locked',
    shown: undefined,
  };
}

export interface DoorStart {
  readonly kept?: KeptDoor | undefined;
  /** Id of this boot of the machine. */
  readonly boot: string;
  readonly schedule: 'unlock' | 'lock' | 'unknown';
  /** Another door of its interlock group that may be open. */
  readonly blocked_by?: string;
}

/** What is to be kept of it; written whenever it has changed. */
export function keep(state: DoorState): KeptDoor {
  const { boot, scheduled, schedule_off, stopped, lockdown, hold, maintenance, fire, fire_stays } = state;
  const active = Object.keys(fire).filter((name) => fire[name]?.active);
  return {
    boot,
    scheduled,
    schedule_off,
    stopped,
    fire: fire_stays ? [...active, '*'] : active,
    ...(lockdown && { lockdown }),
    ...(hold && { hold }),
    ...(maintenance && { maintenance }),
  };
}
