import type { Priority, UnitSettings } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';

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

const ORDER = ['command', 'field', 'poll'] as const satisfies readonly Priority[];

/** What waits for the wire: commands first, then a technician's reads, then polls; in order of arrival within each. */
export class RequestQueue {
  private readonly waiting: Record<Priority, Request[]> = { command: [], field: [], poll: [] };

  push(request: Request): void {
    this.waiting[request.priority].push(request);
  }

  /** Something has to be done first: it goes next. */
  putBack(request: Request): void {
    this.waiting[request.priority].unshift(request);
  }

  /** Takes out the first one that may go now. */
  take(mayGo: (request: Request) => boolean): Request | undefined {
    for (const priority of ORDER) {
      const queue = this.waiting[priority];
      const at = queue.findIndex(mayGo);
      if (at === 0) return queue.shift();
      if (at > 0) return queue.splice(at, 1)[0];
    }
    return undefined;
  }

  /** Its caller has gone away. */
  remove(request: Request): void {
    const queue = this.waiting[request.priority];
    const at = queue.indexOf(request);
    if (at >= 0) queue.splice(at, 1);
  }

  get length(): number {
    return this.waiting.command.length + this.waiting.field.length + this.waiting.poll.length;
  }

  rejectAll(fault: Fault): void {
    for (const priority of ORDER) {
      for (const request of this.waiting[priority].splice(0)) request.reject(whetherSent(fault, request));
    }
  }
}
