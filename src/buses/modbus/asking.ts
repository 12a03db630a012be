import type { BytePort } from '../../contracts/index.ts';
import type { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import type { Request } from './request.ts';

/** A wire that carries Modbus requests: RTU framing or MBAP. The bus tells it when its port comes and goes. */
export interface Asking {
  ask(request: Request): void;
  opened(port: BytePort): void;
  lost(fault: Fault): void;
  received(chunk: Uint8Array): void;
}

/** What a wire notices about its units. */
export interface WireEvents {
  readonly heard: (unit: number, round_trip_ms: Millis) => void;
  /** `garbled`: something came, but nothing that could be used. */
  readonly unheard: (unit: number, garbled: boolean) => void;
  readonly noise: () => void;
  /** The connection is out of step for good and must be made anew. */
  readonly giveUp: (reason: string) => void;
}
