import { type BackoffSettings, backoff, unlessAborted } from '../clock/index.ts';
import type { BusState, BytePort } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';
import type { BusWorld } from './settings.ts';

/** A technician who plugs the adapter back in does not want to wait long. */
const REOPEN: BackoffSettings = { first_ms: 500, base_ms: 1000, cap_ms: 15_000 };
/** A port that stayed open for so long was no false start: the next trouble begins with short delays again. */
const STEADY_MS: Millis = 10_000;
/** Opening a port takes at most a minute; beyond that the loop counts as stuck. */
const SLACK_MS: Millis = 120_000;

export interface Kept {
  /** The port is open. */
  readonly up: (port: BytePort) => void;
  /** It is gone, and what is on the wire with it. `again`: it is opened anew at once, so what has not been sent may wait. */
  readonly down: (fault: Fault, again: boolean) => void;
  readonly data: (chunk: Uint8Array) => void;
}

/** Why a port is left. */
interface Leaving {
  readonly fault: Fault;
  /** `lost` it went away; `useless` what came made no sense; `stale` nothing came, a new connection may help; `asked` somebody wants it. */
  readonly why: 'lost' | 'useless' | 'stale' | 'asked';
}

/**
 * Keeps one port open: opens it, notices when it vanishes, and opens it again, for ever and alone. A port over which somebody had answered
 * is opened again at once and without a word, since units close idle connections as they please; if that fails the bus is down.
 */
export class PortKeeper {
  private readonly bus: string;
  private readonly open: (signal: AbortSignal) => Promise<BytePort>;
  private readonly world: BusWorld;
  private readonly kept: Kept;
  private readonly stop = new AbortController();
  private leave: ((leaving: Leaving) => void) | undefined;
  private again = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private lent: Promise<void> | undefined;
  private closedFor: (() => void) | undefined;
  private useful = false;
  private told = false;
  state: BusState = 'opening';

  constructor(bus: string, open: (signal: AbortSignal) => Promise<BytePort>, world: BusWorld, kept: Kept) {
    this.bus = bus;
    this.open = open;
    this.world = world;
    this.kept = kept;
  }

  start(): void {
    this.running = this.run();
  }

  /** Somebody has answered over it. */
  proved(): void {
    this.useful = true;
  }

  /** Closes and opens again, now. */
  restart(): void {
    const fault = this.down('it is being restarted');
    if (this.leave) this.leave({ fault, why: 'asked' });
    else this.again.abort();
  }

  /** What comes makes no sense any more: a new connection is the only cure. */
  giveUp(reason: string): void {
    this.leave?.({ fault: this.down(reason), why: 'useless' });
  }

  /** Nothing comes: perhaps the connection is dead though nobody said so. What was written and has not left is dropped with it. */
  renew(reason: string): void {
    this.leave?.({ fault: this.down(reason), why: 'stale' });
  }

  /**
   * Leaves the port to another program. Resolves when it is closed, with the way to take it back; until then the bus is down. Faults: bus.lent,
   * bus.closed.
   */
  async lend(): Promise<() => void> {
    this.stop.signal.throwIfAborted();
    if (this.lent) throw new Fault('bus.lent', { bus: this.bus });
    let back = () => {};
    const lent = new Promise<void>((resolve) => {
      back = resolve;
    });
    this.lent = lent.then(() => {
      this.lent = undefined;
    });
    const closed = new Promise<void>((resolve) => {
      this.closedFor = resolve;
    });
    this.restart();
    await closed;
    return back;
  }

  async close(): Promise<void> {
    const fault = new Fault('bus.closed', { bus: this.bus });
    this.stop.abort(fault);
    this.state = 'closed';
    // Whoever waits is told before the port takes its time to close.
    this.kept.down(fault, false);
    this.again.abort();
    this.leave?.({ fault, why: 'asked' });
    await this.running;
    this.closedFor?.();
  }

  private async run(): Promise<void> {
    let delays = backoff(REOPEN, this.world.random);
    while (!this.stop.signal.aborted) {
      await this.whileLent();
      if (this.stop.signal.aborted) break;
      this.beat(0);
      const port = await this.opened();
      if (this.stop.signal.aborted) break;
      if (this.lent) continue;
      let wait: Millis | undefined;
      if (port) {
        const began = this.world.clock.now().up;
        const { why } = await this.hold(port);
        const steady = this.useful || this.world.clock.now().up - began >= STEADY_MS;
        if (steady) delays = backoff(REOPEN, this.world.random);
        if (this.useful || why === 'asked') wait = 0;
      }
      if (this.stop.signal.aborted) break;
      wait ??= delays.next().value;
      this.beat(wait);
      this.again = new AbortController();
      if (wait > 0)
        await this.world.clock.sleep(`${this.bus} reopen`, wait, this.again.signal).catch(() => {});
    }
    this.beat(Number.POSITIVE_INFINITY);
  }

  private async whileLent(): Promise<void> {
    if (!this.lent) return;
    this.tellDown(this.down('it is lent to a technician'));
    this.closedFor?.();
    this.beat(Number.POSITIVE_INFINITY);
    await unlessAborted(this.lent, this.stop.signal).catch(() => {});
  }

  /** undefined: it cannot be opened, or nobody wants it any more. */
  private async opened(): Promise<BytePort | undefined> {
    try {
      const port = await this.open(this.stop.signal);
      if (!this.stop.signal.aborted && !this.lent) return port;
      await port.close().catch(() => {});
    } catch (error) {
      if (!this.stop.signal.aborted) this.tellDown(asFault(error));
    }
    return undefined;
  }

  /** From the opening of the port to its loss. */
  private async hold(port: BytePort): Promise<Leaving> {
    const left = new Promise<Leaving>((resolve) => {
      this.leave = resolve;
      port.onLost((error) => resolve({ fault: this.down(error.message), why: 'lost' }));
    });
    let open = true;
    port.onData((chunk) => {
      if (open) this.kept.data(chunk);
    });
    if (this.told) this.world.log.info({ bus: this.bus }, 'bus is up again');
    this.told = false;
    this.useful = false;
    this.state = 'up';
    this.world.health.clear('bus-down', this.bus);
    this.beat(Number.POSITIVE_INFINITY);
    this.kept.up(port);
    const leaving = await left;
    open = false;
    this.leave = undefined;
    if (!this.stop.signal.aborted) this.tellLeft(leaving);
    await port.close(leaving.why === 'stale').catch(() => {});
    return leaving;
  }

  private tellLeft({ fault, why }: Leaving): void {
    if (!this.useful && (why === 'lost' || why === 'useless')) return this.tellDown(fault);
    this.state = 'opening';
    this.kept.down(fault, this.useful && why !== 'asked');
  }

  private tellDown(fault: Fault): void {
    if (!this.told) this.world.log.warn({ bus: this.bus, fault }, 'bus is down');
    this.told = true;
    this.state = 'down';
    this.world.health.raise('bus-down', this.bus, fault.message);
    this.kept.down(fault.code === 'bus.down' ? fault : this.down(fault.message), false);
  }

  private down(reason: string): Fault {
    return new Fault('bus.down', { bus: this.bus, reason });
  }

  /** It turns again within `next_ms`. */
  private beat(next_ms: Millis): void {
    this.world.heartbeat?.beat(`port of ${this.bus}`, next_ms + SLACK_MS);
  }
}
