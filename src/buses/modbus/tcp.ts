import type { BytePort } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import type { Counters } from '../counters.ts';
import type { BusWorld } from '../settings.ts';
import type { Asking, WireEvents } from './asking.ts';
import { isException, isWrite, type Request, RequestQueue, whetherSent } from './request.ts';
import { replyLength } from './rtu-frames.ts';

/** Modbus messaging on TCP/IP 1.0b, 3.1.3: transaction, protocol 0, length, unit. */
const HEADER = 7;
/** The length counts the unit and a PDU of 2..253 bytes, and stands at the end of the first 6 bytes. */
const BEFORE_LENGTH_COUNTS = 6;
const LEAST_LENGTH = 3;
const MOST_LENGTH = 254;
/** So many timeouts in a row with nothing heard: the connection is dead though nobody said so. */
const MUTE_TO_RENEW = 4;
/** An exchange ends by its deadline; beyond that by so much, the loop counts as stuck. */
const SLACK_MS: Millis = 60_000;

/** Requests over a TCP connection: a reply belongs to the request with its transaction id, and must fit it in unit, function and length. */
export class TcpWire implements Asking {
  private readonly bus: string;
  private readonly in_flight: number;
  private readonly world: BusWorld;
  private readonly counters: Counters;
  private readonly events: WireEvents;
  private readonly queue = new RequestQueue();
  private readonly pending = new Map<number, Request>();
  private readonly alarm: Alarm;
  private readonly loop: string;
  private port: BytePort | undefined;
  /** Why nothing can be asked; undefined: it can, though the port may be a moment away. */
  private down: Fault | undefined;
  private bytes: Uint8Array = NONE;
  private transaction = 0;
  private mute = 0;
  /** Why the connection is to be made anew, once what is still under way has ended. */
  private doubt: string | undefined;

  constructor(
    settings: { readonly id: string; readonly in_flight: number },
    world: BusWorld,
    tools: { counters: Counters; events: WireEvents },
  ) {
    this.bus = settings.id;
    this.in_flight = settings.in_flight;
    this.world = world;
    this.counters = tools.counters;
    this.events = tools.events;
    this.down = new Fault('bus.down', { bus: settings.id, reason: 'it is not open yet' });
    this.alarm = new Alarm(world.clock, `${settings.id} wire`, () => this.expire());
    this.loop = `bus ${settings.id}`;
  }

  ask(request: Request): void {
    if (this.down) return request.reject(whetherSent(this.down, request));
    this.queue.push(request);
    this.pump();
  }

  forget(request: Request): void {
    this.queue.remove(request);
  }

  opened(port: BytePort): void {
    this.port = port;
    this.down = undefined;
    this.bytes = NONE;
    this.mute = 0;
    this.doubt = undefined;
    this.pump();
  }

