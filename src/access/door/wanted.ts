import type { DoorMode, DoorRules, Side } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import type { Allowed, Cause, DoorState, Exit } from './state.ts';

/** How a gate should stand now. */
export type Want =
  | { readonly lock: 'released'; readonly why: 'fire' }
  | { readonly lock: 'held'; readonly why: 'hold-open' | 'schedule' }
  | { readonly lock: 'timed'; readonly why: Cause['why']; readonly until_up: Millis; readonly cause: Cause }
  | { readonly lock: 'locked'; readonly why: 'lockdown' | 'interlock' | 'rest' };

/**
 * The order of precedence, in one place: fire, then lockdown, then interlock, then what holds it open, then what opens it for a time.
 * A timed unlock that does not pass a lockdown or an interlock is ended when that begins, so what is left of it does.
 */
export function wanted(rules: DoorRules, state: DoorState, gate: string): Want {
  if (firing(rules, state)) return { lock: 'released', why: 'fire' };
  const timed = timedWant(state, gate);
  if (state.lockdown) return timed ?? { lock: 'locked', why: 'lockdown' };
  if (state.blocked_by !== undefined) return timed ?? { lock: 'locked', why: 'interlock' };
  if (state.hold) return { lock: 'held', why: 'hold-open' };
  if (state.scheduled && !state.schedule_off) return { lock: 'held', why: 'schedule' };
  return timed ?? { lock: 'locked', why: 'rest' };
}

function timedWant(state: DoorState, gate: string): Want | undefined {
  const cause = longest(state.timed[gate]);
  return cause && { lock: 'timed', why: cause.why, until_up: cause.until_up, cause };
}

/** The cause that ends last. */
function longest(causes: readonly Cause[] = []): Cause | undefined {
  let last: Cause | undefined;
  for (const cause of causes) if (!last || cause.until_up >= last.until_up) last = cause;
  return last;
}

/** Fire inputs for which it is released now. */
export function fireInputs({ fire: { unreadable } }: DoorRules, { fire }: DoorState): readonly string[] {
  return Object.keys(fire).filter((name) => {
    const input = fire[name];
    return input?.active || (input?.level === 'unreadable' && unreadable === 'release');
  });
}

export const firing = (rules: DoorRules, state: DoorState): boolean =>
  state.fire_stays || fireInputs(rules, state).length > 0;

/** Whether what was let in may still go through, now that something forbids it. */
export const passes = (rules: DoorRules, state: DoorState, cause: Pick<Cause, 'why' | 'override'>): boolean =>
  (!state.lockdown ||
    cause.override ||
    (cause.why === 'rex' && (rules.lockdown_exit || rules.escape_route))) &&
  (state.blocked_by === undefined || (cause.why === 'rex' && rules.escape_route));

export const stuck = ({ rex_stuck_ms }: DoorRules, { level, since_up }: Exit, up: Millis): boolean =>
  level === 'pressed' && up - since_up >= rex_stuck_ms;

/** Pressed, and to be believed. */
export const pressed = (rules: DoorRules, exit: Exit, up: Millis): boolean =>
  exit.level === 'pressed' && (rules.escape_route || !stuck(rules, exit, up));

/** Why that side may open in this moment; undefined: it may not. */
export function allowedNow(rules: DoorRules, state: DoorState, side: Side): Allowed | undefined {
  const gate = rules.kind === 'turnstile' ? side : rules.gates[0];
  if (gate === undefined) return undefined;
  const want = wanted(rules, state, gate);
  const [first] = state.timed[gate] ?? [];
  // Through a turnstile goes who came first; a door was opened for who came last.
  const now =
    rules.kind === 'turnstile' && want.lock === 'timed' && first ? allowedBy(first) : reasonOf(want);
  if (now) return now;
  const sides = rules.kind === 'turnstile' ? [side] : (['in', 'out'] as const);
  for (const one of sides) {
    const exit = state.exits[one];
    if (exit && (pressed(rules, exit, state.up) || state.up <= exit.shunt_until_up)) return { why: 'rex' };
  }
  const before = state.unlocked[gate];
  const { barrier } = state;
  // It was told to open, and waits to come down.
  if (rules.kind === 'barrier' && barrier.told === 'open') return before?.allowed ?? { why: 'presence' };
  const shut_up = rules.kind === 'barrier' && !barrier.down ? barrier.told_up : before?.up;
  return before && shut_up !== undefined && state.up - shut_up <= rules.grace_ms ? before.allowed : undefined;
}

export function reasonOf(want: Want): Allowed | undefined {
  if (want.lock === 'locked') return undefined;
  if (want.lock !== 'timed') return { why: want.why };
  return allowedBy(want.cause);
}

function allowedBy({ why, ref, who }: Cause): Allowed {
  return { why, ...(ref !== undefined && { ref }), ...(who !== undefined && { who }) };
}

/** Unlocked for as long as something else says so: nobody counts the time it is open. */
export const keptOpen = (rules: DoorRules, state: DoorState): boolean =>
  rules.gates.some((gate) => ['held', 'released'].includes(wanted(rules, state, gate).lock));

export function modeOf(rules: DoorRules, state: DoorState): DoorMode {
  if (firing(rules, state)) return 'fire';
  if (state.stopped) return 'stopped';
  const wants = rules.gates.map((gate) => wanted(rules, state, gate));
  const timed = wants.flatMap((want) => (want.lock === 'timed' ? [want.cause] : []));
  if (state.lockdown && timed.length === 0) return 'lockdown';
  if (wants.some(({ why }) => why === 'hold-open')) return 'hold-open';
  if (wants.some(({ why }) => why === 'schedule')) return 'scheduled';
  if (timed.some(({ extended }) => extended)) return 'extended';
  if (timed.length > 0) return 'timed';
  return wants.some(({ why }) => why === 'interlock') ? 'interlocked' : 'locked';
}
