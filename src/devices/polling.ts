import { linked } from '../clock/index.ts';
import type { Millis } from '../model/index.ts';
import { type Looks, MadeRoom } from './looks.ts';
import type { Perception } from './perception.ts';
import { afterLook, beginSchedule, type Schedule } from './schedule.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';

/** Longest a look may take before the device's loop counts as stuck. */
const SLACK_MS: Millis = 120_000;

/** Looks at a device in its rhythm, and at once when asked to. */
export class Polling {
  private readonly settings: DeviceSettings;
  private readonly world: DeviceWorld;
  private readonly looks: Looks;
  private readonly perception: Perception;
  private schedule: Schedule;
  private poke: (() => void) | undefined;
  private again = false;

  constructor(
    parts: { readonly settings: DeviceSettings; readonly looks: Looks; readonly perception: Perception },
    place: { readonly index: number; readonly of: number },
    world: DeviceWorld,
  ) {
    this.settings = parts.settings;
    this.looks = parts.looks;
    this.perception = parts.perception;
    this.world = world;
    this.schedule = beginSchedule(world.clock.now().up, parts.settings.poll_ms, place);
  }

  get missed(): number {
    return this.schedule.missed;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.untilDue(signal);
      if (signal.aborted) return;
      this.again = false;
      await this.lookOnce(signal);
      this.schedule = afterLook(this.schedule, this.world.clock.now().up, this.perception.restAfter());
    }
  }

  /** The state is wanted before the next beat of the rhythm. A look already under way may have seen the old one: another follows. */
  lookSoon(): void {
    this.again = true;
    this.poke?.();
  }

  private async lookOnce(signal: AbortSignal): Promise<void> {
    try {
      const sample = await this.looks.take('poll', signal);
      if (!signal.aborted) this.perception.perceive(sample);
    } catch (error) {
      if (!signal.aborted && !(error instanceof MadeRoom)) this.perception.judge(error);
    }
  }

  private async untilDue(signal: AbortSignal): Promise<void> {
    const wait = this.schedule.next_up - this.world.clock.now().up;
    this.world.heartbeat?.beat(`device ${this.settings.id}`, Math.max(0, wait) + SLACK_MS);
    if (wait <= 0 || this.again) return;
    const { controller, release } = linked(signal);
    this.poke = () => controller.abort();
    await this.world.clock.sleep(`${this.settings.id} poll`, wait, controller.signal).catch(() => {});
    this.poke = undefined;
    release();
  }
}
