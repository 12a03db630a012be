import { linked } from '../clock/index.ts';
import { isFault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';
import { type Looks, MadeRoom } from './looks.ts';
import type { Perception } from './perception.ts';
import { afterLook, beginSchedule, type Schedule } from './schedule.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';

/** Longest a look may take before the device's loop counts as stuck. */
const SLACK_MS: Millis = 120_000;

/** A wire that is not there yet, or came back, is not waited for until the next beat of a slow rhythm; asking costs nothing. */
const WIRELESS_MS: Millis = 1000;

/** Looks at a device in its rhythm, and at once when asked to. */
export class Polling {
  private readonly settings: DeviceSettings;
  private readonly world: DeviceWorld;
  private readonly looks: Looks;
  private readonly perception: Perception;
  private schedule: Schedule;
  private poke: (() => void) | undefined;
  private again = false;
  /** The last look found no wire. */
  private wireless = false;

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
      const began_up = this.world.clock.now().up;
      await this.lookOnce(signal, began_up >= this.schedule.next_up);
      const span = { began_up, ended_up: this.world.clock.now().up };
      this.schedule = afterLook(this.schedule, span, this.perception.restAfter());
    }
  }

  /** The state is wanted before the next beat of the rhythm. A look already under way may have seen the old one: another follows. */
  lookSoon(): void {
    this.again = true;
    this.poke?.();
  }

  private async lookOnce(signal: AbortSignal, isDue: boolean): Promise<void> {
    try {
      const sample = await this.looks.take('poll', signal);
      this.wireless = false;
      if (!signal.aborted) this.perception.perceive(sample);
    } catch (error) {
      if (signal.aborted || error instanceof MadeRoom) return;
      this.wireless = isFault(error, 'bus.down');
      // Looks at a wire that is not there say no more about the device than its rhythm does.
      this.perception.judge(error, this.wireless && !isDue ? 0 : 1);
    }
  }

  private async untilDue(signal: AbortSignal): Promise<void> {
    const wait = this.schedule.next_up - this.world.clock.now().up;
    this.world.heartbeat?.beat(`device ${this.settings.id}`, Math.max(0, wait) + SLACK_MS);
    if (wait <= 0 || this.again) return;
    const sleep_ms = this.wireless ? Math.min(wait, WIRELESS_MS) : wait;
    const { controller, release } = linked(signal);
    this.poke = () => controller.abort();
    await this.world.clock.sleep(`${this.settings.id} poll`, sleep_ms, controller.signal).catch(() => {});
    this.poke = undefined;
    release();
  }
}
