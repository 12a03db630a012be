import type { Bus, BytePort, BytesLink, Call, FrameRule, UnitSettings } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import { Counters } from '../counters.ts';
import { PortKeeper } from '../keeper.ts';
import { type BusSettings, type BusWorld, bitsPerCharacter } from '../settings.ts';
import { Stream } from './stream.ts';

type BytesBusSettings = Extract<BusSettings, { type: `serial${string}` }>;

/** How often a silent line is looked at while bytes wait for a rule that cuts by silence. */
const IDLE_LOOK_MS: Millis = 20;

/** Somebody who waits for the next frame. */
interface Listener {
  readonly rule: FrameRule;
  readonly frame: (frame: Uint8Array) => void;
  readonly fail: (fault: Error) => void;
}

/** A byte stream with one device on it: a serial port, or the raw TCP socket of a serial device server. */
export class BytesBus implements Bus {
  readonly id: string;
  readonly kind = 'bytes';
  private readonly world: BusWorld;
  private readonly counters = new Counters();
  private readonly keeper: PortKeeper;
  private readonly stream = new Stream();
  private readonly idle: Alarm;
  private readonly char_ms: Millis;
  private port: BytePort | undefined;
  private down: Fault;
  private listener: Listener | undefined;
  /** Exchanges and sends take turns. */
  private tail: Promise<unknown> = Promise.resolve();
  /** The device needs silence until then. */
  private free_up: Millis = 0;

  constructor(settings: BytesBusSettings, world: BusWorld) {
    this.id = settings.id;
    this.world = world;
    this.char_ms = ((settings.type === 'serial' ? bitsPerCharacter(settings) : 10) * 1000) / settings.baud;
    this.down = new Fault('bus.down', { bus: settings.id, reason: 'it is not open yet' });
    this.idle = new Alarm(world.clock, `${settings.id} idle`, () => this.feed());
    const open = () =>
      settings.type === 'serial'
        ? world.ports.serial(settings)
        : world.ports.tcp(settings.host, settings.port, settings.connect_timeout_ms);
    this.keeper = new PortKeeper(settings.id, open, world, {
      up: (port) => {
        this.port = port;
        this.stream.clear();
      },
      down: (fault) => this.lost(fault),
      data: (chunk) => this.received(chunk),
    });
    this.keeper.start();
  }

  modbus(device: string): never {
    throw new Fault('bus.wrong-link', { bus: this.id, device, kind: 'bytes', wanted: 'modbus' });
  }

  bytes(_device: string, unit: UnitSettings): BytesLink {
    return {
      exchange: (request, rule, call) =>
        this.inTurn(call, unit, () => this.exchange(request, { rule, call, unit })),
      send: (bytes, call) => this.inTurn(call, unit, () => this.write(bytes)),
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

  close(): Promise<void> {
    return this.keeper.close();
  }

  /** One after the other, with the device's silence in between; a caller who has gone away is passed over. */
  private inTurn<T>(call: Call, { gap_ms }: UnitSettings, work: () => Promise<T>): Promise<T> {
    const { clock } = this.world;
    const mine = this.tail.then(async () => {
      if (call.signal.aborted) throw call.signal.reason;
      const wait_ms = this.free_up - clock.now().up;
      if (wait_ms > 0) await clock.sleep(`${this.id} gap`, wait_ms, call.signal);
      try {
        return await work();
      } finally {
        if (gap_ms > 0) this.free_up = clock.now().up + gap_ms;
      }
    });
    this.tail = mine.catch(() => {});
    return mine;
  }

  private async write(bytes: Uint8Array): Promise<void> {
    if (!this.port) throw this.down;
    this.counters.add('bytes_out', bytes.length);
    await this.port.write(bytes);
  }

  private async exchange(
    request: Uint8Array,
    { rule, call, unit }: { readonly rule: FrameRule; readonly call: Call; readonly unit: UnitSettings },
  ): Promise<Uint8Array> {
    this.skipped(this.stream.clear());
    this.counters.add('exchanges');
    const began = this.world.clock.now().up;
    const over = new AbortController();
    const timeout_ms = unit.timeout_ms + unit.reply_delay_ms + request.length * this.char_ms;
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.listener = { rule, frame: resolve, fail: reject };
        const late = () => {
          this.counters.add('timeouts');
          reject(
            new Fault('bus.no-reply', {
              bus: this.id,
              unit: unit.unit,
              timeout_ms: unit.timeout_ms + unit.reply_delay_ms,
            }),
          );
        };
        this.world.clock.sleep(`${this.id} reply`, timeout_ms, over.signal).then(late, () => {});
        call.signal.addEventListener('abort', () => reject(call.signal.reason), {
          once: true,
          signal: over.signal,
        });
        this.write(request).catch(reject);
      });
    } finally {
      over.abort();
      this.listener = undefined;
      const now = this.world.clock.now().up;
      this.counters.used(now, now - began);
      this.world.heartbeat?.beat('buses');
    }
  }

  private async *frames(rule: FrameRule, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const waiting: Uint8Array[] = [];
    let failed: Error | undefined;
    let wake: (() => void) | undefined;
    const listener: Listener = {
      rule,
      frame: (frame) => {
        waiting.push(frame);
        wake?.();
      },
      fail: (fault) => {
        failed = fault;
        wake?.();
      },
    };
    if (!this.port) throw this.down;
    const abort = () => wake?.();
    signal.addEventListener('abort', abort, { once: true });
    this.listener = listener;
    this.feed();
    try {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next) yield next;
        else if (failed) throw failed;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', abort);
      if (this.listener === listener) this.listener = undefined;
    }
  }

  private received(chunk: Uint8Array): void {
    const { up } = this.world.clock.now();
    this.counters.add('bytes_in', chunk.length);
    this.counters.used(up, chunk.length * this.char_ms);
    this.skipped(this.stream.push(chunk, up));
    this.feed();
  }

  /** Gives the listener every frame that can be cut now. */
  private feed(): void {
    const { up } = this.world.clock.now();
    while (this.listener) {
      const { frame, skipped } = this.stream.cut(this.listener.rule, up);
      this.skipped(skipped);
      if (!frame) break;
      this.world.heartbeat?.beat('buses');
      this.listener.frame(frame);
    }
    // A rule may cut by silence, so silence is looked at while something waits.
    if (this.listener && this.stream.waiting) this.idle.setBy(up + IDLE_LOOK_MS);
  }

  private lost(fault: Fault): void {
    this.port = undefined;
    this.down = fault;
    this.idle.clear();
    this.stream.clear();
    this.listener?.fail(fault);
  }

  private skipped(count: number): void {
    if (count > 0) this.counters.add('noise_bytes', count);
  }
}
