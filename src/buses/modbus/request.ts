import type { Priority, UnitSettings } from '../../contracts/index.ts';
import type { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';

/** A request on its way over the wire. */
export interface Request {
  readonly unit: UnitSettings;
  readonly pdu: Uint8Array;
  readonly priority: Priority;
  readonly signal: AbortSignal;
  readonly resolve: (reply: Uint8Array) => void;
  readonly reject: (fault: Error) => void;
  /** Set when it leaves. */
  sent_up?: Millis;
  /** Latest moment for (the rest of) the reply. */
  deadline?: Millis;
}

const ORDER = ['command', 'field', 'poll'] as const satisfies readonly Priority[];

/** What waits for the wire: commands first, then a technician's reads, then polls; in order of arrival within each. */
export class RequestQueue {
  private readonly waiting: Record<Priority, Request[]> = { command: [], field: [], poll: [] };

  push(request: Request): void {
    this.waiting[request.priority].push(request);
  }

  /** Takes out the first one that may go now; those whose caller has gone away are dropped. */
  take(mayGo: (request: Request) => boolean): Request | undefined {
    for (const priority of ORDER) {
      const queue = this.waiting[priority];
      for (let index = 0; index < queue.length; index += 1) {
        const request = queue[index];
        if (!request) continue;
        if (request.signal.aborted) {
          queue.splice(index, 1);
          index -= 1;
        } else if (mayGo(request)) {
          queue.splice(index, 1);
          return request;
        }
      }
    }
    return undefined;
  }

  get length(): number {
    return ORDER.reduce((total, priority) => total + this.waiting[priority].length, 0);
  }

  rejectAll(fault: Fault): void {
    for (const priority of ORDER)
      for (const request of this.waiting[priority].splice(0)) request.reject(fault);
  }
}
