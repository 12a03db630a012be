import { type BackoffSettings, backoff, ticker } from '../../clock/index.ts';
import type { Bus, BusState, GpioChip, LineLink, LineWish } from '../../contracts/index.ts';
import { asFault, Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import { Counters } from '../counters.ts';
import { OneLink } from '../one-link.ts';
import type { BusWorld } from '../settings.ts';
import { LineSet } from './line-set.ts';

/** Opens the chip or board; when the signal aborts nobody wants it any more. */
export type OpenChip = (signal: AbortSignal) => GpioChip | Promise<GpioChip>;

const REOPEN: BackoffSettings = { first_ms: 500, base_ms: 1000, cap_ms: 15_000 };
/** Longest an opening may take before the loop counts as stuck: a board may need to start first. */
const OPENING_MS: Millis = 20_000;
/** A chip that lasted so long was no false start: it is opened again at once. */
const STEADY_MS: Millis = 2000;
/** Levels are read so often: it finds an edge that was missed, and a chip that went away. */
const LOOK_MS: Millis = 1000;

/** The lines of one GPIO chip or Firmata board. Opens by itself and comes back by itself; each device has its own lines, so one that cannot be had stops no other. */
export class LineBus extends OneLink implements Bus {
  override readonly id: string;
  override readonly kind = 'line';
  private readonly open: OpenChip;
  private readonly world: BusWorld;
  private readonly counters = new Counters();
  private readonly sets = new Map<string, LineSet>();
  private readonly stop = new AbortController();
  private readonly running: Promise<void>;
  private chip: GpioChip | undefined;
  private lose: (reason: Fault) => void = () => {};
  private state: BusState = 'opening';
  private told = false;
  /** Why it is down, while it is. */
  private why: Fault | undefined;

  constructor(id: string, open: OpenChip, world: BusWorld) {
    super();
    this.id = id;
    this.open = open;
    this.world = world;
    this.running = this.run();
  }

  override lines(device: string, wishes: Readonly<Record<string, LineWish>>): LineLink {
    const { id, world, counters } = this;
    const set = new LineSet({
      bus: id,
      device,
      wishes,
      clock: world.clock,
      counters,
      failed: (fault) => this.lose(fault),
    });
    this.sets.set(device, set);
    if (this.chip) set.attach(this.chip);
    else if (this.why) set.detach(this.why);
    return set;
  }

  stats() {
    const units = Object.fromEntries([...this.sets].map(([device, set]) => [device, set.view()]));
    return this.counters.stats(this.state, this.world.clock.now().up, units);
  }

  async restart(): Promise<void> {
    this.counters.add('restarts');
    this.lose(new Fault('bus.down', { bus: this.id, reason: 'it is being restarted' }));
  }

  async close(): Promise<void> {
    const fault = new Fault('bus.closed', { bus: this.id });
    this.stop.abort(fault);
    this.lose(fault);
    await this.running;
    this.why = fault;
    for (const set of this.sets.values()) set.detach(fault);
    this.state = 'closed';
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    let delays = backoff(REOPEN, this.world.random);
    while (!signal.aborted) {
      this.beat(OPENING_MS);
      const chip = await this.opened();
      let steady = false;
      if (chip) {
        const began = this.world.clock.now().up;
        await this.hold(chip);
        steady = this.world.clock.now().up - began >= STEADY_MS;
        if (steady) delays = backoff(REOPEN, this.world.random);
      }
      if (signal.aborted) break;
      const wait = steady ? 0 : delays.next().value;
      this.beat(wait);
      await this.world.clock.sleep(`${this.id} reopen`, wait, signal).catch(() => {});
    }
    this.beat(Number.POSITIVE_INFINITY);
  }

  private async opened(): Promise<GpioChip | undefined> {
    try {
      return await this.open(this.stop.signal);
    } catch (error) {
      if (!this.stop.signal.aborted) this.tellDown(asFault(error));
      return undefined;
    }
  }

  /** From the opening of the chip to its loss. */
  private async hold(chip: GpioChip): Promise<void> {
    const over = new AbortController();
    this.lose = (fault) => over.abort(fault);
    this.chip = chip;
    this.state = 'up';
    if (this.told) this.world.log.info({ bus: this.id }, 'bus is up again');
    this.told = false;
    this.why = undefined;
    this.world.health.clear('bus-down', this.id);
    for (const set of this.sets.values()) set.attach(chip);
    if (this.stop.signal.aborted) over.abort(this.stop.signal.reason);
    for await (const _ of ticker(
      this.world.clock,
      { name: `${this.id} look`, every_ms: LOOK_MS },
      over.signal,
    )) {
      this.beat(LOOK_MS);
      this.check(chip);
      for (const set of this.sets.values()) set.look();
    }
    this.chip = undefined;
    const fault = asFault(over.signal.reason);
    const down = fault.code.startsWith('bus.')
      ? fault
      : new Fault('bus.down', { bus: this.id, reason: fault.message });
    for (const set of this.sets.values()) set.detach(down);
    await chip.close();
    if (!this.stop.signal.aborted) this.tellDown(down);
  }

  private check(chip: GpioChip): void {
    try {
      chip.check?.();
    } catch (error) {
      this.lose(asFault(error));
    }
  }

  private tellDown(fault: Fault): void {
    this.state = 'down';
    this.why = new Fault('bus.down', { bus: this.id, reason: fault.message });
    for (const set of this.sets.values()) set.detach(this.why);
    this.world.health.raise('bus-down', this.id, fault.message);
    if (!this.told) this.world.log.warn({ bus: this.id, fault }, 'bus is down');
    this.told = true;
  }

  private beat(ms: Millis): void {
    this.world.heartbeat?.beat(`bus ${this.id}`, ms + 10_000);
  }
}
