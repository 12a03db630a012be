import type { Millis } from '../../model/index.ts';
import { isWrite, type Request } from './request.ts';
import { findReply } from './rtu-frames.ts';

/** Who may answer: one unit, or whoever is there. */
export const answererOf = (unit: number): number | undefined =>
  unit === 0 || unit >= FIRST_ANY_UNIT ? undefined : unit;

/** These addresses, and 0 in a read, are answered with the unit's own: used only while commissioning. */
const FIRST_ANY_UNIT = 248;

interface Held {
  readonly unit: number;
  readonly pdu: Uint8Array;
  readonly whole: boolean;
  readonly until: Millis;
  /** Its late reply has come. */
  seen: boolean;
}

/**
 * Units that are left alone for a while after a timeout. On a serial line a reply carries nothing that tells which request it answers: a
 * late one would be taken for the reply to the next request of the same function. The others may be asked meanwhile. Seeing the late reply does not
 * end it: what looks like it may be the word of a unit that has a wrong address, and the true one is still to come.
 */
export class Quarantine {
  /** One for each unit and function. */
  private readonly held = new Map<number, Held>();

  hold({ unit: { unit }, pdu, whole }: Request, until: Millis): void {
    this.held.set(unit * 256 + (pdu[0] ?? 0), { unit, pdu, whole, until, seen: false });
  }

  /** A command that writes may pass a unit held for another function: a reply to that can never be taken for its own. */
  mayGo(request: Request, up: Millis): boolean {
    for (const held of this.held.values()) {
      if (held.until > up && concerns(held.unit, request.unit.unit) && !passes(request, held)) return false;
    }
    return true;
  }

  /** When the next one becomes free; undefined: none is held. */
  nextUp(up: Millis): Millis | undefined {
    let next: Millis | undefined;
    for (const [key, { until }] of this.held) {
      if (until <= up) this.held.delete(key);
      else next = Math.min(next ?? until, until);
    }
    return next;
  }

  /** How many late replies are in these bytes that had not come before. */
  recognise(bytes: Uint8Array): number {
    let count = 0;
    for (const held of this.held.values()) {
      if (held.seen) continue;
      const { unit, pdu, whole } = held;
      held.seen = findReply(bytes, { unit: answererOf(unit), request: pdu, whole }) !== undefined;
      count += Number(held.seen);
    }
    return count;
  }
}

const concerns = (held: number, asked: number): boolean =>
  held === asked || answererOf(held) === undefined || answererOf(asked) === undefined;

const passes = ({ priority, pdu }: Request, held: Held): boolean =>
  (priority === 'command' || priority === 'urgent') && isWrite(pdu) && pdu[0] !== held.pdu[0];
