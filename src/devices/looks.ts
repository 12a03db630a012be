import { linked, withTimeout } from '../clock/index.ts';
import type { Call, Clock, WallClock } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Millis, PointSpecs, Sample } from '../model/index.ts';

/** Buses bound every exchange; this bounds a driver that waits for something else. */
const LONGEST_MS: Millis = 60_000;

/** A poll that made room for a technician's look: no failure of the device. */
export class MadeRoom extends Error {}

interface Running {
  readonly priority: Call['priority'];
  readonly ended: Promise<void>;
  giveWay(): void;
}

/**
 * Asks one device, one look at a time (calls of a session never overlap). A technician's look does not stand behind a poll that waits
 * in the queue of a busy bus: that poll gives way.
 */
export class Looks {
  private readonly device: string;
  private readonly sample: (call: Call) => Promise<Sample<PointSpecs>>;
  private readonly clock: Clock;
  private readonly wall: Pick<WallClock, 'read'> | undefined;
  private running: Running | undefined;
  private count = 0;

  constructor(
    device: string,
    sample: (call: Call) => Promise<Sample<PointSpecs>>,
    { clock, wall }: { readonly clock: Clock; readonly wall?: Pick<WallClock, 'read'> },
  ) {
    this.device = device;
    this.sample = sample;
    this.clock = clock;
    this.wall = wall;
  }

  get taken(): number {
    return this.count;
  }

  async take(priority: 'poll' | 'field', signal: AbortSignal): Promise<Sample> {
    while (this.running) {
      if (priority === 'field' && this.running.priority === 'poll') this.running.giveWay();
      await this.running.ended;
    }
    signal.throwIfAborted();
    this.count += 1;
    const { controller, release } = linked(signal);
    const late = () => new Fault('device.hung', { device: this.device, what: 'a look', ms: LONGEST_MS });
    const span = { name: `${this.device} look`, ms: LONGEST_MS, signal: controller.signal, late };
    const { up } = this.clock.now();
    const unixMillis = () => this.unixMillis();
    const look = withTimeout(this.clock, span, (bounded) =>
      this.sample({ signal: bounded, priority, up, unixMillis }),
    );
    const running: Running = {
      priority,
      ended: look.then(ignore, ignore),
      giveWay: () => controller.abort(new MadeRoom()),
    };
    this.running = running;
    try {
      return await look;
    } finally {
      release();
      if (this.running === running) this.running = undefined;
    }
  }

  private unixMillis(): number | undefined {
    const read = this.wall?.read();
    return read && read.state !== 'unsynced' ? read.unix_ms : undefined;
  }
}

const ignore = (): void => {};
