import type { Priority, UnitSettings } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { PriorityQueue } from '../queue.ts';

/** A request on its way over the wire. */
export interface Request {
  readonly unit: UnitSettings;
  readonly pdu: Uint8Array;
  /** The unit may acknowledge with the whole request. */
  readonly whole: boolean;
  readonly priority: Priority;
  /** Takes the PDU of the reply; empty after a broadcast. The bytes are the wire's own again when it returns. */
  resolve(reply: Uint8Array): void;
  reject(fault: Fault): void;
  /** Set when it leaves. */
  sent_up: Millis | undefined;
  /** Latest moment for (the rest of) the reply. */
  deadline: Millis;
}

/** Functions 5, 6, 15 and 16 change something; after one of them without a reply nobody knows whether it did. */
export const isWrite = (pdu: Uint8Array): boolean => (pdu[0] ?? 0) > 4;

/** A reply whose function code has its top bit set refuses the request. */
export const isException = (fn: number | undefined): boolean => fn !== undefined && fn >= 0x80;

/** The same fault, with the fact whether the request may have reached its unit. */
export const whetherSent = (fault: Fault, { sent_up }: Pick<Request, 'sent_up'>): Fault =>
  new Fault(fault.code, { ...fault.facts, sent: sent_up !== undefined });

/** What waits for a Modbus wire. */
export class RequestQueue extends PriorityQueue<Request> {
  rejectAll(fault: Fault): void {
    for (const request of this.drain()) request.reject(whetherSent(fault, request));
  }
}
