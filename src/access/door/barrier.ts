import type { PresenceLevel } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import { countAnew } from './openings.ts';
import type { Barrier } from './state.ts';
import type { Turn } from './turn.ts';
import { endTimed } from './unlocking.ts';
import { wanted } from './wanted.ts';

/** Whether a vehicle stands below, as it is read. */
export function readPresence(turn: Turn, level: PresenceLevel): void {
  const { barrier } = turn.state;
  if (!turn.rules.presence || barrier.presence === level) return;
  const passed = barrier.presence === 'present' && level === 'clear';
  put(turn, { presence: level, clear_up: turn.up });
  if (!passed) return;
  countAnew(turn);
  if (turn.rules.relock === 'on-passage') endTimed(turn, 'arm', 'passage');
}

/** Opens, closes or stops the arm as is wanted; it never moves down while something may stand below. */
export function driveBarrier(turn: Turn): void {
  noteDown(turn);
  const { state } = turn;
  const { told } = state.barrier;
  const want = wanted(turn.rules, state, 'arm');
  if (state.stopped && want.lock !== 'released') {
    if (told !== 'stop') tell(turn, 'stop', 'command');
    return;
  }
  if (want.lock !== 'locked') {
    if (told !== 'open') tell(turn, 'open', want.why);
    return;
  }
  if (told === 'close') {
    // It is on its way down, and a vehicle comes.
    if (!free(turn) && moving(turn)) tell(turn, turn.rules.on_presence, 'presence');
    return;
  }
  // Down already, as the contact shows: nothing to tell.
  if (told === undefined && state.position === 'closed')
    return put(turn, { told: 'close', told_up: turn.up, down: true });
  if (closesAt(turn) <= turn.up) {
    tell(turn, 'close', want.why);
    countAnew(turn);
  }
}

/** After its board was away. Not downwards: what may stand below by now is judged first. */
export function driveBarrierAgain(turn: Turn): void {
  const { told } = turn.state.barrier;
  if (told === 'close') return put(turn, { told: undefined });
  if (told !== undefined) turn.drive({ do: told, gate: 'arm', because: 'board' });
}

/** From when on it may move down; infinite while something is in the way, or nobody knows. */
function closesAt(turn: Turn): Millis {
  if (!free(turn)) return Number.POSITIVE_INFINITY;
  const { rules, state } = turn;
  return rules.presence ? state.barrier.clear_up + rules.close_delay_ms : turn.up;
}

const free = ({ rules, state }: Turn): boolean => !rules.presence || state.barrier.presence === 'clear';

/** It comes down, as far as is known. */
function moving({ rules, state }: Turn): boolean {
  if (rules.contacts.length > 0) return !state.barrier.down;
  return state.up < state.barrier.told_up + rules.travel_ms;
}

/** The contact shows it shut, and it had the time to get there: one that was on its way up has left the contact by now. */
function noteDown(turn: Turn): void {
  const { barrier, position } = turn.state;
  if (barrier.told !== 'close' || barrier.down || position !== 'closed') return;
  if (turn.up >= downAt(turn)) put(turn, { down: true });
}

const downAt = ({ rules, state }: Turn): Millis => state.barrier.told_up + rules.travel_ms;

export function barrierTimes(turn: Turn): Millis[] {
  if (turn.rules.kind !== 'barrier') return [];
  const { barrier, position } = turn.state;
  const down = barrier.told === 'close' && !barrier.down && position === 'closed' ? [downAt(turn)] : [];
  return [closesAt(turn), ...down].filter((at) => at > turn.up && Number.isFinite(at));
}

function tell(turn: Turn, what: NonNullable<Barrier['told']>, because: string): void {
  turn.drive({ do: what, gate: 'arm', because });
  put(turn, { told: what, told_up: turn.up, down: false });
}

function put(turn: Turn, change: Partial<Barrier>): void {
  turn.set({ barrier: { ...turn.state.barrier, ...change } });
}
