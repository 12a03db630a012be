import type { JsonObject, Millis } from '../model/index.ts';

/**
 * `command` passes every queued `poll`; `field` (a technician's read) goes before polls and after commands. `urgent` passes even commands: the
 * end of a pulse that nobody else ends.
 */
export type Priority = 'urgent' | 'command' | 'field' | 'poll';

/**
 * What comes with every use of a link. The device host makes it; a driver only hands it on. When `signal` aborts
 * before the request is on the wire, nothing is sent. Once it is on the wire the bus sees the exchange through
 * (a half-listened reply would be taken for the next one) and the caller is rejected at once.
 */
export interface Call {
  readonly signal: AbortSignal;
  readonly priority: Priority;
  /** When this look was begun, on the scale of `Stamp.up`; only of `sample`. */
  readonly up?: Millis;
  /** The time of day now, to judge clocks of devices by; only of `sample`. undefined: this machine does not know it. */
  readonly unixMillis?: () => number | undefined;
  /**
   * The session tells that the device has begun to measure only now (woken, restarted, still heating): for its driver's
   * `warm_up_ms` from here on the host gives its points without value. May be called again and again.
   */
  readonly started?: () => void;
  /**
   * The session tells of something that has happened, while it is being asked (`sample`). True: it is kept, and a power cut cannot lose it
   * any more; only then may the device be told to forget it. `mark` is kept with it, in one piece: where the session is to go on.
   */
  readonly tell?: (event: string, fields: JsonObject, mark?: JsonObject) => Promise<boolean>;
  /** The mark of what was told and kept last, in this run or an earlier one: what it speaks of need not be told again. */
  readonly mark?: () => Promise<JsonObject | undefined>;
}

/**
 * How to cut frames out of a byte stream; pure. Given all bytes not yet consumed and how long the line has been
 * silent after the last of them: take the first n bytes as a frame, skip n bytes of garbage, or wait for more.
 * It must give the same frames for any chunking of the stream. `take`/`skip` 0 is a programming error.
 */
export type FrameRule = (bytes: Uint8Array, idle_ms: Millis) => Cut;
export type Cut = { readonly take: number } | { readonly skip: number } | 'more';

