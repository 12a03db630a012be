import { afterInput } from '../../clock/index.ts';
import type { BytePort } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import { withCrc16 } from '../../kit/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import type { Counters } from '../counters.ts';
import type { BusWorld } from '../settings.ts';
import type { Asking, WireEvents } from './asking.ts';
import { Echo } from './echo.ts';
import { answererOf, Quarantine } from './quarantine.ts';
import { isException, isWrite, type Request, RequestQueue, whetherSent } from './request.ts';
import { type Expected, findEcho, findReply, hasBegun, hasSpoken, longestReply } from './rtu-frames.ts';
import { Silence } from './silence.ts';

export interface RtuSettings {
  readonly id: string;
  readonly baud: number;
  readonly bits_per_character: number;
  readonly echo: 'auto' | 'drop' | 'none';
  readonly turnaround_ms: Millis;
  /** Behind it is a connection that can hang, and then hold back what was written: a serial server. */
  readonly remote: boolean;
}

/** A reply that has begun may pause so long between its pieces: USB adapters deliver every 16 ms. */
const PIECE_MS: Millis = 40;
/** What is kept of a flood of noise: twice the longest frame, so that a reply in it is found. */
const MOST_BUFFERED = 512;
/** So many timeouts in a row with nothing heard: the serial server is gone though nobody said so. */
const MUTE_TO_RENEW = 4;
/** An exchange ends by its deadline; beyond that by so much, the loop counts as stuck. */
const SLACK_MS: Millis = 60_000;
const BROADCAST = 0;

/**
 * One request at a time on a serial line. It is the only owner of the bytes: a reply goes to the request that it fits in unit,
 * function, length and CRC, and to no other.
 */
export class RtuWire implements Asking {
  private readonly settings: RtuSettings;
  private readonly world: BusWorld;
  private readonly counters: Counters;
  private readonly events: WireEvents;
  private readonly queue = new RequestQueue();
  private readonly alarm: Alarm;
  private readonly char_ms: Millis;
  private readonly silence: Silence;
  private readonly quarantine = new Quarantine();
  private readonly echo: Echo;
  private readonly loop: string;
  private port: BytePort | undefined;
  /** Why nothing can be asked; undefined: it can, though the port may be a moment away. */
  private down: Fault | undefined;
  private current: Request | undefined;
  private bytes: Uint8Array = NONE;
  private sent: Uint8Array = NONE;
  private echoed = false;
  /** The port has not taken the request yet. */
  private writing = false;
  /** Something was dropped during this exchange. */
  private noisy = false;
  private turning = false;
  /** A read went before it to find out about the echo. */
  private learnedFor: Request | undefined;
  private mute = 0;

  constructor(settings: RtuSettings, world: BusWorld, tools: { counters: Counters; events: WireEvents }) {
    this.settings = settings;
    this.world = world;
    this.counters = tools.counters;
    this.events = tools.events;
    this.char_ms = (settings.bits_per_character * 1000) / settings.baud;
    this.silence = new Silence(settings.baud, settings.bits_per_character);
    this.echo = new Echo(settings.echo);
    this.down = new Fault('bus.down', { bus: settings.id, reason: 'it is not open yet' });
    this.alarm = new Alarm(world.clock, `${settings.id} wire`, () => this.turn());
    this.loop = `bus ${settings.id}`;
  }

  ask(request: Request): void {
    if (this.down) return request.reject(whetherSent(this.down, request));
    this.queue.push(request);
    this.turnSoon();
  }

  forget(request: Request): void {
    this.queue.remove(request);
  }

  opened(port: BytePort): void {
    this.port = port;
    this.down = undefined;
    this.bytes = NONE;
    this.mute = 0;
    // Whatever was on the line before belongs to nobody.
    this.silence.heard(this.now());
    this.turnSoon();
  }

  lost(fault: Fault, again: boolean): void {
    this.port = undefined;
    this.down = again ? undefined : fault;
    this.alarm.clear();
    const { current } = this;
    this.current = undefined;
    if (current) {
      // Its reply may still come, through the new port.
      this.quarantine.hold(current, this.now() + this.longest(current));
      current.reject(whetherSent(fault, current));
    }
    if (!again) {
      this.echo.forget();
      this.queue.rejectAll(fault);
    }
    this.beat();
  }

  received(chunk: Uint8Array): void {
    if (!this.port) return;
    this.counters.add('bytes_in', chunk.length);
    this.bytes = this.bytes.length ? joined(this.bytes, chunk) : chunk;
    this.silence.heard(this.now());
    if (this.current) this.listen(this.current);
    else this.stray();
  }

  private now(): Millis {
    return this.world.clock.now().up;
  }

