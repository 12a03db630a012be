import { type BackoffSettings, backoff } from '../clock/index.ts';
import type { BusState, BytePort } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { BusWorld } from './settings.ts';

/** A technician who plugs the adapter back in does not want to wait long. */
const REOPEN: BackoffSettings = { first_ms: 500, base_ms: 1000, cap_ms: 15_000 };

export interface Kept {
  /** The port is open. */
  readonly up: (port: BytePort) => void;
  /** It vanished; all that waits must be told. */
  readonly down: (fault: Fault) => void;
  readonly data: (chunk: Uint8Array) => void;
}

/** Keeps one port open: opens it, notices when it vanishes, and opens it again, for ever and alone. */
export class PortKeeper {
  private readonly bus: string;
  private readonly open: () => Promise<BytePort>;
  private readonly world: BusWorld;
  private readonly kept: Kept;
  private readonly stop = new AbortController();
  private port: BytePort | undefined;
  /** Ends the wait of the running loop: the port was lost, or is wanted anew. */
  private leave: ((reason: Fault) => void) | undefined;
  private again = new AbortController();
  private running: Promise<void> = Promise.resolve();
  state: BusState = 'opening';
  /** Why it is down. */
  reason = 'not opened yet';

  constructor(bus: string, open: () => Promise<BytePort>, world: BusWorld, kept: Kept) {
    this.bus = bus;
    this.open = open;
    this.world = world;
    this.kept = kept;
  }

  start(): void {
    this.running = this.run();
  }

  /** Closes and opens again, now. */
  restart(): void {
    const fault = new Fault('bus.down', { bus: this.bus, reason: 'it is being restarted' });
    if (this.leave) this.leave(fault);
    else this.again.abort();
  }

  /** The wire is out of step for good: a new connection is the only cure. */
  giveUp(reason: string): void {
    this.leave?.(new Fault('bus.down', { bus: this.bus, reason }));
  }

  async close(): Promise<void> {
    const fault = new Fault('bus.closed', { bus: this.bus });
    this.stop.abort(fault);
    this.again.abort();
    this.leave?.(fault);
    await this.running;
    this.state = 'closed';
    this.kept.down(fault);
  }

  private async run(): Promise<void> {
    let delays = backoff(REOPEN, this.world.random);
    while (!this.stop.signal.aborted) {
      const fault = await this.openOnce();
      if (this.stop.signal.aborted) return;
      if (fault === undefined) {
        delays = backoff(REOPEN, this.world.random);
        await this.hold();
      } else this.tellDown(fault);
      this.world.heartbeat?.beat('buses');
      if (this.stop.signal.aborted) return;
      this.again = new AbortController();
      const wait = delays.next().value;
      await this.world.clock.sleep(`${this.bus} reopen`, wait, this.again.signal).catch(() => {});
    }
  }

  private async openOnce(): Promise<Fault | undefined> {
    try {
      const port = await this.open();
      if (this.stop.signal.aborted) await port.close();
      else this.port = port;
      return undefined;
    } catch (error) {
      return asFault(error);
    }
  }

  /** From the opening of the port to its loss. */
  private async hold(): Promise<void> {
    const { port } = this;
    if (!port) return;
    const lost = new Promise<Fault>((resolve) => {
      this.leave = resolve;
      port.onLost((error) => resolve(new Fault('bus.down', { bus: this.bus, reason: error.message })));
    });
    port.onData(this.kept.data);
    if (this.state === 'down') this.world.log.info({ bus: this.bus }, 'bus is up again');
    this.state = 'up';
    this.world.health.clear('bus-down', this.bus);
    this.kept.up(port);
    const fault = await lost;
    this.leave = undefined;
    this.port = undefined;
    if (!this.stop.signal.aborted) this.tellDown(fault);
    await port.close().catch(() => {});
  }

  private tellDown(fault: Fault): void {
    if (this.state !== 'down') this.world.log.warn({ bus: this.bus, fault }, 'bus is down');
    this.state = 'down';
    this.reason = fault.message;
    this.world.health.raise('bus-down', this.bus, fault.message);
    this.kept.down(
      fault.code === 'bus.down' ? fault : new Fault('bus.down', { bus: this.bus, reason: fault.message }),
    );
  }
}
