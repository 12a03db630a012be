import type { BytePort } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import type { Counters } from '../counters.ts';
import type { BusWorld } from '../settings.ts';
import type { Asking, WireEvents } from './asking.ts';
import { type Request, RequestQueue } from './request.ts';
import { replyLength } from './rtu-frames.ts';

/** Modbus messaging on TCP/IP 1.0b, 3.1.3: transaction, protocol 0, length, unit. */
const HEADER = 7;
const MOST_LENGTH = 254;
/** So many timeouts in a row with nothing heard: the connection is dead though nobody said so. */
const MUTE_TO_RECONNECT = 4;

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
  private port: BytePort | undefined;
  private down: Fault;
  private bytes: Uint8Array = new Uint8Array(0);
  private transaction = 0;
  private mute = 0;

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
  }

  ask(request: Request): void {
    if (!this.port) return request.reject(this.down);
    this.queue.push(request);
    this.pump();
  }

  opened(port: BytePort): void {
    this.port = port;
    this.bytes = new Uint8Array(0);
    this.mute = 0;
    this.pump();
  }

  lost(fault: Fault): void {
    this.port = undefined;
    this.down = fault;
    this.alarm.clear();
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const request of waiting) request.reject(fault);
    this.queue.rejectAll(fault);
  }

  received(chunk: Uint8Array): void {
    this.counters.add('bytes_in', chunk.length);
    this.bytes = this.bytes.length ? Buffer.concat([this.bytes, chunk]) : chunk;
    while (this.bytes.length >= HEADER + 1) {
      const protocol = word(this.bytes, 2);
      const length = word(this.bytes, 4);
      if (protocol !== 0 || length < 2 || length > MOST_LENGTH) {
        this.counters.add('noise_bytes', this.bytes.length);
        this.events.noise();
        return this.events.giveUp('what came is no Modbus TCP');
      }
      if (this.bytes.length < 6 + length) break;
      const frame = this.bytes.subarray(0, 6 + length);
      this.bytes = this.bytes.subarray(6 + length);
      this.take(frame);
    }
    this.pump();
  }

  private now(): Millis {
    return this.world.clock.now().up;
  }

  private pump(): void {
    while (this.port && this.pending.size < this.in_flight) {
      const request = this.queue.take(() => true);
      if (!request) return;
      this.send(request, this.port);
    }
  }

  private send(request: Request, port: BytePort): void {
    const now = this.now();
    do this.transaction = (this.transaction + 1) & 0xffff;
    while (this.pending.has(this.transaction));
    const { pdu } = request;
    const frame = new Uint8Array(HEADER + pdu.length);
    frame[0] = this.transaction >> 8;
    frame[1] = this.transaction & 0xff;
    frame[5] = pdu.length + 1;
    frame[6] = request.unit.unit;
    frame.set(pdu, HEADER);
    request.sent_up = now;
    request.deadline = now + request.unit.timeout_ms + request.unit.reply_delay_ms;
    this.pending.set(this.transaction, request);
    this.counters.add('bytes_out', frame.length);
    this.counters.add('exchanges');
    this.alarm.setBy(request.deadline);
    port.write(frame).catch(() => {});
  }

  private take(frame: Uint8Array): void {
    const transaction = word(frame, 0);
    const request = this.pending.get(transaction);
    if (!request) return this.counters.add('late_frames');
    const reason = misfit(frame, request);
    const now = this.now();
    this.pending.delete(transaction);
    this.mute = 0;
    this.counters.used(now, now - (request.sent_up ?? now));
    this.world.heartbeat?.beat('buses');
    this.events.heard(request.unit.unit, now - (request.sent_up ?? now));
    if (reason === undefined) request.resolve(frame.subarray(HEADER));
    else request.reject(new Fault('bus.bad-reply', { bus: this.bus, unit: request.unit.unit, reason }));
  }

  private expire(): void {
    const now = this.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [transaction, request] of this.pending) {
      const { deadline = now } = request;
      if (now < deadline) {
        next = Math.min(next, deadline);
        continue;
      }
      this.pending.delete(transaction);
      this.late(request, now);
    }
    if (Number.isFinite(next)) this.alarm.setBy(next);
    this.pump();
  }

  private late(request: Request, now: Millis): void {
    const { unit, timeout_ms, reply_delay_ms } = request.unit;
    this.counters.add('timeouts');
    this.counters.used(now, now - (request.sent_up ?? now));
    this.events.unheard(unit, false);
    request.reject(
      new Fault('bus.no-reply', { bus: this.bus, unit, timeout_ms: timeout_ms + reply_delay_ms }),
    );
    this.mute += 1;
    if (this.mute >= MUTE_TO_RECONNECT)
      this.events.giveUp(`${this.mute} requests in a row were not answered`);
  }
}

/** Why a frame with the right transaction id is still no answer to its request. */
function misfit(frame: Uint8Array, { unit, pdu }: Request): string | undefined {
  const fn = pdu[0] ?? 0;
  const said = frame[HEADER];
  if (frame[6] !== unit.unit) return `unit ${frame[6]} answers for unit ${unit.unit}`;
  if (said === (fn | 0x80))
    return frame.length === HEADER + 2 ? undefined : `an exception of ${frame.length} bytes`;
  if (said !== fn) return `function ${said} answers function ${fn}`;
  // A TCP reply has its unit in the header and no CRC: two bytes and the unit less than over a serial line.
  const expected = HEADER - 3 + (replyLength(pdu) ?? 0);
  if (frame.length !== expected) return `${frame.length} bytes instead of ${expected}`;
  if (fn <= 4) return frame[HEADER + 1] === frame.length - HEADER - 2 ? undefined : 'a wrong byte count';
  for (let index = 1; index < 5; index += 1) {
    if (frame[HEADER + index] !== pdu[index]) return 'it repeats another write';
  }
  return undefined;
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