  /** Not before what has already come was heard: it may be a late reply, or show that the line is not silent. */
  private turnSoon(): void {
    if (this.turning) return;
    this.turning = true;
    void afterInput().then(() => {
      this.turning = false;
      this.turn();
    });
  }

  /** Looks at the clock: a deadline that has passed, a line that is quiet again, a unit that may be asked again. */
  private turn(): void {
    if (!this.port) return;
    const now = this.now();
    if (this.current) {
      if (now < this.current.deadline) return this.alarm.setBy(this.current.deadline);
      this.late(this.current, now);
    }
    this.sendNext(now);
    this.beat();
  }

  private sendNext(now: Millis): void {
    while (this.port && !this.current && this.queue.length > 0) {
      const free_up = this.silence.freeBy(now);
      if (now < free_up) return this.alarm.setBy(free_up);
      const next = this.queue.take((request) => this.quarantine.mayGo(request, now));
      if (!next) return this.alarm.setBy(this.quarantine.nextUp(now) ?? now);
      const refusal = this.events.refusal(next);
      if (refusal) next.reject(whetherSent(refusal, next));
      else this.sendOrLearn(next, { now, port: this.port });
    }
  }

  /** An unknown adapter is asked first whether it echoes; the command goes right behind. */
  private sendOrLearn(request: Request, at: { readonly now: Millis; readonly port: BytePort }): void {
    const { unit, priority } = request;
    if (this.learnedFor === request || unit.unit === BROADCAST || !this.echo.mustLearnBefore(request))
      return this.send(request, at);
    this.learnedFor = request;
    this.queue.putBack(request);
    const asked = { unit, pdu: ANY_READ, whole: false, priority, sent_up: undefined, deadline: 0 };
    this.send({ ...asked, resolve() {}, reject() {} }, at);
  }

  private send(request: Request, { now, port }: { readonly now: Millis; readonly port: BytePort }): void {
    this.drop(this.bytes);
    this.bytes = NONE;
    this.noisy = false;
    const frame = withCrc16(joined(Uint8Array.of(request.unit.unit), request.pdu));
    const leaving_ms = frame.length * this.char_ms;
    request.sent_up = now;
    request.deadline = now + leaving_ms + this.patience(request);
    this.current = request;
    this.sent = frame;
    this.echoed = false;
    this.counters.add('bytes_out', frame.length);
    this.counters.add('exchanges');
    this.silence.spoke(now + leaving_ms);
    this.alarm.setBy(request.deadline);
    this.writing = true;
    // The port tells of its loss by itself, and that rejects the request.
    port.write(frame).then(
      () => {
        if (this.sent === frame) this.writing = false;
      },
      () => {},
    );
  }

  /** From the last byte of the request to the first of the reply; after a broadcast, until the units have acted. */
  private patience({ unit, pdu }: Request): Millis {
    if (unit.unit === BROADCAST && isWrite(pdu)) return this.settings.turnaround_ms;
    return unit.timeout_ms + unit.reply_delay_ms;
  }

  /** Bytes while a reply is awaited. */
  private listen(request: Request): void {
    const { unit, pdu, whole } = request;
    const expected: Expected = { unit: answererOf(unit.unit), request: pdu, whole };
    let found = findReply(this.bytes, expected);
    if (this.echo.mayFollow(request) && !this.echoed && this.takeEcho(found))
      found = findReply(this.bytes, expected);
    // Boards that answer a broadcast talk over each other; what they say is drained.
    if (unit.unit === BROADCAST && isWrite(pdu)) return;
    if (found) return this.reply(request, found);
    if (this.bytes.length > MOST_BUFFERED) this.keep(MOST_BUFFERED / 2);
    if (!hasBegun(this.bytes, expected)) return;
    // The rest may take as long as the wire needs. Noise that looks like a beginning cannot keep a request alive for ever.
    const now = this.now();
    const end = (request.sent_up ?? now) + this.longest(request);
    const rest_up = now + (longestReply(pdu, whole) ?? 0) * this.char_ms + PIECE_MS;
    request.deadline = Math.max(request.deadline, Math.min(rest_up, end));
  }

  private longest(request: Request): Millis {
    const bytes = request.pdu.length + (longestReply(request.pdu, request.whole) ?? 0) + 8;
    return 2 * bytes * this.char_ms + this.patience(request) + 2 * PIECE_MS;
  }

  /** Takes our own request out of what came; unless it stands within the reply, or is the reply itself. */
  private takeEcho(reply: { readonly from: number } | undefined): boolean {
    const echo = findEcho(this.bytes, this.sent);
    if (!echo || (reply && (reply.from < echo.from || (reply.from === echo.from && this.echo.absent))))
      return false;
    this.drop(this.bytes.subarray(0, echo.from));
    this.bytes = this.bytes.subarray(echo.to);
    this.counters.add('echoes');
    this.echoed = true;
    this.echo.heard();
    return true;
  }

