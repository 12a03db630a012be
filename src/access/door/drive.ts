import type { StandingSignal } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import { driveBarrier, driveBarrierAgain } from './barrier.ts';
import { countAnew } from './openings.ts';
import type { Driven } from './state.ts';
import type { Turn } from './turn.ts';
import { modeOf, reasonOf, type Want, wanted } from './wanted.ts';

/** Tells each gate what has changed for it, once. */
export function drive(turn: Turn): void {
  const { rules } = turn;
  for (const gate of rules.gates) {
    const want = wanted(rules, turn.state, gate);
    const before = turn.state.driven[gate];
    const now = drivenOf(want);
    if (same(before, now)) continue;
    if (rules.kind !== 'barrier') send(turn, gate, want);
    noteChange(turn, gate, { before, now, want });
  }
  if (rules.kind === 'barrier') driveBarrier(turn);
  noteMode(turn);
}

/** Says once more what each gate should be, but for what is timed: a second pulse would be one too many. */
export function driveAgain(turn: Turn, gates: readonly string[] = turn.rules.gates): void {
  if (turn.rules.kind === 'barrier') return driveBarrierAgain(turn);
  for (const gate of gates) {
    const want = wanted(turn.rules, turn.state, gate);
    if (want.lock !== 'timed') send(turn, gate, want);
  }
}

/** The same for gates that stand as they should by what they were told: all others are told anyway. */
export function driveUnchanged(turn: Turn): void {
  const { rules, state } = turn;
  const unchanged = rules.gates.filter((gate) =>
    same(state.driven[gate], drivenOf(wanted(rules, state, gate))),
  );
  if (unchanged.length > 0) driveAgain(turn, unchanged);
}

function send(turn: Turn, gate: string, want: Want): void {
  const { timing, longest_ms, on_stop } = turn.rules;
  switch (want.lock) {
    case 'locked':
      return turn.drive({ do: 'lock', gate, because: want.why });
    case 'released':
      return turn.drive({ do: 'release', gate, on_stop: 'hold', because: want.why });
    case 'held':
      return turn.drive({ do: 'unlock', gate, timing: 'none', on_stop, because: want.why });
    case 'timed': {
      const for_ms = want.until_up - turn.up;
      const { ref } = want.cause;
      turn.drive({
        do: 'unlock',
        gate,
        for_ms,
        timing: for_ms <= longest_ms ? timing : 'host',
        on_stop: 'rest',
        because: want.why,
        ...(ref !== undefined && { ref }),
      });
    }
  }
}

const drivenOf = (want: Want): Driven =>
  want.lock === 'timed' ? { as: 'timed', until_up: want.until_up } : { as: want.lock };

const same = (x: Driven | undefined, y: Driven): boolean =>
  x?.as === y.as && (x.as !== 'timed' || y.as !== 'timed' || x.until_up === y.until_up);

interface Change {
  readonly before: Driven | undefined;
  readonly now: Driven;
  readonly want: Want;
}

function noteChange(turn: Turn, gate: string, { before, now, want }: Change): void {
  const { state, rules } = turn;
  const allowed = reasonOf(want);
  const unlocked = allowed
    ? { ...state.unlocked, [gate]: { up: turn.up, allowed } }
    : { ...state.unlocked, ...ended(turn, gate, before) };
  const relay_due = rules.feedback.includes(gate)
    ? { ...state.relay_due, [gate]: turn.up + rules.relay_settle_ms }
    : state.relay_due;
  turn.set({ driven: { ...state.driven, [gate]: now }, unlocked, relay_due });
  const kept = (driven: Driven | undefined) => driven?.as === 'held' || driven?.as === 'released';
  if (kept(before) && !kept(now)) countAnew(turn);
}

/** It was unlocked until now. */
function ended({ state, up }: Turn, gate: string, before: Driven | undefined) {
  const last = state.unlocked[gate];
  return before && before.as !== 'locked' && last ? { [gate]: { up, allowed: last.allowed } } : {};
}

function noteMode(turn: Turn): void {
  const mode = modeOf(turn.rules, turn.state);
  const { mode: was } = turn.state;
  if (mode === was) return;
  turn.set({ mode });
  turn.say('mode', { mode, was });
}

/** What readers and lamps show, the gravest first. */
export function show(turn: Turn): void {
  const { alarms, mode, shown } = turn.state;
  const unlocked = turn.rules.gates.some((gate) => wanted(turn.rules, turn.state, gate).lock !== 'locked');
  const signal = ((): StandingSignal => {
    if (mode === 'fire') return 'fire';
    if (alarms.forced) return 'forced';
    if (alarms.held) return 'held';
    if (alarms['held-soon']) return 'held-soon';
    if (mode === 'lockdown') return 'lockdown';
    return unlocked ? 'unlocked' : 'locked';
  })();
  if (signal === shown) return;
  turn.set({ shown: signal });
  turn.drive({ do: 'show', signal });
}

/** Compares what relays show with what they were told, when they have had time. */
export function checkRelays(turn: Turn): void {
  const { feedback, relay_retry_ms } = turn.rules;
  let wrong: string | undefined;
  for (const gate of feedback) {
    const due = turn.state.relay_due[gate];
    const shows = turn.state.relays[gate];
    if (due === undefined) {
      if (turn.has('relay-mismatch') && contradicts(turn, gate)) wrong ??= gate;
      continue;
    }
    if (due > turn.up) {
      if (turn.has('relay-mismatch')) wrong ??= gate;
      continue;
    }
    const { [gate]: _, ...others } = turn.state.relay_due;
    if (shows !== undefined && contradicts(turn, gate)) {
      wrong ??= gate;
      turn.set({ relay_due: { ...others, [gate]: turn.up + relay_retry_ms } });
      driveAgain(turn, [gate]);
    } else turn.set({ relay_due: others });
  }
  turn.stand('relay-mismatch', wrong !== undefined, { gate: wrong });
}

function contradicts({ rules, state }: Turn, gate: string): boolean {
  const shows = state.relays[gate];
  if (shows === undefined || shows === 'unreadable') return false;
  return (shows === 'unlocked') !== (wanted(rules, state, gate).lock !== 'locked');
}

export function readRelay(turn: Turn, gate: string, shows: 'unlocked' | 'locked' | 'unreadable'): void {
  const { state, rules } = turn;
  if (!rules.feedback.includes(gate) || state.relays[gate] === shows) return;
  turn.set({ relays: { ...state.relays, [gate]: shows } });
  const due = state.relay_due[gate] ?? turn.up + rules.relay_settle_ms;
  // Right again while it was wrong: at once.
  const at = turn.has('relay-mismatch') && !contradicts(turn, gate) ? turn.up : due;
  turn.set({ relay_due: { ...state.relay_due, [gate]: at } });
}

export const relayTimes = ({ state }: Turn): Millis[] => Object.values(state.relay_due);
