import type { Call, Priority, UnitSettings } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { type Request, whetherSent } from './request.ts';

export interface Asked<T> {
  readonly unit: UnitSettings;
  readonly pdu: Uint8Array;
  /** The unit may acknowledge with the whole request. */
  readonly whole?: boolean;
  readonly call: Call;
  /** What the caller wants of the reply PDU; may throw what it wants to be rejected with. */
  readonly read: (reply: Uint8Array) => T;
}

/** One call of a link from asking to its end. A caller that goes away is let go at once; what is on the wire is seen through. */
export class Exchange<T> implements Request {
  readonly unit: UnitSettings;
  readonly pdu: Uint8Array;
  readonly whole: boolean;
  readonly priority: Priority;
  sent_up: Millis | undefined = undefined;
  deadline: Millis = 0;
  /** Of the caller. */
  readonly answer: Promise<T>;
  private readonly signal: AbortSignal;
  private readonly read: (reply: Uint8Array) => T;
  private readonly gone: (request: Request) => void;
  private give: (value: T) => void = () => {};
  private refuse: (reason: unknown) => void = () => {};

  constructor(asked: Asked<T>, gone: (request: Request) => void) {
    this.unit = asked.unit;
    this.pdu = asked.pdu;
    this.whole = asked.whole ?? false;
    this.priority = asked.call.priority;
    this.signal = asked.call.signal;
    this.read = asked.read;
    this.gone = gone;
    this.answer = new Promise((resolve, reject) => {
      this.give = resolve;
      this.refuse = reject;
    });
    this.signal.addEventListener('abort', this);
  }

  resolve(reply: Uint8Array): void {
    this.signal.removeEventListener('abort', this);
    try {
      this.give(this.read(reply));
    } catch (error) {
      this.refuse(error);
    }
  }

  reject(fault: Fault): void {
    this.signal.removeEventListener('abort', this);
    this.refuse(fault);
  }

  /** The signal aborts. */
  handleEvent(): void {
    this.signal.removeEventListener('abort', this);
    this.gone(this);
    const reason: unknown = this.signal.reason;
    this.refuse(reason instanceof Fault ? whetherSent(reason, this) : reason);
  }
}