  private reply(request: Request, { from, to }: { readonly from: number; readonly to: number }): void {
    const now = this.now();
    const frame = this.bytes.subarray(from, to);
    this.drop(this.bytes.subarray(0, from));
    const behind = this.bytes.subarray(to);
    this.drop(behind);
    this.bytes = NONE;
    this.mute = 0;
    if (!this.echoed) this.echo.missed(request);
    this.finish(request, now);
    this.silence.ended(now, { gap_ms: request.unit.gap_ms, distrust: behind.length > 0 });
    if (isException(frame[1])) this.counters.add('exceptions');
    this.events.heard(request.unit.unit, now - (request.sent_up ?? now), this.noisy);
    request.resolve(frame.subarray(1, -2));
    this.sendNext(now);
    this.beat();
  }

  /** The deadline has passed. */
  private late(request: Request, now: Millis): void {
    const { unit, timeout_ms, reply_delay_ms } = request.unit;
    const { bytes } = this;
    this.drop(bytes);
    this.bytes = NONE;
    this.finish(request, now);
    if (unit === BROADCAST && isWrite(request.pdu)) return request.resolve(NONE);
    const spoke = hasSpoken(bytes, { unit: answererOf(unit), request: request.pdu });
    if (spoke) this.counters.add('bad_checksum');
    if (bytes.length > 0) this.silence.ended(now, { gap_ms: 0, distrust: true });
    else if (!this.echoed) this.echo.missed(request);
    this.counters.add('timeouts');
    const reply_ms = (longestReply(request.pdu, request.whole) ?? 0) * this.char_ms;
    this.quarantine.hold(request, now + timeout_ms + reply_delay_ms + reply_ms);
    this.events.unheard(unit, spoke, this.noisy);
    const facts = { bus: this.settings.id, unit, timeout_ms: timeout_ms + reply_delay_ms, sent: true };
    const reason = 'bytes came, but no frame with a good checksum that answers';
    request.reject(
      bytes.length > 0 ? new Fault('bus.bad-reply', { ...facts, reason }) : new Fault('bus.no-reply', facts),
    );
    this.mute = bytes.length > 0 ? 0 : this.mute + 1;
    const doubt = this.doubt(request);
    if (doubt === undefined) return;
    this.port = undefined;
    this.events.renew(doubt);
  }

  /** Why what was written may hang on its way. Something that moves must not move when the way is free again. */
  private doubt({ pdu }: Request): string | undefined {
    if (this.writing) return 'the port does not take what is written';
    if (!this.settings.remote) return undefined;
    if (this.mute >= MUTE_TO_RENEW) return `${this.mute} requests in a row were not answered`;
    return isWrite(pdu) ? 'a write was not answered' : undefined;
  }

  private finish(request: Request, now: Millis): void {
    this.current = undefined;
    this.counters.used(now, now - (request.sent_up ?? now) + this.silence.gap_ms);
  }

  /** Bytes that nobody asked for: a late reply, a duplicate, noise. */
  private stray(): void {
    this.recognise(this.bytes);
    if (this.bytes.length > MOST_BUFFERED) this.keep(MOST_BUFFERED / 2);
    if (this.queue.length > 0) this.turn();
  }

  /** Lets go of all but the last bytes. */
  private keep(last: number): void {
    this.drop(this.bytes.subarray(0, -last));
    this.bytes = this.bytes.subarray(-last);
  }

  private drop(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.recognise(bytes);
    this.counters.add('noise_bytes', bytes.length);
    if (!this.current) this.events.noise();
    this.noisy = true;
  }

  private recognise(bytes: Uint8Array): void {
    const count = this.quarantine.recognise(bytes);
    if (count > 0) this.counters.add('late_frames', count);
  }

  /** While something is under way or waits, it turns; silence does not mean that it is stuck. */
  private beat(): void {
    if (!this.world.heartbeat) return;
    const busy = this.current !== undefined || (this.port !== undefined && this.queue.length > 0);
    const { deadline = 0 } = this.current ?? {};
    const next_ms = busy ? Math.max(0, deadline - this.now()) + SLACK_MS : Number.POSITIVE_INFINITY;
    this.world.heartbeat.beat(this.loop, next_ms);
  }
}

const NONE = new Uint8Array(0);
/** One holding register at 0. What it holds does not matter, nor whether it is there. */
const ANY_READ = Uint8Array.of(3, 0, 0, 0, 1);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
