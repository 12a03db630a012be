import { linked, withTimeout } from '../clock/index.ts';
import type { Call, Heard } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Millis, PointSpecs } from '../model/index.ts';
import type { Perception } from './perception.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';

/** A device that speaks first is mute after so many of its intervals, and never sooner than this. */
const SILENT_INTERVALS = 4;
const SILENT_MS: Millis = 5000;
/** A conversation that broke is begun again after these: the first at once almost, since a single bad frame may have ended it. */
const AGAIN_MS: readonly Millis[] = [100, 1000, 2000, 5000, 10_000];
/** Time to spare before the loop counts as stuck. */
const SLACK_MS: Millis = 60_000;

type Watch = (call: Call) => AsyncIterable<Heard<PointSpecs>>;

/** Listens to a device that speaks first, for ever: a conversation that ends, breaks or falls silent is begun again. */
export class Listening {
  private readonly settings: DeviceSettings;
  private readonly watch: Watch;
  private readonly perception: Perception;
  private readonly world: DeviceWorld;
  /** undefined: it only reports events, and may be silent for days. */
  private readonly silence_ms: Millis | undefined;
  private count = 0;

  constructor(
    parts: { readonly settings: DeviceSettings; readonly watch: Watch; readonly perception: Perception },
    points: PointSpecs,
    world: DeviceWorld,
  ) {
    this.settings = parts.settings;
    this.watch = parts.watch;
    this.perception = parts.perception;
    this.world = world;
    const speaks = Object.keys(points).length > 0;
    this.silence_ms = speaks ? Math.max(SILENT_MS, parts.settings.poll_ms * SILENT_INTERVALS) : undefined;
  }

  get heard(): number {
    return this.count;
  }

  async run(signal: AbortSignal): Promise<void> {
    let broken = 0;
    while (!signal.aborted) {
      const before = this.count;
      const fault = await this.converse(signal).then(
        () => this.ended(before),
        (error: unknown) => error,
      );
      if (signal.aborted) return;
      const silent = fault instanceof Fault && fault.code === 'device.silent';
      if (fault !== undefined) this.perception.judge(fault, silent ? SILENT_INTERVALS : 1);
      broken = this.count > before ? 0 : broken + 1;
      const wait = AGAIN_MS[Math.min(broken, AGAIN_MS.length - 1)] ?? 0;
      this.turned();
      await this.world.clock.sleep(`${this.settings.id} listen again`, wait, signal).catch(() => {});
    }
  }

  /** Ends with a return (the session had enough) or a throw (it broke, or fell silent). */
  private async converse(signal: AbortSignal): Promise<void> {
    const { controller: ending, release } = linked(signal);
    const words = this.watch({ signal: ending.signal, priority: 'poll' })[Symbol.asyncIterator]();
    try {
      while (!signal.aborted) {
        this.turned();
        const next = await this.within(signal, () => words.next());
        if (signal.aborted || next.done) return;
        this.hear(next.value);
      }
    } finally {
      ending.abort();
      release();
      // It may hang in its own clean-up; nobody waits for that.
      void words.return?.().catch(() => {});
    }
  }

  private within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { settings, silence_ms, world } = this;
    const ms = silence_ms ?? Number.MAX_SAFE_INTEGER;
    const late = () => new Fault('device.silent', { device: settings.id, ms });
    return withTimeout(world.clock, { name: `${settings.id} silence`, ms, signal, late }, work);
  }

  private hear(heard: Heard<PointSpecs>): void {
    this.count += 1;
    if ('sample' in heard) this.perception.perceive(heard.sample, heard.up);
    else void this.perception.tell(heard.event, heard.fields, { up: heard.up });
  }

  /** A device that ends its conversation without a word has nothing to say. */
  private ended(before: number): Fault | undefined {
    if (this.count > before) return undefined;
    return new Fault('device.hung', {
      device: this.settings.id,
      what: 'a conversation without a word',
      ms: 0,
    });
  }

  private turned(): void {
    const next_ms = this.silence_ms === undefined ? Number.POSITIVE_INFINITY : this.silence_ms + SLACK_MS;
    this.world.heartbeat?.beat(`device ${this.settings.id}`, next_ms);
  }
}
