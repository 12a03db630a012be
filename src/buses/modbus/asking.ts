import type { BytePort } from '../../contracts/index.ts';
import type { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import type { Request } from './request.ts';

/** A wire that carries Modbus requests: RTU framing or MBAP. The bus tells it when its port comes and goes. */
export interface Asking {
  ask(request: Request): void;
  /** Its caller has gone away: it is not sent if it has not been; what is on the wire is seen through. */
  forget(request: Request): void;
  opened(port: BytePort): void;
  /** `again`: it is being opened anew at once, so what was not sent yet may wait for that. */
  lost(fault: Fault, again: boolean): void;
  received(chunk: Uint8Array): void;
}

/** What a wire notices about its units, and asks about them. */
export interface WireEvents {
  readonly heard: (unit: number, round_trip_ms: Millis, noisy: boolean) => void;
  /** No answer. `garbled`: the unit has said something, but nothing that could be used. */
  readonly unheard: (unit: number, garbled: boolean, noisy: boolean) => void;
  /** Outside of any exchange. */
  readonly noise: () => void;
  /** What comes makes no sense any more: the connection must be made anew. */
  readonly giveUp: (reason: string) => void;
  /** Nothing comes though it should: perhaps the connection is dead. */
  readonly renew: (reason: string) => void;
  /** Asked in the moment of sending: why a request is better not sent any more. */
  readonly refusal: (request: Request) => Fault | undefined;
}
