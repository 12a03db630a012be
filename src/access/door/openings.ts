import type { ContactLevel, Side } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import { type Allowed, type Contact, positionOf } from './state.ts';
import type { Turn } from './turn.ts';
import { endTimed, markTimed, tellEndings } from './unlocking.ts';
import { allowedNow, keptOpen, pressed } from './wanted.ts';

/** A contact as it is read. Whether it might open is judged now; whether it did, when the level has lasted. */
export function readContact(turn: Turn, side: Side, level: ContactLevel): void {
  const contact = turn.state.contacts[side];
  if (!contact || contact.raw === level) return;
  const allowed = level === 'open' ? allowedNow(turn.rules, turn.state, side) : undefined;
  const lasted = turn.up - contact.raw_up >= turn.rules.debounce_ms;
  const restless_up = lasted ? turn.up : (contact.restless_up ?? turn.up);
  const restless = turn.up - restless_up >= RESTLESS_MS;
  put(turn, side, { raw: level, raw_up: turn.up, settled: contact.settled, allowed, restless_up });
  // A wire that is cut does not bounce; and what is read first is as it is.
  if (level === 'unreadable' || contact.settled === 'unread') settle(turn, side);
  else if (restless) settle(turn, side, 'unreadable');
}

/** A contact that finds no rest for so long is loose: neither level is to be believed. */
const RESTLESS_MS: Millis = 2000;
/** What could not be read is believed again after so long. */
const TRUST_MS: Millis = 1000;

export function settlesAt({ raw, raw_up, settled }: Contact, debounce_ms: Millis): Millis {
  if (raw === settled || raw === 'unread') return Number.POSITIVE_INFINITY;
  return raw_up + (settled === 'unreadable' ? Math.max(debounce_ms, TRUST_MS) : debounce_ms);
}

export function settleContacts(turn: Turn): void {
  for (const side of turn.rules.contacts) {
    const contact = turn.state.contacts[side];
    if (contact && settlesAt(contact, turn.rules.debounce_ms) <= turn.up) settle(turn, side);
  }
}

function put(turn: Turn, side: Side, contact: Contact): void {
  turn.set({ contacts: { ...turn.state.contacts, [side]: contact } });
}

function settle(turn: Turn, side: Side, level?: ContactLevel): void {
  const contact = turn.state.contacts[side];
  if (!contact) return;
  const was = turn.state.position;
  const { last_known } = turn.state;
  put(turn, side, { ...contact, settled: level ?? contact.raw });
  const position = positionOf(turn.rules, turn.state.contacts);
  if (position === was) return;
  turn.set({ position, ...((position === 'open' || position === 'closed') && { last_known: position }) });
  if (position === 'unknown') {
    markTimed(turn, turn.rules.gates, { blind: true });
    tellEndings(turn, () => true, { blind: true });
  }
  if (position === 'closed') closed(turn, contact.raw_up);
  if (position === 'open') {
    if (was === 'unknown' && last_known === 'open') return;
    const unseen = was === 'unknown' && last_known === undefined;
    opened(turn, side, { up: contact.raw_up, allowed: contact.allowed, unseen });
  }
}

interface Seen {
  readonly up: Millis;
  readonly allowed: Allowed | undefined;
  /** It was open when it was read first: nobody saw it open. */
  readonly unseen: boolean;
}

function opened(turn: Turn, side: Side, { up, allowed, unseen }: Seen): void {
  const { rules, state } = turn;
  const gates = rules.kind === 'turnstile' ? [side] : rules.gates;
  const extended = gates.some((gate) => state.timed[gate]?.some((cause) => cause.extended));
  const allowance_ms = extended ? rules.extended_held_ms : rules.held_ms;
  turn.set({ open: { since_up: up, held_from_up: up, allowance_ms } });
  if (unseen) return turn.stand('found-open', !keptOpen(rules, state));
  if (!allowed) {
    // After a blind time nobody knows when it opened, and so not whether it was let.
    const blind = turn.has('contact-fault');
    turn.stand(blind ? 'found-open' : 'forced', true);
    return;
  }
  const which = rules.contacts.length > 1 || rules.kind === 'turnstile' ? side : undefined;
  turn.say('opened', { ...allowed, side: which }, up);
  turn.set({ unused: 0 });
  turn.stand('contact-doubtful', false);
  if (rules.kind === 'turnstile') return passed(turn, side);
  markTimed(turn, gates, { opened: true });
  tellEndings(turn, () => true, { opened: true });
  if (rules.relock === 'on-open') for (const gate of gates) endTimed(turn, gate, 'open');
}

/** One turn, one person: the next one has the next grant. */
function passed(turn: Turn, side: Side): void {
  const [first] = turn.state.timed[side] ?? [];
  if (first) return endTimed(turn, side, 'passage', (cause) => cause === first, { opened: true });
  const [over] = turn.state.ending.filter(({ gate }) => gate === side);
  tellEndings(turn, (one) => one === over, { opened: true });
}

function closed(turn: Turn, up: Millis): void {
  const { open } = turn.state;
  if (!open) return;
  turn.say('closed', { open_ms: up - open.since_up }, up);
  turn.set({ open: undefined });
  for (const alarm of ['forced', 'found-open', 'held-soon', 'held'] as const) turn.stand(alarm, false);
  if (turn.rules.relock !== 'on-close') return;
  // Somebody still leans on the button: the next one comes.
  for (const gate of turn.rules.gates)
    if (!leaning(turn)) endTimed(turn, gate, 'close', ({ opened }) => opened);
}

const leaning = ({ rules, state }: Turn): boolean =>
  Object.entries(state.exits).some(
    // Object.entries forgets that the keys are sides.
    ([side, exit]) => rules.rex[side as Side] === 'unlock' && pressed(rules, exit, state.up),
  );

/** When it will be told as open too long, and before that as open too long soon. Infinite while nobody counts. */
export function heldAt({ rules, state }: Turn): { readonly soon: Millis; readonly held: Millis } {
  const never = { soon: Number.POSITIVE_INFINITY, held: Number.POSITIVE_INFINITY };
  const { open, position, alarms, barrier } = state;
  if (!open || position !== 'open' || rules.held_ms === 0) return never;
  if (alarms.forced || alarms['found-open'] || keptOpen(rules, state)) return never;
  if (rules.presence && barrier.presence === 'present') return never;
  const unlocked = Object.values(state.timed).flatMap((causes) => causes.map(({ until_up }) => until_up));
  const held = Math.max(open.held_from_up + open.allowance_ms, ...unlocked);
  const soon = rules.prealarm_ms > 0 ? held - rules.prealarm_ms : Number.POSITIVE_INFINITY;
  return { held, soon };
}

/** The time it may stay open begins anew. */
export function countAnew(turn: Turn): void {
  const { open } = turn.state;
  if (open) turn.set({ open: { ...open, held_from_up: turn.up } });
}
