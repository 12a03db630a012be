import type { ExitLevel, Side } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import type { Exit } from './state.ts';
import type { Turn } from './turn.ts';
import { unlock } from './unlocking.ts';
import { firing, passes, pressed } from './wanted.ts';

/** An exit button as it is read: it unlocks when it is pressed and for as long as it is, or only lets the opening be no break-in. */
export function readExit(turn: Turn, side: Side, level: ExitLevel): void {
  const exit = turn.state.exits[side];
  if (!exit || exit.level === level) return;
  const { rules } = turn;
  const shunt_until_up =
    exit.level === 'pressed' && pressed(rules, exit, turn.up)
      ? turn.up + rules.rex_shunt_ms
      : exit.shunt_until_up;
  put(turn, side, { level, since_up: turn.up, shunt_until_up, renew_up: undefined });
  // Pressed when it is read first: nobody saw it pressed, but somebody may want to get out.
  if (level !== 'pressed') return;
  turn.say('exit-requested', { side });
  if (rules.rex[side] !== 'unlock') return;
  const reason = forbidden(turn);
  if (reason === undefined) open(turn, side);
  else turn.say('denied', { side, reason });
}

function forbidden({ rules, state }: Turn): string | undefined {
  if (firing(rules, state)) return undefined;
  if (state.stopped) return 'stopped';
  if (passes(rules, state, { why: 'rex', override: false })) return undefined;
  return state.blocked_by === undefined ? 'lockdown' : 'interlock';
}

function open(turn: Turn, side: Side): void {
  const { rules } = turn;
  const gates = rules.kind === 'turnstile' ? [side] : rules.gates;
  // Released already, and what may not pass afterwards must not be left over from it.
  if (!firing(rules, turn.state))
    unlock(turn, gates, { why: 'rex', side, extended: false, override: false }, rules.unlock_ms);
  const exit = turn.state.exits[side];
  // Before the board ends it, so that the bolt does not drop under a hand that still pushes.
  if (exit) put(turn, side, { ...exit, renew_up: turn.up + rules.unlock_ms / 2 });
}

/** Of buttons that are still pressed. */
export function renewExits(turn: Turn): void {
  for (const [side, exit] of entries(turn))
    if (exit.renew_up !== undefined && exit.renew_up <= turn.up) {
      const goesOn = pressed(turn.rules, exit, turn.up) && forbidden(turn) === undefined;
      if (goesOn) open(turn, side);
      else put(turn, side, { ...exit, renew_up: undefined });
    }
}

export function exitTimes({ rules, state }: Turn): Millis[] {
  return Object.values(state.exits).flatMap((exit) => {
    const times = exit.renew_up === undefined ? [] : [exit.renew_up];
    const stuck_up = exit.since_up + rules.rex_stuck_ms;
    return exit.level === 'pressed' && stuck_up > state.up ? [...times, stuck_up] : times;
  });
}

// Object.entries forgets that the keys are sides.
const entries = ({ state }: Turn) => Object.entries(state.exits) as [Side, Exit][];

function put(turn: Turn, side: Side, exit: Exit): void {
  turn.set({ exits: { ...turn.state.exits, [side]: exit } });
}
