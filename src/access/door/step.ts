import type { DoorAnswer, DoorEvent, DoorInput, DoorOutput, DoorRules } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import { standAlarms } from './alarms.ts';
import { barrierTimes, readPresence } from './barrier.ts';
import { command, deny, endMaintenance, grant } from './commands.ts';
import { checkRelays, drive, driveAgain, readRelay, relayTimes, show } from './drive.ts';
import { exitTimes, readExit, renewExits } from './exits.ts';
import { beginFire, readFire } from './fire.ts';
import { heldAt, readContact, settleContacts, settlesAt } from './openings.ts';
import { recall } from './recall.ts';
import { type DoorStart, type DoorState, freshState } from './state.ts';
import { Turn } from './turn.ts';
import { endForbidden, endOverdue, tellEndings } from './unlocking.ts';

export interface DoorStep {
  readonly state: DoorState;
  /** In the order in which they are to happen. */
  readonly outputs: readonly DoorOutput[];
  readonly events: readonly DoorEvent[];
  /** Of a grant, a denial or a command. */
  readonly answer?: DoorAnswer;
  /** At the latest then an input must come, `time` if there is no other; undefined: nothing is pending. */
  readonly wake_at: Millis | undefined;
}

/** A door as it is found at a start: says how every gate is to stand, whatever it was told before. */
export function beginDoor(rules: DoorRules, start: DoorStart, up: Millis): DoorStep {
  const turn = new Turn(rules, freshState(rules, start, up));
  const { kept } = start;
  // Its end is counted on the clock of a boot that is over.
  if (kept?.maintenance && kept.boot !== start.boot) endMaintenance(turn, 'restart');
  beginFire(turn);
  look(turn);
  return stepOf(turn);
}

/** One input at its moment. Everything whose time came before it happens first, each at its own time, however late this is called. */
export function stepDoor(rules: DoorRules, before: DoorState, input: DoorInput, now: Millis): DoorStep {
  const turn = new Turn(rules, before);
  // An edge may be told later than what came after it; time itself never goes back.
  const up = Math.max(now, before.up);
  for (let at = nextTime(turn); at <= up; at = nextTime(turn)) {
    turn.set({ up: Math.max(at, turn.up) });
    look(turn);
  }
  turn.set({ up });
  take(turn, input);
  look(turn);
  return stepOf(turn);
}

function stepOf(turn: Turn): DoorStep {
  const { state, outputs, events, answer } = turn;
  const at = nextTime(turn);
  return { state, outputs, events, ...(answer && { answer }), wake_at: Number.isFinite(at) ? at : undefined };
}

function take(turn: Turn, input: DoorInput): void {
  switch (input.kind) {
    case 'time':
      return;
    case 'contact':
      return readContact(turn, input.side, input.level);
    case 'rex':
      return readExit(turn, input.side, input.level);
    case 'fire':
      return readFire(turn, input.input, input.level);
    case 'presence':
      return readPresence(turn, input.level);
    case 'relay':
      return readRelay(turn, input.gate, input.shows);
    case 'tamper':
      if (turn.rules.tampers.includes(input.input))
        turn.set({ tampers: { ...turn.state.tampers, [input.input]: input.level } });
      return;
    case 'board': {
      const lost = input.state === 'lost';
      // Its relays may have fallen meanwhile.
      if (!lost && turn.state.board_lost) driveAgain(turn);
      return turn.set({ board_lost: lost });
    }
    case 'interlock':
      turn.set({ blocked_by: input.blocked_by });
      return endForbidden(turn, 'interlock');
    case 'schedule':
      return followSchedule(turn, input.says);
    case 'kept':
      return recall(turn, input);
    case 'grant':
      return grant(turn, input);
    case 'deny':
      return deny(turn, input);
    case 'command':
      return command(turn, input);
  }
}

function followSchedule(turn: Turn, says: 'unlock' | 'lock' | 'unknown'): void {
  if (says === 'unlock') turn.set({ scheduled: true });
  if (says === 'lock') turn.set({ scheduled: false, schedule_off: false });
}

/** All that follows from the state and the moment. Doing it twice does nothing more. */
function look(turn: Turn): void {
  giveUpWaiting(turn);
  settleContacts(turn);
  renewExits(turn);
  endOverdue(turn);
  tellEndings(turn, ({ due_up }) => due_up <= turn.up);
  const { hold, maintenance } = turn.state;
  if (hold?.until_up !== undefined && hold.until_up <= turn.up) turn.set({ hold: undefined });
  if (maintenance && maintenance.until_up <= turn.up) endMaintenance(turn, 'time');
  drive(turn);
  checkRelays(turn);
  standAlarms(turn);
  show(turn);
}

/** Inputs that have told nothing since the start cannot be read. */
function giveUpWaiting(turn: Turn): void {
  const { state, rules } = turn;
  if (!waiting(turn) || turn.up < state.begun_up + rules.read_ms) return;
  for (const side of rules.contacts)
    if (state.contacts[side]?.raw === 'unread') readContact(turn, side, 'unreadable');
  for (const side of ['in', 'out'] as const)
    if (state.exits[side]?.level === 'unread') readExit(turn, side, 'unreadable');
  for (const [name, { level }] of Object.entries(state.fire))
    if (level === 'unread') readFire(turn, name, 'unreadable');
  if (state.barrier.presence === 'unread') readPresence(turn, 'unreadable');
}

function waiting({ rules, state }: Turn): boolean {
  return (
    Object.values(state.contacts).some(({ raw }) => raw === 'unread') ||
    Object.values(state.exits).some(({ level }) => level === 'unread') ||
    Object.values(state.fire).some(({ level }) => level === 'unread') ||
    (rules.presence && state.barrier.presence === 'unread')
  );
}

function nextTime(turn: Turn): Millis {
  const { rules, state } = turn;
  const { soon, held } = heldAt(turn);
  return Math.min(
    waiting(turn) ? state.begun_up + rules.read_ms : Number.POSITIVE_INFINITY,
    ...Object.values(state.contacts).map((contact) => settlesAt(contact, rules.debounce_ms)),
    ...exitTimes(turn),
    ...Object.values(state.timed).map((causes) => Math.max(...causes.map(({ until_up }) => until_up))),
    ...state.ending.map(({ due_up }) => due_up),
    state.hold?.until_up ?? Number.POSITIVE_INFINITY,
    state.maintenance?.until_up ?? Number.POSITIVE_INFINITY,
    ...relayTimes(turn),
    ...barrierTimes(turn),
    state.alarms['held-soon'] || state.alarms.held ? Number.POSITIVE_INFINITY : soon,
    state.alarms.held ? Number.POSITIVE_INFINITY : held,
  );
}
