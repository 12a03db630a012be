import type { Millis } from '../../model/index.ts';
import type { Cause, Ending } from './state.ts';
import type { Turn } from './turn.ts';
import { passes } from './wanted.ts';

/** More than so many causes of one unlock are not told apart: the oldest ends as overtaken. */
const MOST_CAUSES = 16;

export type Given = Pick<Cause, 'why' | 'extended' | 'override'> &
  Partial<Pick<Cause, 'ref' | 'who' | 'side'>>;

/** Unlocks gates for a time, beside what already unlocks them. */
export function unlock(turn: Turn, gates: readonly string[], given: Given, for_ms: Millis): void {
  const { state, rules } = turn;
  for (const gate of gates) {
    const before = turn.state.timed[gate] ?? [];
    // The same button, still or again: it is one unlock that lasts longer.
    const same = before.find(({ why, side }) => why === 'rex' && given.why === 'rex' && side === given.side);
    const cause: Cause = {
      already_open: state.position === 'open',
      opened: false,
      blind: state.position === 'unknown',
      ...same,
      ...given,
      until_up: turn.up + for_ms,
    };
    const causes = [...before.filter((one) => one !== same), cause];
    const overtaken = causes.length > MOST_CAUSES ? causes.slice(0, 1) : [];
    put(turn, gate, causes.slice(overtaken.length));
    for (const old of overtaken) tellEnd(turn, gate, { cause: old, ended_by: 'a later unlock' });
  }
  if (!state.open) return;
  const usual = given.extended ? rules.extended_held_ms : rules.held_ms;
  const allowance_ms = Math.max(usual, state.open.allowance_ms);
  turn.set({ open: { ...state.open, held_from_up: turn.up, allowance_ms } });
}

/** Ends what unlocks a gate for a time: all of it, or what `which` says. */
export function endTimed(
  turn: Turn,
  gate: string,
  ended_by: string,
  which: (cause: Cause) => boolean = () => true,
  proof: Partial<Cause> = {},
): void {
  const causes = turn.state.timed[gate] ?? [];
  const over = causes.filter(which);
  if (over.length === 0) return;
  put(
    turn,
    gate,
    causes.filter((cause) => !which(cause)),
  );
  for (const cause of over) tellEnd(turn, gate, { cause: { ...cause, ...proof }, ended_by });
}

/** Ends whatever may no longer go through. */
export function endForbidden(turn: Turn, ended_by: string): void {
  for (const gate of turn.rules.gates)
    endTimed(turn, gate, ended_by, (cause) => !passes(turn.rules, turn.state, cause));
}

/** The unlock is over when its last cause is: what came for a shorter time waits for it, since the lock does. */
export function endOverdue(turn: Turn): void {
  for (const gate of turn.rules.gates) {
    const causes = turn.state.timed[gate];
    if (causes?.every(({ until_up }) => until_up <= turn.up)) endTimed(turn, gate, 'time');
  }
}

/** Marks every cause of these gates. */
export function markTimed(
  turn: Turn,
  gates: readonly string[],
  mark: Partial<Pick<Cause, 'opened' | 'blind'>>,
): void {
  for (const gate of gates) {
    const causes = turn.state.timed[gate];
    if (causes)
      put(
        turn,
        gate,
        causes.map((cause) => ({ ...cause, ...mark })),
      );
  }
}

function put(turn: Turn, gate: string, causes: readonly Cause[]): void {
  const { [gate]: _, ...others } = turn.state.timed;
  turn.set({ timed: causes.length ? { ...others, [gate]: causes } : others });
}

interface Ended {
  readonly cause: Cause;
  readonly ended_by: string;
}

/** The lock is shut, and a hand may have been on the handle: so long the contact may still prove that it opened. */
function tellEnd(turn: Turn, gate: string, { cause, ended_by }: Ended): void {
  const { rules, state } = turn;
  const clear = cause.opened || cause.already_open || cause.blind;
  if (clear || state.position !== 'closed') return tellNow(turn, { gate, cause, ended_by });
  const ending = [
    ...state.ending,
    { gate, cause, ended_by, due_up: turn.up + rules.grace_ms + rules.debounce_ms },
  ];
  const [oldest] = ending;
  const full = ending.length > MOST_ENDING;
  turn.set({ ending: full ? ending.slice(1) : ending });
  if (full && oldest) tellNow(turn, oldest);
}

const MOST_ENDING = 64;

/** Unlocks that are over and wait for proof: told when it has come, or can no longer come. */
export function tellEndings(
  turn: Turn,
  which: (ending: Ending) => boolean,
  proof: Partial<Cause> = {},
): void {
  const over = turn.state.ending.filter(which);
  if (over.length === 0) return;
  turn.set({ ending: turn.state.ending.filter((one) => !which(one)) });
  for (const one of over) tellNow(turn, { ...one, cause: { ...one.cause, ...proof } });
}

function tellNow(turn: Turn, { gate, cause, ended_by }: Omit<Ending, 'due_up'>): void {
  const evidence = evidenceOf(turn, cause);
  const one = turn.rules.gates.length === 1;
  turn.say('unlock-ended', { ref: cause.ref, gate: one ? undefined : gate, evidence, ended_by });
  if (cause.why === 'rex' || turn.rules.contacts.length === 0) return;
  const unused = evidence === 'not-opened' ? turn.state.unused + 1 : 0;
  turn.set({ unused });
  const { unused_doubt } = turn.rules;
  turn.stand('contact-doubtful', unused_doubt > 0 && unused >= unused_doubt);
}

/** What the contact showed; nothing else proves that somebody opened. */
function evidenceOf({ rules, state }: Turn, cause: Cause): string {
  if (rules.contacts.length === 0) return 'none';
  if (cause.opened) return 'opened';
  if (cause.already_open) return 'already-open';
  return cause.blind || state.position === 'unknown' ? 'unknown' : 'not-opened';
}
