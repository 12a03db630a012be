import type { DoorCommand, DoorInput, GrantInput } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import { resetFire } from './fire.ts';
import type { Turn } from './turn.ts';
import { endForbidden, endTimed, unlock } from './unlocking.ts';
import { firing, passes } from './wanted.ts';

/** Longer nobody mutes alarms; whoever needs more says so again. */
const LONGEST_MAINTENANCE_MS: Millis = 4 * 3_600_000;

/** Somebody whom the credentials let in: the door has the last word. */
export function grant(turn: Turn, input: GrantInput): void {
  const { rules } = turn;
  const { ref, side, who, extended = false, override = false } = input;
  const gates = gatesFor(turn, input.gates, side);
  const reason = gates.length === 0 ? 'no-such-floor' : forbidden(turn, override);
  if (reason !== undefined) return deny(turn, { ref, side, reason, ...(who !== undefined && { who }) });
  const several = rules.gates.length > 1 ? gates : undefined;
  turn.say('granted', { ref, side, who, extended: extended || undefined, gates: several });
  turn.drive({ do: 'signal', side, signal: 'granted' });
  turn.reply(ref);
  if (firing(rules, turn.state)) return;
  const cause = { why: 'card', ref, side, extended, override, ...(who !== undefined && { who }) } as const;
  unlock(turn, gates, cause, extended ? rules.extended_ms : rules.unlock_ms);
}

export function deny(
  turn: Turn,
  { ref, side, reason, who }: Omit<Extract<DoorInput, { kind: 'deny' }>, 'kind'>,
): void {
  turn.say('denied', { ref, side, who, reason });
  turn.drive({ do: 'signal', side, signal: 'denied' });
  turn.reply(ref, reason);
}

/** What an operator wants. Answered once: accepted, or refused with the reason. */
export function command(turn: Turn, order: DoorCommand): void {
  turn.reply(order.ref, obey(turn, order));
}

function obey(turn: Turn, order: DoorCommand): string | undefined {
  const { rules, state } = turn;
  const { by } = order;
  switch (order.name) {
    case 'unlock':
      return unlockFor(turn, order);
    case 'open':
      if (rules.kind !== 'barrier') return 'not-a-barrier';
      turn.set({ stopped: false });
      return unlockFor(turn, { ...order, name: 'unlock' });
    case 'lock':
      return lock(turn, 'lock');
    case 'close':
      if (rules.kind !== 'barrier') return 'not-a-barrier';
      turn.set({ stopped: false });
      return lock(turn, 'close');
    case 'stop':
      if (rules.kind !== 'barrier') return 'not-a-barrier';
      if (firing(rules, state)) return 'fire';
      turn.set({ stopped: true, hold: undefined });
      endTimed(turn, 'arm', 'stop');
      return undefined;
    case 'hold-open': {
      if (order.for_ms !== undefined && !(order.for_ms > 0)) return 'bad-time';
      const reason = forbidden(turn, false);
      if (reason !== undefined) return reason;
      const until = order.for_ms === undefined ? {} : { until_up: turn.up + order.for_ms };
      turn.set({ hold: { by, ...until } });
      return undefined;
    }
    case 'resume':
      turn.set({ hold: undefined, schedule_off: false });
      endLockdown(turn, by);
      return undefined;
    case 'end-hold':
      turn.set({ hold: undefined });
      return undefined;
    case 'lockdown':
      if (state.lockdown) return undefined;
      turn.set({ lockdown: { by }, hold: undefined });
      turn.say('lockdown-began', { by });
      endForbidden(turn, 'lockdown');
      return undefined;
    case 'end-lockdown':
      endLockdown(turn, by);
      return undefined;
    case 'maintenance':
      return maintain(turn, order);
    case 'end-maintenance':
      endMaintenance(turn, 'command', by);
      return undefined;
    case 'reset-fire':
      return resetFire(turn);
  }
}

function endLockdown(turn: Turn, by: string): void {
  if (!turn.state.lockdown) return;
  turn.set({ lockdown: undefined });
  turn.say('lockdown-ended', { by });
}

function unlockFor(turn: Turn, order: Extract<DoorCommand, { name: 'unlock' }>): string | undefined {
  const { rules } = turn;
  const { ref, by, for_ms = rules.unlock_ms, override = false } = order;
  if (!(for_ms > 0 && for_ms <= LONGEST_UNLOCK_MS)) return 'bad-time';
  const gates = gatesFor(turn, order.gates, undefined);
  if (gates.length === 0) return 'no-such-gate';
  const reason = forbidden(turn, override);
  if (reason !== undefined) return reason;
  // Released already; the contact may still show that somebody opens.
  if (firing(rules, turn.state)) return undefined;
  unlock(turn, gates, { why: 'command', ref, who: by, extended: false, override }, for_ms);
  return undefined;
}

/** A timed unlock is for somebody who stands there; for longer there is hold-open. */
const LONGEST_UNLOCK_MS: Millis = 3_600_000;

function lock(turn: Turn, ended_by: string): string | undefined {
  if (firing(turn.rules, turn.state)) return 'fire';
  turn.set({ hold: undefined, schedule_off: turn.state.scheduled });
  for (const gate of turn.rules.gates) endTimed(turn, gate, ended_by);
  return undefined;
}

function gatesFor({ rules }: Turn, asked: readonly string[] | undefined, side: string | undefined) {
  if (rules.kind === 'turnstile' && side !== undefined) return [side];
  if (asked === undefined) return rules.kind === 'lift' && side !== undefined ? [] : rules.gates;
  return rules.gates.filter((gate) => asked.includes(gate));
}

function forbidden({ rules, state }: Turn, override: boolean): string | undefined {
  if (firing(rules, state)) return undefined;
  if (state.stopped) return 'stopped';
  const cause = { why: 'card', override } as const;
  if (passes(rules, state, cause)) return undefined;
  return state.lockdown && !override ? 'lockdown' : 'interlock';
}

function maintain(turn: Turn, { by, why, for_ms }: Extract<DoorCommand, { name: 'maintenance' }>) {
  if (!(for_ms > 0 && for_ms <= LONGEST_MAINTENANCE_MS)) return 'bad-time';
  if (by === '' || why === '') return 'no-reason';
  turn.set({ maintenance: { by, why, until_up: turn.up + for_ms } });
  turn.say('maintenance-began', { by, why, for_ms });
  return undefined;
}

/** What stands is told once more, now that it alarms. */
export function endMaintenance(turn: Turn, ended_by: string, by?: string): void {
  if (!turn.state.maintenance) return;
  turn.set({ maintenance: undefined });
  turn.say('maintenance-ended', { ended_by, by });
  for (const alarm of Object.keys(turn.state.alarms)) turn.say('alarm', { alarm, again: true });
}
