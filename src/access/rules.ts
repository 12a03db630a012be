import type { DoorKind, DoorRules } from '../contracts/index.ts';

const GATES: Readonly<Record<DoorKind, readonly string[]>> = {
  door: ['lock'],
  turnstile: ['in', 'out'],
  barrier: ['arm'],
  lift: [],
};
const RELOCK = { door: 'on-close', turnstile: 'on-open', barrier: 'on-passage', lift: 'on-time' } as const;

/** A door with everything that is not said as it usually is. */
export function doorRules(
  given: Pick<DoorRules, 'id' | 'kind'> &
    Partial<Omit<DoorRules, 'fire'>> & { readonly fire?: Partial<DoorRules['fire']> },
): DoorRules {
  const { kind, escape_route = false } = given;
  return {
    gates: GATES[kind],
    timing: 'board',
    longest_ms: 3_600_000,
    on_stop: 'hold',
    unlock_ms: 5000,
    extended_ms: 15_000,
    relock: RELOCK[kind],
    contacts: [],
    debounce_ms: 50,
    read_ms: 5000,
    grace_ms: 1000,
    held_ms: 30_000,
    extended_held_ms: 60_000,
    prealarm_ms: 10_000,
    rex: {},
    rex_shunt_ms: 5000,
    rex_stuck_ms: 60_000,
    lockdown_exit: true,
    tampers: [],
    feedback: [],
    relay_settle_ms: 2000,
    relay_retry_ms: 10_000,
    presence: false,
    on_presence: 'open',
    close_delay_ms: 2000,
    travel_ms: 6000,
    unused_doubt: 10,
    ...given,
    escape_route,
    fire: { inputs: [], unreadable: escape_route ? 'release' : 'hold', after: 'relock', ...given.fire },
  };
}
