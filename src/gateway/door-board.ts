import { type DoorShown, type Doors, type DoorsStep, showDoor } from '../access/index.ts';
import type { CheckedDoor } from '../config/index.ts';
import type { Clock, DoorRules } from '../contracts/index.ts';
import type { DoorCounts, DoorDecision, DoorStatus } from '../control/index.ts';
import type { Millis } from '../model/index.ts';

export interface DoorBoardWorld {
  readonly clock: Clock;
  /** Hears of a door that is not as it was. */
  readonly show: (door: DoorStatus) => void;
}

/** What is known of one door beside its state. */
interface Seen {
  readonly since_up: Millis;
  readonly text: string;
  readonly last?: DoorDecision;
}

/** How the doors stand, for people: kept up with each step, told when something of a door has changed. */
export class DoorBoard {
  private readonly doors: readonly CheckedDoor[];
  private readonly rules: ReadonlyMap<string, DoorRules>;
  private readonly world: DoorBoardWorld;
  private readonly seen = new Map<string, Seen>();
  private readonly shown = new Map<string, DoorShown>();
  /** As last looked at: a step leaves the states of doors that it does not touch as they are. */
  private states: Readonly<Record<string, Doors[string]['state'] | undefined>> = {};

  constructor(doors: readonly CheckedDoor[], rules: readonly DoorRules[], world: DoorBoardWorld) {
    this.doors = doors;
    this.rules = new Map(rules.map((one) => [one.id, one]));
    this.world = world;
  }

  /** After each step. What is decided at a reader is no change of the door by itself. */
  look({ doors, events }: Pick<DoorsStep, 'doors' | 'events'>): void {
    for (const { door, event } of events) {
      const { name, fields, up } = event;
      if (name !== 'granted' && name !== 'denied') continue;
      const last = { result: name, at_up: up, ref: String(fields.ref), ...known(fields) };
      this.seen.set(door, { ...(this.seen.get(door) ?? { since_up: up, text: '' }), last });
    }
    const before = this.states;
    this.states = Object.fromEntries(this.doors.map(({ config: { id } }) => [id, doors[id]?.state]));
    for (const { config } of this.doors) {
      const state = this.states[config.id];
      if (state !== before[config.id]) this.lookAt(config.id, state);
    }
  }

  private lookAt(id: string, state: Doors[string]['state'] | undefined): void {
    const rules = this.rules.get(id);
    if (!rules || !state) return;
    const now = showDoor(rules, state);
    const before = this.shown.get(id);
    this.shown.set(id, now);
    const seen = this.seen.get(id);
    const same = before && STANCE.every((part) => before[part] === now[part]);
    const since_up = same && seen ? seen.since_up : state.up;
    // A time that is only extended changes nothing that a person would look at.
    const text = JSON.stringify({ ...now, until_up: undefined });
    this.seen.set(id, { ...seen, since_up, text });
    if (seen?.text === text) return;
    const door = this.of(id);
    if (door) this.world.show(door);
  }

  views(): readonly DoorStatus[] {
    return this.doors.flatMap(({ config }) => this.of(config.id) ?? []);
  }

  private of(id: string): DoorStatus | undefined {
    const door = this.doors.find(({ config }) => config.id === id);
    if (!door) return undefined;
    const { config, wait } = door;
    const { name, zone, type: kind } = config;
    const { blocked_by, ...shown } = this.shown.get(id) ?? NOT_STARTED;
    const { since_up = this.world.clock.now().up, last } = this.seen.get(id) ?? {};
    const group = config.type === 'lift' ? undefined : config.interlock;
    return {
      ...{ id, kind },
      ...(name !== undefined && { name }),
      ...(zone !== undefined && { zone }),
      ...shown,
      since_up,
      ...(group !== undefined && { interlock: { group, ...(blocked_by !== undefined && { blocked_by }) } }),
      ...(last && { last }),
      ends_by: wait.ends_by,
      bound_ms: wait.bound_ms,
    };
  }
}

/** One `doors` part for the status. */
export function doorCounts(doors: readonly DoorStatus[]): DoorCounts {
  const count = (is: (door: DoorStatus) => boolean) => doors.filter(is).length;
  return {
    total: doors.length,
    open: count(({ position }) => position === 'open'),
    unlocked: count(({ lock }) => lock === 'unlocked'),
    released: count(({ lock }) => lock === 'released'),
    lockdown: count(({ lockdown }) => lockdown !== undefined),
    maintenance: count(({ maintenance }) => maintenance !== undefined),
    alarming: count(({ alarms, maintenance }) => alarms.length > 0 && !maintenance),
  };
}

const STANCE = ['position', 'lock', 'mode', 'why', 'by'] as const;

const NOT_STARTED: DoorShown = {
  ...{ position: 'unknown', lock: 'locked', mode: 'locked', why: 'rest' },
  ...{ contacts: {}, fire: {}, alarms: [] },
};

/** Of a decision what is said. */
const known = ({ who, side, reason }: DoorsStep['events'][number]['event']['fields']) => ({
  ...(typeof who === 'string' && { who }),
  ...(typeof side === 'string' && { side }),
  ...(typeof reason === 'string' && { reason }),
});
