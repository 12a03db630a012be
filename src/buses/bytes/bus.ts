import { unlessAborted, withTimeout } from '../../clock/index.ts';
import type { Bus, BytePort, BytesLink, Call, FrameRule, UnitSettings } from '../../contracts/index.ts';
import { asFault, Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import { Counters } from '../counters.ts';
import { PortKeeper } from '../keeper.ts';
import { OneLink } from '../one-link.ts';
import { PriorityQueue } from '../queue.ts';
import { type BusSettings, type BusWorld, bitsPerCharacter } from '../settings.ts';
import { Turn } from '../turn.ts';
import { type Listener, listenTo } from './listening.ts';
import { Stream } from './stream.ts';

type BytesBusSettings = Extract<BusSettings, { type: `serial${string}` }>;

/** How often a silent line is looked at while bytes wait for a rule that cuts by silence. */
const IDLE_LOOK_MS: Millis = 20;
/** A reply that has begun may pause so long between its pieces. */
const PIECE_MS: Millis = 100;
/** So many timeouts in a row: the serial server is gone though nobody said so. */
const MUTE_TO_RENEW = 4;
/** An exchange ends by its deadline; beyond that by so much, the loop counts as stuck. */
const SLACK_MS: Millis = 60_000;

/** Until when a reply may come. */
interface Waiting {
  deadline: Millis;
  readonly longest_up: Millis;
  readonly late: () => void;
}

/** A byte stream with one device on it: a serial port, or the raw TCP socket of a serial device server. */
export class BytesBus extends OneLink implements Bus {
  override readonly id: string;
  override readonly kind = 'bytes';
  private readonly remote: boolean;
  private readonly world: BusWorld;
  private readonly counters = new Counters();
  private readonly keeper: PortKeeper;
  private readonly stream = new Stream();
  private readonly queue = new PriorityQueue<Turn>();
  private readonly alarm: Alarm;
  private readonly gap: Alarm;
  private readonly char_ms: Millis;
  private port: BytePort | undefined;
  /** Aborts when the port goes: what it has not taken by then it never will. */
  private leaving = new AbortController();
  private down: Fault;
  private listener: Listener | undefined;
  private waiting: Waiting | undefined;
  /** Somebody has the line. */
  private busy = false;
  /** The reply to a request that timed out may still come, and would be taken for that to the next. */
  private feared = false;
  private mute = 0;
  private free_up: Millis = 0;

  constructor(settings: BytesBusSettings, world: BusWorld) {
    super();
    this.id = settings.id;
    this.remote = settings.type === 'serial-tcp';
    this.world = world;
    this.char_ms = ((settings.type === 'serial' ? bitsPerCharacter(settings) : 10) * 1000) / settings.baud;
    this.down = this.fault('it is not open yet');
    this.alarm = new Alarm(world.clock, `${settings.id} wire`, () => this.look());
    this.gap = new Alarm(world.clock, `${settings.id} gap`, () => this.next());
    const open = (signal: AbortSignal) =>
      settings.type === 'serial'
        ? world.ports.serial(settings)
        : world.ports.tcp(settings.host, settings.port, settings.connect_timeout_ms, signal);
    this.keeper = new PortKeeper(settings.id, open, world, {
      up: (port) => {
        this.port = port;
        this.leaving = new AbortController();
        this.mute = 0;
        this.stream.clear();
      },
      down: (fault) => this.lost(fault),
      data: (chunk) => this.received(chunk),
    });
    this.keeper.start();
  }

  override bytes(_device: string, unit: UnitSettings): BytesLink {
    return {
      exchange: (request, rule, call) =>
        this.take(call, unit, () => this.exchange(request, rule, unit), true),
      send: (bytes, call) => this.take(call, unit, () => this.send(bytes, unit), false),
      frames: (rule, signal) => this.frames(rule, signal),
    };
  }

  stats() {
    return this.counters.stats(this.keeper.state, this.world.clock.now().up, {});
  }

  async restart(): Promise<void> {
    this.counters.add('restarts');
    this.keeper.restart();
  }

  override lend(): Promise<() => void> {
    return this.keeper.lend();
  }

  close(): Promise<void> {
    return this.keeper.close();
  }

  /** When it is its turn; before that it can be passed by what is more urgent. `asks`: it waits for a reply. */
  private take<T>(call: Call, { gap_ms }: UnitSettings, work: () => Promise<T>, asks: boolean): Promise<T> {
    const spaced = async () => {
      try {
        return await work();
      } finally {
        this.free_up = this.world.clock.now().up + gap_ms;
      }
    };
    const ready = (turn: Turn) => {
      if (!this.port) return turn.reject(this.unsent());
      this.queue.push(turn);
      this.next();
    };
    return Turn.take(call, { asks, work: spaced }, { ready, gone: (turn) => this.queue.remove(turn) });
  }

  /** Lets the most urgent one have the line, when it is free and the device has had the silence it needs. */
  private next(): void {
    if (this.busy || this.queue.length === 0) return;
    if (this.world.clock.now().up < this.free_up) return this.gap.setBy(this.free_up);
    const turn = this.queue.take(({ asks }) => !(asks && this.feared));
    if (!turn) return;
    this.busy = true;
    void turn.run().then(() => {
      this.busy = false;
      this.next();
    });
  }

  private async write(bytes: Uint8Array): Promise<void> {
    if (!this.port) throw this.unsent();
    this.counters.add('bytes_out', bytes.length);
    await unlessAborted(this.port.write(bytes), this.leaving.signal);
  }

  /** Nothing comes back that would show whether it has left: a port that does not take it in time is made anew, and what hangs in it dropped. */
  private async send(bytes: Uint8Array, { unit, timeout_ms }: UnitSettings): Promise<void> {
    const reason = 'the port does not take what is written';
    const late = () => new Fault('bus.down', { bus: this.id, unit, reason, sent: true });
    const span = { name: `${this.id} send`, ms: bytes.length * this.char_ms + timeout_ms, late };
    let taken = false;
    try {
      await withTimeout(this.world.clock, span, () => this.write(bytes));
      taken = true;
    } finally {
      if (!taken && this.port) this.keeper.renew(reason);
    }
  }

  /** Seen through to its end, even if its caller has gone away: the reply would be taken for that to the next request. */
  private async exchange(request: Uint8Array, rule: FrameRule, unit: UnitSettings): Promise<Uint8Array> {
    if (!this.port) throw this.unsent();
    this.skipped(this.stream.clear());
    const began = this.world.clock.now().up;
    const timeout_ms = unit.timeout_ms + unit.reply_delay_ms;
    const leaving_ms = request.length * this.char_ms;
    this.counters.add('exchanges');
    this.world.heartbeat?.beat(`bus ${this.id}`, leaving_ms + 2 * timeout_ms + SLACK_MS);
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        let writing = true;
        this.listener = { rule, frame: resolve, fail: reject };
        const late = () => {
          this.counters.add('timeouts');
          reject(new Fault('bus.no-reply', { bus: this.id, unit: unit.unit, timeout_ms, sent: true }));
          this.fearLate(rule, timeout_ms);
          if (writing) this.keeper.renew('the port does not take what is written');
        };
        this.waiting = {
          deadline: began + leaving_ms + timeout_ms,
          longest_up: began + leaving_ms + 2 * timeout_ms + PIECE_MS,
          late,
        };
        this.alarm.setBy(this.waiting.deadline);
        this.write(request).then(() => {
          writing = false;
        }, reject);
      });
    } finally {
      this.waiting = undefined;
      const now = this.world.clock.now().up;
      this.counters.used(now, now - began);
      this.world.heartbeat?.beat(`bus ${this.id}`, Number.POSITIVE_INFINITY);
    }
  }

  /** After a timeout the line is left alone for another one, or until the late reply is there. */
  private fearLate(rule: FrameRule, timeout_ms: Millis): void {
    const over = new AbortController();
    const heard = () => {
      this.counters.add('late_frames');
      over.abort();
    };
    const listener: Listener = { rule, frame: heard, fail: () => over.abort() };
    this.listener = listener;
    this.feared = true;
    void this.world.clock
      .sleep(`${this.id} late reply`, timeout_ms, over.signal)
      .catch(() => {})
      .then(() => {
        this.feared = false;
        if (this.listener === listener) this.listener = undefined;
        this.next();
      });
    this.mute += 1;
    if (this.remote && this.mute >= MUTE_TO_RENEW)
      this.keeper.renew(`${this.mute} requests in a row were not answered`);
  }

  private async *frames(rule: FrameRule, signal: AbortSignal): AsyncIterable<Uint8Array> {
    if (!this.port) throw this.down;
    yield* listenTo(rule, signal, {
      begin: (listener) => {
        this.listener = listener;
        this.feed();
      },
      end: (listener) => {
        if (this.listener === listener) this.listener = undefined;
      },
      missed: () => this.counters.add('late_frames'),
    });
  }

  private received(chunk: Uint8Array): void {
    const { up } = this.world.clock.now();
    this.counters.add('bytes_in', chunk.length);
    this.counters.used(up, chunk.length * this.char_ms);
    this.skipped(this.stream.push(chunk, up));
    const { waiting } = this;
    if (waiting) waiting.deadline = Math.max(waiting.deadline, Math.min(up + PIECE_MS, waiting.longest_up));
    this.feed();
  }

  /** Gives the listener every frame that can be cut now. */
  private feed(): void {
    const { up } = this.world.clock.now();
    while (this.listener) {
      const { listener } = this;
      try {
        const { frame, skipped } = this.stream.cut(listener.rule, up);
        this.skipped(skipped);
        if (!frame) break;
        this.keeper.proved();
        this.mute = 0;
        if (this.waiting) this.listener = undefined;
        listener.frame(frame);
      } catch (error) {
        // A rule that fails is a fault of its driver; the line goes on.
        this.skipped(this.stream.clear());
        this.listener = undefined;
        listener.fail(asFault(error));
      }
    }
    // A rule may cut by silence, so silence is looked at while something waits.
    if (this.listener && this.stream.waiting) this.alarm.setBy(up + IDLE_LOOK_MS);
  }

  private look(): void {
    this.feed();
    const { waiting, listener } = this;
    if (!waiting || !listener) return;
    if (this.world.clock.now().up >= waiting.deadline) waiting.late();
    else this.alarm.setBy(waiting.deadline);
  }

  private lost(fault: Fault): void {
    this.port = undefined;
    this.down = fault;
    this.leaving.abort(new Fault(fault.code, { ...fault.facts, sent: true }));
    this.alarm.clear();
    this.gap.clear();
    this.stream.clear();
    for (const turn of this.queue.drain()) turn.reject(this.unsent());
    const { listener } = this;
    this.listener = undefined;
    // What an exchange has written may have arrived.
    listener?.fail(this.waiting ? new Fault(fault.code, { ...fault.facts, sent: true }) : fault);
  }

  private skipped(count: number): void {
    if (count > 0) this.counters.add('noise_bytes', count);
  }

  private unsent(): Fault {
    return new Fault(this.down.code, { ...this.down.facts, sent: false });
  }

  private fault(reason: string): Fault {
    return new Fault('bus.down', { bus: this.id, reason });
  }
}
