import type { BytePort } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import { withCrc16 } from '../../kit/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import type { Counters } from '../counters.ts';
import type { BusWorld } from '../settings.ts';
import type { Asking, WireEvents } from './asking.ts';
import { type Request, RequestQueue } from './request.ts';
import { findEcho, findReply, hasFrameOf, replyLength } from './rtu-frames.ts';

export interface RtuSettings {
  readonly id: string;
  readonly baud: number;
  readonly bits_per_character: number;
  readonly echo: 'auto' | 'drop' | 'none';
  readonly turnaround_ms: Millis;
}

/** Above 19200 baud the silences are fixed (Modbus over serial line 1.02, 2.5.1.1). */
const FIXED_GAP_MS: Millis = 1.75;
/** A reply that has begun may pause so long between its pieces: USB adapters deliver every 16 ms. */
const PIECE_MS: Millis = 40;
/** After bytes that should not have been there, the line must be silent for so long before it is trusted. */
const DISTRUST_MS: Millis = 10;
const MOST_BUFFERED = 4096;
const BROADCAST = 0;
/** These addresses are answered with the unit's own id: used only while commissioning. */
const FIRST_ANY_UNIT = 248;

/** The silent interval of 3.5 characters that separates frames. */
export function gapMillis(baud: number, bits_per_character: number): Millis {
  return baud > 19_200 ? FIXED_GAP_MS : (3.5 * Math.max(11, bits_per_character) * 1000) / baud;
}

/**
 * One request at a time on a serial line. It is the only owner of the bytes: a reply goes to the request that it fits in unit,
 * function, length and CRC, and to no other. After a timeout that unit is not asked again for another timeout, since a late reply could
 * be taken for the next one; the others are. A late frame that is seen ends that early.
 */
export class RtuWire implements Asking {
  private readonly settings: RtuSettings;
  private readonly world: BusWorld;
  private readonly counters: Counters;
  private readonly events: WireEvents;
  private readonly queue = new RequestQueue();
  private readonly alarm: Alarm;
  private readonly char_ms: Millis;
  private readonly gap_ms: Millis;
  private readonly held = new Map<number, Millis>();
  private port: BytePort | undefined;
  private down: Fault;
  private current: Request | undefined;
  private bytes: Uint8Array = new Uint8Array(0);
  private quiet_up: Millis = 0;
  private sent: Uint8Array = new Uint8Array(0);
  /** Our own bytes come back; 'auto' finds out at the first read. */
  private echoes: boolean;
  private echoPending = false;

  constructor(settings: RtuSettings, world: BusWorld, tools: { counters: Counters; events: WireEvents }) {
    this.settings = settings;
    this.world = world;
    this.counters = tools.counters;
    this.events = tools.events;
    this.char_ms = (settings.bits_per_character * 1000) / settings.baud;
    this.gap_ms = gapMillis(settings.baud, settings.bits_per_character);
    this.echoes = settings.echo === 'drop';
    this.down = new Fault('bus.down', { bus: settings.id, reason: 'it is not open yet' });
    this.alarm = new Alarm(world.clock, `${settings.id} wire`, () => this.turn());
  }

  ask(request: Request): void {
    if (!this.port) return request.reject(this.down);
    this.queue.push(request);
    this.turn();
  }

  opened(port: BytePort): void {
    this.port = port;
    this.bytes = new Uint8Array(0);
    // Whatever was on the line before belongs to nobody.
    this.quiet_up = this.now() + this.gap_ms;
    this.turn();
  }

  lost(fault: Fault): void {
    this.port = undefined;
    this.down = fault;
    this.alarm.clear();
    this.held.clear();
    const { current } = this;
    this.current = undefined;
    current?.reject(fault);
    this.queue.rejectAll(fault);
  }

  received(chunk: Uint8Array): void {
    this.counters.add('bytes_in', chunk.length);
    this.bytes = this.bytes.length ? joined(this.bytes, chunk) : chunk;
    this.quiet_up = Math.max(this.quiet_up, this.now() + this.gap_ms);
    if (this.current) this.listen(this.current);
    else this.stray();
  }

  private now(): Millis {
    return this.world.clock.now().up;
  }

  /** Looks at the clock: a deadline that has passed, a line that is quiet again, a unit that may be asked again. */
  private turn(): void {
    if (!this.port) return;
    const now = this.now();
    if (this.current) {
      const { deadline = now } = this.current;
      if (now < deadline) return this.alarm.setBy(deadline);
      this.late(this.current);
    }
    if (this.queue.length === 0) return;
    if (now < this.quiet_up) return this.alarm.setBy(this.quiet_up);
    const next = this.queue.take((request) => (this.held.get(request.unit.unit) ?? 0) <= now);
    if (next) return this.send(next, this.port);
    const free = Math.min(...this.held.values());
    if (Number.isFinite(free)) this.alarm.setBy(Math.max(free, now + 1));
  }

