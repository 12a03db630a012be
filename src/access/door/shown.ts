import type { DoorMode, DoorRules, KeptDoor, Side } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import type { Contact, DoorState, FireInput, Position } from './state.ts';
import { viewDoor } from './view.ts';
import { fireInputs, wanted } from './wanted.ts';

/** A door as people want to see it. Times are monotonic. */
export interface DoorShown {
  readonly position: Position;
  readonly lock: 'locked' | 'unlocked' | 'released';
  readonly mode: DoorMode;
  /** Why it is in its mode: rest, by-hand, card, rex, command, hold-open, schedule, lockdown, interlock, stop, fire. */
  readonly why: string;
  /** Who or what wants that: pseudonym, operator, another door, fire inputs. */
  readonly by?: string;
  /** When that ends by itself, where that is known. */
  readonly until_up?: Millis;
  readonly contacts: Readonly<Partial<Record<Side, Contact['settled']>>>;
  /** `active` until it is read as clear. */
  readonly fire: Readonly<Record<string, FireInput['level']>>;
  /** The door of its group that it waits for. */
  readonly blocked_by?: string;
  readonly lockdown?: { readonly by: string };
  readonly hold?: { readonly by: string; readonly until_up?: Millis };
  readonly maintenance?: NonNullable<KeptDoor['maintenance']>;
  readonly alarms: readonly string[];
}

export function showDoor(rules: DoorRules, state: DoorState): DoorShown {
  const { position, lock, mode, alarms } = viewDoor(rules, state);
  const { blocked_by, lockdown, hold, maintenance } = state;
  const levels = <T, L>(things: Readonly<Record<string, T>>, level: (thing: T) => L): Record<string, L> =>
    Object.fromEntries(Object.entries(things).map(([name, thing]) => [name, level(thing)]));
  return {
    ...{ position, lock, mode, alarms },
    ...reasonFor(mode, rules, state),
    contacts: levels(state.contacts, ({ settled }) => settled),
    fire: levels(state.fire, ({ active, level }) => (active ? 'active' : level)),
    ...(blocked_by !== undefined && { blocked_by }),
    ...(lockdown && { lockdown }),
    ...(hold && { hold }),
    ...(maintenance && { maintenance }),
  };
}

type Reason = Pick<DoorShown, 'why' | 'by' | 'until_up'>;

/** What made the mode what it is; see `modeOf`. */
function reasonFor(mode: DoorMode, rules: DoorRules, state: DoorState): Reason {
  switch (mode) {
    case 'fire': {
      const inputs = fireInputs(rules, state);
      return { why: 'fire', ...(inputs.length > 0 && { by: inputs.join(', ') }) };
    }
    case 'stopped':
      return { why: 'stop' };
    case 'lockdown':
      return { why: 'lockdown', ...state.lockdown };
    case 'hold-open':
      return { why: 'hold-open', ...state.hold };
    case 'scheduled':
      return { why: 'schedule' };
    case 'timed':
    case 'extended':
      return timedFor(rules, state);
    case 'interlocked':
      return { why: 'interlock', ...(state.blocked_by !== undefined && { by: state.blocked_by }) };
    case 'locked':
      return { why: state.scheduled && state.schedule_off ? 'by-hand' : 'rest' };
  }
}

/** Of several gates that are unlocked for a time, the one that is so for longest. */
function timedFor(rules: DoorRules, state: DoorState): Reason {
  const timed = rules.gates.flatMap((gate) => {
    const want = wanted(rules, state, gate);
    return want.lock === 'timed' ? [want] : [];
  });
  const [last] = timed.toSorted((x, y) => y.until_up - x.until_up);
  if (!last) return { why: 'rest' };
  const { who } = last.cause;
  return { why: last.why, until_up: last.until_up, ...(who !== undefined && { by: who }) };
}