  lost(fault: Fault, again: boolean): void {
    this.port = undefined;
    this.down = again ? undefined : fault;
    this.alarm.clear();
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const request of waiting) request.reject(whetherSent(fault, request));
    if (!again) this.queue.rejectAll(fault);
    this.rest();
  }

  received(chunk: Uint8Array): void {
    if (!this.port) return;
    this.counters.add('bytes_in', chunk.length);
    this.bytes = this.bytes.length ? Buffer.concat([this.bytes, chunk]) : chunk;
    while (this.bytes.length >= BEFORE_LENGTH_COUNTS) {
      const protocol = word(this.bytes, 2);
      const length = word(this.bytes, 4);
      if (protocol !== 0 || length < LEAST_LENGTH || length > MOST_LENGTH) return this.senseless();
      const end = BEFORE_LENGTH_COUNTS + length;
      if (this.bytes.length < end) break;
      const frame = this.bytes.subarray(0, end);
      this.bytes = this.bytes.length === end ? NONE : this.bytes.subarray(end);
      this.take(frame);
    }
    this.pump();
  }

  private pump(): void {
    if (this.doubt !== undefined && this.pending.size === 0) this.renew(this.doubt);
    while (this.port && this.doubt === undefined && this.pending.size < this.in_flight) {
      const request = this.queue.take(anyRequest);
      if (!request) break;
      const refusal = this.events.refusal(request);
      if (refusal) request.reject(whetherSent(refusal, request));
      else this.send(request, this.port);
    }
    if (this.pending.size === 0) this.rest();
  }

  private send(request: Request, port: BytePort): void {
    const { up } = this.world.clock.now();
    const { pdu, unit } = request;
    do this.transaction = (this.transaction + 1) & 0xffff;
    while (this.pending.has(this.transaction));
    const frame = Buffer.allocUnsafe(HEADER + pdu.length);
    frame[0] = this.transaction >> 8;
    frame[1] = this.transaction & 0xff;
    frame[2] = 0;
    frame[3] = 0;
    frame[4] = 0;
    frame[5] = pdu.length + 1;
    frame[6] = unit.unit;
    frame.set(pdu, HEADER);
    const wait_ms = unit.timeout_ms + unit.reply_delay_ms;
    request.sent_up = up;
    request.deadline = up + wait_ms;
    this.pending.set(this.transaction, request);
    this.counters.add('bytes_out', frame.length);
    this.counters.add('exchanges');
    this.alarm.setBy(request.deadline);
    this.world.heartbeat?.beat(this.loop, wait_ms + SLACK_MS);
    // The port tells of its loss by itself, and that rejects the request.
    port.write(frame).catch(ignore);
  }

  private take(frame: Uint8Array): void {
    const transaction = word(frame, 0);
    const request = this.pending.get(transaction);
    if (!request) return this.counters.add('late_frames');
    const reason = misfit(frame, request);
    const { up } = this.world.clock.now();
    const took_ms = up - (request.sent_up ?? up);
    this.pending.delete(transaction);
    this.mute = 0;
    this.counters.used(up, took_ms);
    if (reason === undefined) {
      if (isException(frame[HEADER])) this.counters.add('exceptions');
      this.events.heard(request.unit.unit, took_ms, false);
      request.resolve(frame.subarray(HEADER));
      return;
    }
    this.events.unheard(request.unit.unit, true, true);
    const facts = { bus: this.bus, unit: request.unit.unit, reason, sent: true };
    request.reject(new Fault('bus.bad-reply', facts));
  }

  private expire(): void {
    const { up } = this.world.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [transaction, request] of this.pending) {
      if (up < request.deadline) {
        next = Math.min(next, request.deadline);
        continue;
      }
      this.pending.delete(transaction);
      this.late(request, up);
    }
    if (this.bytes.length > 0 && this.doubt !== undefined) return this.renew(this.doubt);
    if (Number.isFinite(next)) this.alarm.setBy(next);
    this.pump();
  }

  private late(request: Request, up: Millis): void {
    const { unit, timeout_ms, reply_delay_ms } = request.unit;
    this.counters.add('timeouts');
    this.counters.used(up, up - (request.sent_up ?? up));
    this.events.unheard(unit, false, false);
    const facts = { bus: this.bus, unit, timeout_ms: timeout_ms + reply_delay_ms, sent: true };
    request.reject(new Fault('bus.no-reply', facts));
    this.mute += 1;
    if (this.bytes.length > 0) this.doubt = 'a reply stopped in its middle';
    else if (this.mute >= MUTE_TO_RENEW) this.doubt = `${this.mute} requests in a row were not answered`;
    // It may still wait in a connection that hangs. Something that moves must not move when the link comes back.
    else if (isWrite(request.pdu)) this.doubt = 'a write was not answered';
  }

  private senseless(): void {
    this.counters.add('noise_bytes', this.bytes.length);
    this.events.noise();
    this.port = undefined;
    this.events.giveUp('what came is no Modbus TCP');
  }

  private renew(reason: string): void {
    this.port = undefined;
    this.doubt = undefined;
    this.events.renew(reason);
  }

  /** Nothing is under way: silence does not mean that it is stuck. */
  private rest(): void {
    this.world.heartbeat?.beat(this.loop, Number.POSITIVE_INFINITY);
  }
}

const NONE = new Uint8Array(0);
const anyRequest = (): boolean => true;
const ignore = (): void => {};

const ANOTHER_WRITE = 'it repeats another write';

/** Why a frame with the right transaction id is still no answer to its request. */
function misfit(frame: Uint8Array, { unit, pdu, whole }: Request): string | undefined {
  const fn = pdu[0] ?? 0;
  const said = frame[HEADER];
  if (frame[6] !== unit.unit) return `unit ${frame[6]} answers for unit ${unit.unit}`;
  if (said === (fn | 0x80))
    return frame.length === HEADER + 2 ? undefined : `an exception of ${frame.length} bytes`;
  if (said !== fn) return `function ${said} answers function ${fn}`;
  if (whole && frame.length === HEADER + pdu.length)
    return pdu.every((byte, at) => frame[HEADER + at] === byte) ? undefined : ANOTHER_WRITE;
  // A TCP reply has its unit in the header and no CRC: two bytes and the unit less than over a serial line.
  const expected = HEADER - 3 + (replyLength(pdu) ?? 0);
  if (frame.length !== expected) return `${frame.length} bytes instead of ${expected}`;
  if (fn <= 4) return frame[HEADER + 1] === frame.length - HEADER - 2 ? undefined : 'a wrong byte count';
  for (let index = 1; index < 5; index += 1) {
    if (frame[HEADER + index] !== pdu[index]) return ANOTHER_WRITE;
  }
  return undefined;
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