  private send(request: Request, port: BytePort): void {
    const now = this.now();
    if (this.bytes.length) this.drop(this.bytes);
    this.held.delete(request.unit.unit);
    const frame = withCrc16(joined(Uint8Array.of(request.unit.unit), request.pdu));
    const leaving_ms = frame.length * this.char_ms;
    request.sent_up = now;
    this.sent = frame;
    this.echoPending = this.echoes;
    this.counters.add('bytes_out', frame.length);
    this.counters.add('exchanges');
    this.current = request;
    const { unit, timeout_ms, reply_delay_ms } = request.unit;
    const wait = unit === BROADCAST ? this.settings.turnaround_ms : timeout_ms + reply_delay_ms;
    request.deadline = now + leaving_ms + wait;
    this.quiet_up = now + leaving_ms + this.gap_ms;
    this.alarm.setBy(request.deadline);
    // The port tells of its loss by itself, and that rejects the request.
    port.write(frame).catch(() => {});
  }

  /** Bytes while a reply is awaited. */
  private listen(request: Request): void {
    if (this.settings.echo !== 'none') this.takeEcho(request);
    if (this.echoPending) return;
    const { unit } = request.unit;
    const expected = {
      unit: unit >= FIRST_ANY_UNIT || unit === BROADCAST ? (this.bytes[0] ?? unit) : unit,
      request: request.pdu,
    };
    const found = findReply(this.bytes, expected);
    if (found) return this.reply(request, found.from, found.to);
    if (this.bytes.length > MOST_BUFFERED) this.drop(this.bytes);
    // It has begun: the rest may take as long as the wire needs.
    const rest_ms = (replyLength(request.pdu) ?? 0) * this.char_ms + PIECE_MS;
    request.deadline = Math.max(request.deadline ?? 0, Math.min(this.now() + rest_ms, this.longest(request)));
  }

  /** Noise cannot keep a request alive for ever. */
  private longest({ sent_up = 0, unit, pdu }: Request): Millis {
    const wire_ms = (pdu.length + (replyLength(pdu) ?? 0) + 8) * this.char_ms;
    return sent_up + 2 * wire_ms + unit.timeout_ms + unit.reply_delay_ms + 2 * PIECE_MS;
  }

  private takeEcho(request: Request): void {
    // An acknowledged write looks like its echo, so only reads can show whether there is one.
    if (!this.echoPending && (request.pdu[0] ?? 0) > 4) return;
    const echo = findEcho(this.bytes, this.sent);
    if (!echo) return;
    this.drop(this.bytes.subarray(0, echo.from));
    this.bytes = this.bytes.subarray(echo.to);
    this.counters.add('echoes');
    this.echoes = true;
    this.echoPending = false;
  }

  private reply(request: Request, from: number, to: number): void {
    const now = this.now();
    const frame = this.bytes.slice(from, to);
    if (from > 0) this.drop(this.bytes.subarray(0, from));
    const behind = this.bytes.subarray(to);
    this.bytes = new Uint8Array(0);
    if (behind.length) this.drop(behind);
    this.finish(request, now);
    this.quiet_up = now + Math.max(this.gap_ms, request.unit.gap_ms, behind.length ? DISTRUST_MS : 0);
    this.events.heard(request.unit.unit, now - (request.sent_up ?? now));
    request.resolve(frame.subarray(1, -2));
    this.turn();
  }

  /** The deadline has passed. */
  private late(request: Request): void {
    const now = this.now();
    const { unit, timeout_ms, reply_delay_ms } = request.unit;
    this.finish(request, now);
    if (unit === BROADCAST) {
      request.resolve(new Uint8Array(0));
      return;
    }
    const garbled = this.bytes.length > 0;
    if (garbled) {
      this.counters.add('bad_checksum');
      this.drop(this.bytes);
      this.quiet_up = Math.max(this.quiet_up, now + DISTRUST_MS);
    }
    this.counters.add('timeouts');
    this.held.set(unit, now + timeout_ms + reply_delay_ms);
    this.events.unheard(unit, garbled);
    const facts = { bus: this.settings.id, unit, timeout_ms: timeout_ms + reply_delay_ms };
    const reason = 'bytes came, but no frame with a good checksum that answers';
    request.reject(
      garbled ? new Fault('bus.bad-reply', { ...facts, reason }) : new Fault('bus.no-reply', facts),
    );
  }

  private finish(request: Request, now: Millis): void {
    this.current = undefined;
    this.counters.used(now, now - (request.sent_up ?? now) + this.gap_ms);
    this.world.heartbeat?.beat('buses');
  }

  /** Bytes that nobody asked for: a late reply, a duplicate, noise. */
  private stray(): void {
    if (this.bytes.length > 300) this.drop(this.bytes);
    this.forgiveLate();
    if (this.queue.length) this.alarm.setBy(this.quiet_up);
  }

  private drop(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.forgiveLate(bytes);
    this.counters.add('noise_bytes', bytes.length);
    this.events.noise();
    if (bytes === this.bytes) this.bytes = new Uint8Array(0);
  }

  /** The late reply of a unit that is being left alone has come and is gone: it may be asked again. */
  private forgiveLate(bytes: Uint8Array = this.bytes): void {
    for (const unit of this.held.keys()) {
      if (!hasFrameOf(unit, bytes)) continue;
      this.held.delete(unit);
      this.counters.add('late_frames');
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