/** A device on a byte stream of its own (serial port or raw TCP socket of a serial device server). */
export interface BytesLink {
  /**
   * Sends a request and resolves with the next frame. Bytes that arrived before it was sent are dropped (as late).
   * Faults: bus.no-reply after the device's timeout, bus.down, bus.closed.
   */
  exchange(request: Uint8Array, rule: FrameRule, call: Call): Promise<Uint8Array>;
  /** Sends and waits only until the bytes have left. */
  send(bytes: Uint8Array, call: Call): Promise<void>;
  /**
   * Every frame that arrives while iterating. It ends when the signal aborts, and throws bus.down when the port
   * vanishes. A bad frame is the rule's business (skip); skipped bytes are counted by the bus as noise.
   * One iteration at a time; `exchange` meanwhile is a programming error.
   */
  frames(rule: FrameRule, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** coil and discrete hold bits (0/1), holding and input hold 16-bit registers (0..65535). */
export type ModbusTable = 'coil' | 'discrete' | 'holding' | 'input';

export interface ModbusRange {
  readonly table: ModbusTable;
  readonly at: number;
  readonly count: number;
}

/**
 * A write as it goes on the wire: fn 5 and 6 carry one raw 16-bit value (for fn 5 normally FF00 or 0000, but some
 * boards put a pulse length there: the bus never coerces it), 15 carries bits, 16 registers.
 */
export interface ModbusWrite {
  readonly fn: 5 | 6 | 15 | 16;
  readonly at: number;
  readonly values: readonly number[];
  /**
   * Function 15 or 16 only: this unit is known to acknowledge with the whole request instead of address and count. Both are taken then. It is
   * not taken from every unit: on an adapter that hears itself it would be the echo of a unit that is dead.
   */
  readonly answered?: 'whole';
}

/**
 * A unit on a Modbus bus. The bus owns framing, matching, gaps, timeouts, and the order of requests.
 * Faults of all calls: bus.no-reply, bus.unit-off (circuit breaker open: the unit
 * was mute; it is probed from time to time), bus.exception (facts.exception 1..11), bus.bad-reply, bus.down, bus.closed. facts.sent tells whether the
 * request may have arrived; where it is false, no byte of it has left.
 */
export interface ModbusLink {
  read(range: ModbusRange, call: Call): Promise<readonly number[]>;
  /**
   * Reads several ranges, neighbours together. The answer has one element per range, in order: its values, or
   * the Fault of that range (illegal address). A block that the unit refuses with ILLEGAL_DATA_ADDRESS is read in pieces from then on,
   * and the hole is told once as a health fact. Rejects only when the unit gave nothing at all.
   */
  readAll(ranges: readonly ModbusRange[], call: Call): Promise<readonly (readonly number[] | Error)[]>;
  /**
   * Sent once, never repeated by the bus. Resolves when the unit acknowledged. On bus.no-reply the unit may or may
   * not have acted: read the state back (kit: `writeOnce`). On a serial line unit 0 (broadcast)
   * resolves after the turnaround time without a reply; over Modbus TCP it is a unit like any other.
   */
  write(write: ModbusWrite, call: Call): Promise<void>;
}

/**
 * A device that is spoken to in datagrams. Each is a message by itself, and each may be lost, doubled or late.
 * Faults of all calls: bus.no-reply, bus.down, bus.closed; facts.sent tells whether the request may have arrived.
 */
export interface UdpLink {
  /**
   * Sends a datagram, once, and resolves with the first one that comes back to it and for which `answers` is true. Each exchange has a port of its own:
   * a reply that comes too late comes to nobody. One at a time for each device.
   */
  exchange(request: Uint8Array, answers: (datagram: Uint8Array) => boolean, call: Call): Promise<Uint8Array>;
  /** Asks everybody on the network of the bus and resolves, when the timeout is over, with all that came and is `ours`. */
  collect(
    request: Uint8Array,
    ours: (datagram: Uint8Array) => boolean,
    call: Call,
  ): Promise<readonly Uint8Array[]>;
  /**
   * Datagrams that come unasked to the listening port of the bus and are `ours`, from now on. Ends when the signal aborts, throws bus.down when the
   * port is lost. None ever come to a bus that does not listen.
   */
  packets(ours: (datagram: Uint8Array) => boolean, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Where the device is to send what it says unasked, as it sees this machine; undefined: the bus does not listen. */
  listener(call: Call): Promise<{ readonly host: string; readonly port: number } | undefined>;
}

/** What was seen of an input line: a change, or its level at a look. */
export interface LineEdge {
  /** The driver's own name of the line. */
  readonly line: string;
  readonly on: boolean;
  /** When it happened, by the kernel where the chip stamps; on the scale of `Stamp.up`. */
  readonly up: Millis;
  /** Changes that were shorter than the debounce, before this one; only where the bus itself debounces. */
  readonly bounces: number;
  /** Edges the chip had to drop before this one: what was counted since the last edge is too few. */
  readonly lost: number;
  /**
   * `look`: its level was read, as at the beginning and every second from then on; one that differs from what was seen last is an edge that was missed.
   * `quiet`: the line whose edge came last has been quiet for the `quiet_ms` of its spec, up to `up`.
   */
  readonly how: 'edge' | 'look' | 'quiet';
}

/** The lines of one device, taken together. Levels are logical: turned round where a line is active low. */
export interface LineLink {
  /** Faults of all calls: bus.down, bus.closed, and those of taking lines (gpio.line-taken, …), which are tried again at each call. */
  get(line: string, call: Call): Promise<boolean>;
  /** An analogue line: share of full scale, 0..1, the mean since it was asked last. bus.no-reply while the board has told nothing. */
  measure(line: string, call: Call): Promise<number>;
  /** Done when it resolves: nothing waits before it. bus.no-reply where a board does not confirm it. */
  set(line: string, on: boolean, call: Call): Promise<void>;
  /**
   * A look at every input line first, then every edge, and a look every second. Ends when the signal aborts, throws bus.down when the chip
   * vanishes. One iteration at a time.
   */
  edges(signal: AbortSignal): AsyncIterable<LineEdge>;
}

export interface HttpUser {
  readonly user: string;
  readonly password: string;
}

/** What is asked of the host of an http bus. How it logs in is the business of the bus. */
export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** From the root of the host on, with its query, as it stands in the request: what must be escaped there is. */
  readonly path: string;
  /** Content type of the body. */
  readonly type?: string;
  /**
   * A function is given the login of the bus, for protocols that carry one of their own within the body (undefined: the bus has none), and the moment in
   * which it is sent, on the scale of `Stamp.up`.
   */
  readonly body?: string | ((login: HttpUser | undefined, up: Millis) => string);
  /** Longest body of an answer that is taken; left out: 256 KiB. */
  readonly max_bytes?: number;
  /** It moves something: goes over a connection of its own, and is not sent again once it may have arrived. */
  readonly actuates?: boolean;
}

export interface HttpReply {
  readonly status: number;
  /** Content type in lower case, with its parameters; '' when none is told. */
  readonly type: string;
  readonly body: Uint8Array;
}

/** One part of a multipart message; names of headers in lower case. */
export interface HttpPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * A device that is spoken to in HTTP. Faults of all calls: bus.down (there is no connection), bus.no-reply (the answer is not whole within
 * the timeout), http.bad-message, http.login-refused, http.login-kind, http.certificate, bus.closed. facts.sent tells whether the request may have
 * arrived; where it is false, no byte of it has left.
 */
export interface HttpLink {
  /** Name or address of the host, as the site file has it. */
  readonly host: string;
  /** Whatever the status but 401. Polls of a device wait for each other, and so do its other requests; neither waits for the other. */
  exchange(request: HttpRequest, call: Call): Promise<HttpReply>;
  /**
   * The parts of an answer that does not end (multipart), as they come, over a connection of its own. Ends when the signal aborts; throws bus.down when the
   * connection is lost or the device ends it, http.status for any status but 200. Nobody here measures its silence.
   */
  parts(request: HttpRequest, signal: AbortSignal): AsyncIterable<HttpPart>;
  /** The login within a body was refused, or there was none: the bus asks nothing for a while, as after a 401. Gives the fault to throw. */
  refused(): Error;
}

/** Links by the name a driver asks for. */
export interface Links {
  readonly bytes: BytesLink;
  readonly modbus: ModbusLink;
  readonly line: LineLink;
  readonly udp: UdpLink;
  readonly http: HttpLink;
}
export type LinkKind = keyof Links;
