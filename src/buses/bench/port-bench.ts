import { afterInput } from '../../clock/index.ts';
import type { Bench, BenchAsk, BenchHeard, BytePort, Clock, LineSetting } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import { gapMillis } from '../modbus/silence.ts';

/** What has begun may pause so long between its pieces: USB adapters deliver every 16 ms. */
const PIECE_MS: Millis = 40;
/** A port that was just opened may still bring what came before. */
const SETTLE_MS: Millis = 20;
/** The longest frame, twice: somebody who never falls silent is not waited for beyond that. */
const LONGEST_BYTES = 512;
/** Three seconds at 115200 baud. */
const MOST_KEPT = 64 * 1024;

export interface PortBenchSettings {
  /** For faults. */
  readonly name: string;
  readonly framing: Bench['framing'];
  readonly own: LineSetting | undefined;
  readonly adjustable: boolean;
  readonly bits_per_character: (setting: LineSetting) => number;
  readonly open: (setting: LineSetting) => Promise<BytePort>;
}

interface Waiting {
  deadline: Millis;
  readonly longest_up: Millis;
  readonly sent_up: Millis;
  readonly ends: BenchAsk['ends'];
  readonly done: () => void;
  readonly fail: (reason: unknown) => void;
}

/** A bench on a port of its own: opened when it is first needed, and anew for another setting. */
export class PortBench implements Bench {
  readonly framing: Bench['framing'];
  readonly own: LineSetting | undefined;
  readonly adjustable: boolean;
  private readonly settings: PortBenchSettings;
  private readonly clock: Clock;
  private readonly alarm: Alarm;
  private port: BytePort | undefined;
  private setting: LineSetting | undefined;
  private bytes: Uint8Array = NOTHING;
  private first_up: Millis | undefined;
  private heard_up: Millis;
  private waiting: Waiting | undefined;

  constructor(settings: PortBenchSettings, clock: Clock) {
    this.settings = settings;
    this.framing = settings.framing;
    this.own = settings.own;
    this.adjustable = settings.adjustable;
    this.clock = clock;
    this.heard_up = clock.now().up;
    this.alarm = new Alarm(clock, `${settings.name} bench`, () => this.look());
  }

  async exchange(ask: BenchAsk, signal: AbortSignal): Promise<BenchHeard> {
    signal.throwIfAborted();
    const port = await this.portFor(ask.setting);
    await this.untilSilent(ask.setting, signal);
    const before = this.take();
    const char_ms = this.charMillis(ask.setting);
    const sent_up = this.clock.now().up + ask.bytes.length * char_ms;
    const abort = () => this.waiting?.fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((done, fail) => {
        this.waiting = {
          deadline: sent_up + ask.wait_ms,
          // Who only listens has said for how long.
          longest_up: sent_up + ask.wait_ms + (ask.bytes.length ? LONGEST_BYTES * char_ms + PIECE_MS : 0),
          sent_up,
          ends: ask.ends,
          done,
          fail,
        };
        this.alarm.setBy(this.waiting.deadline);
        if (signal.aborted) return fail(signal.reason);
        if (ask.bytes.length > 0) port.write(ask.bytes).catch((error) => fail(this.down(error)));
      });
    } finally {
      this.waiting = undefined;
      signal.removeEventListener('abort', abort);
    }
    const first_ms = this.first_up === undefined ? undefined : Math.max(0, this.first_up - sent_up);
    return { before, bytes: this.take(), first_ms };
  }

  async close(): Promise<void> {
    this.alarm.clear();
    const { port } = this;
    this.port = undefined;
    this.waiting?.fail(this.down('it is closed'));
    await port?.close(true);
  }

  private async portFor(setting: LineSetting): Promise<BytePort> {
    const same = this.setting?.baud === setting.baud && this.setting.parity === setting.parity;
    if (this.port && same) return this.port;
    const old = this.port;
    this.port = undefined;
    await old?.close(true);
    const port = await this.settings.open(setting);
    this.port = port;
    this.setting = setting;
    this.bytes = NOTHING;
    port.onData((chunk) => {
      if (this.port === port) this.received(chunk);
    });
    port.onLost((reason) => {
      if (this.port !== port) return;
      this.port = undefined;
      this.waiting?.fail(this.down(reason));
    });
    this.heard_up = this.clock.now().up + (this.framing === 'rtu' ? SETTLE_MS : 0);
    return port;
  }

  /** Frames on a serial line are told apart by silence; one that is never silent is spoken on all the same after a while. */
  private async untilSilent(setting: LineSetting, signal: AbortSignal): Promise<void> {
    if (this.framing === 'tcp') return;
    const gap_ms = gapMillis(setting.baud, this.settings.bits_per_character(setting));
    const patience_up = this.clock.now().up + LONGEST_BYTES * this.charMillis(setting) + PIECE_MS;
    for (;;) {
      await afterInput();
      const { up } = this.clock.now();
      const free_up = Math.min(patience_up, this.heard_up + gap_ms);
      if (up >= free_up) return;
      await this.clock.sleep(`${this.settings.name} silence`, free_up - up, signal);
    }
  }

  private received(chunk: Uint8Array): void {
    const { up } = this.clock.now();
    const joined = this.bytes.length > 0 ? Buffer.concat([this.bytes, chunk]) : chunk.slice();
    this.bytes = joined.length > MOST_KEPT ? joined.subarray(-MOST_KEPT) : joined;
    this.heard_up = Math.max(this.heard_up, up);
    const { waiting } = this;
    if (!waiting) return;
    this.first_up ??= up;
    if (waiting.ends?.(this.bytes)) return waiting.done();
    waiting.deadline = Math.max(waiting.deadline, Math.min(up + PIECE_MS, waiting.longest_up));
  }

  private look(): void {
    const { waiting } = this;
    if (!waiting) return;
    if (this.clock.now().up >= waiting.deadline) waiting.done();
    else this.alarm.setBy(waiting.deadline);
  }

  private take(): Uint8Array {
    const { bytes } = this;
    this.bytes = NOTHING;
    this.first_up = undefined;
    return bytes;
  }

  private charMillis(setting: LineSetting): Millis {
    return this.framing === 'tcp' ? 0 : (this.settings.bits_per_character(setting) * 1000) / setting.baud;
  }

  private down(error: unknown): Fault {
    const reason = error instanceof Error ? error.message : String(error);
    return new Fault('bus.down', { bus: this.settings.name, reason });
  }
}

const NOTHING = new Uint8Array(0);
