import type { JsonObject, Millis, Value } from '../model/index.ts';
import type { HttpUser } from './links.ts';

/**
 * The device's own side of the wire: bytes in, bytes out. It keeps no time of its own: `up` is handed in.
 * `said` gives what it told last, by point, so that tests can compare what arrived with what was said.
 */
interface FarEndBase {
  readonly said: () => Readonly<Record<string, Value | null>>;
  /** Sets what the device perceives (`{ noise: 61.2 }`) or a named quirk; unknown names throw. */
  readonly set: (values: JsonObject) => void;
}

/** A Modbus unit: answers a PDU (function code and data, no address, no checksum); undefined: says nothing. */
export interface ModbusFarEnd extends FarEndBase {
  readonly kind: 'modbus';
  readonly respond: (pdu: Uint8Array, up: Millis) => Uint8Array | undefined;
  /** Unit ids besides its own that it listens to (0 broadcast, 255 on some boards); the reply carries its own id. */
  readonly also?: readonly number[];
}

/** A device on a stream of its own. */
export interface BytesFarEnd extends FarEndBase {
  readonly kind: 'bytes';
  /** Bytes from the host → bytes it answers with. */
  readonly receive: (bytes: Uint8Array, up: Millis) => Uint8Array;
  /** What it says unasked: next frame, and in how many ms after the previous one. undefined: nothing by itself now. */
  readonly speak: (up: Millis) => { readonly bytes: Uint8Array; readonly next_ms: Millis } | undefined;
}

/** A device on a network that speaks in datagrams. */
export interface UdpFarEnd extends FarEndBase {
  readonly kind: 'udp';
  /** A datagram from the host → its answer; empty: none. */
  readonly receive: (datagram: Uint8Array, up: Millis) => Uint8Array;
  /** What it says unasked and where to, and in how many ms it may say more. undefined: nothing now. */
  readonly speak: (up: Millis) =>
    | {
        readonly bytes: Uint8Array;
        readonly to: { readonly host: string; readonly port: number };
        readonly next_ms: Millis;
      }
    | undefined;
}

/** A device on lines of a GPIO chip or board, by the names its driver gives them. Levels are logical: which way round they are wired stands in the site file. */
export interface LineFarEnd extends FarEndBase {
  readonly kind: 'line';
  /** How its lines towards the gateway stand now (an analogue one as a share of full scale), and when to look again. */
  readonly show: (up: Millis) => {
    readonly lines: Readonly<Record<string, boolean | number>>;
    readonly next_ms: Millis;
  };
  /** The gateway set a line of it. */
  readonly drive: (line: string, on: boolean, up: Millis) => void;
}

/** A request that came to an HTTP device, whole, from somebody who has logged in. */
export interface HttpAsked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: Uint8Array;
  /** The name by which it was asked, without its port. */
  readonly host: string;
  /** What this device knows of its owner, for logins within a body. undefined: it lets everybody in. */
  readonly login: HttpUser | undefined;
}

export interface HttpSaid {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
  /** In place of a body: the parts of an answer that does not end. Gives the next one, and in how many ms there is another. */
  readonly parts?: (up: Millis) => {
    readonly type: string;
    readonly body: Uint8Array;
    readonly next_ms: Millis;
  };
}

/** A device that is spoken to in HTTP. Connections, logins and faults of the wire are the business of whoever serves it. */
export interface HttpFarEnd extends FarEndBase {
  readonly kind: 'http';
  /** undefined: it has nothing at that path. */
  readonly answer: (asked: HttpAsked, up: Millis) => HttpSaid | undefined;
  /** What anybody may ask, without a login. */
  readonly open?: (asked: Pick<HttpAsked, 'method' | 'path' | 'body'>) => boolean;
}

export type FarEnd = ModbusFarEnd | BytesFarEnd | LineFarEnd | UdpFarEnd | HttpFarEnd;

export interface SimulatorDefinition<O = unknown> {
  readonly driver: string;
  /** `seed` makes its wandering values repeatable. */
  readonly open: (options: O, seed: number) => FarEnd;
}
export type AnySimulator = SimulatorDefinition<unknown>;
