import { afterInput, NOT_NEEDED } from '../clock/index.ts';
import type { Clock } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/**
 * One wake-up for many deadlines. Setting a later time than the one already awaited costs nothing: the early wake-up finds
 * that it is not time yet and is set again by whoever looks. So a bus that is busy needs a timer per timeout, not per exchange.
 *
 * It rings only after the bytes that are already there have been heard. A process that was held up (a long computation, a slow
 * machine) finds its timers due and its input unread at once: to judge by the timer first would be to call a unit mute whose reply has come,
 * or a line silent that is not.
 */
export class Alarm {
  private readonly clock: Clock;
  private readonly name: string;
  private readonly ring: () => void;
  private due: Millis | undefined;
  private sleeping = new AbortController();

  constructor(clock: Clock, name: string, ring: () => void) {
    this.clock = clock;
    this.name = name;
    this.ring = ring;
  }

  /** Rings at `up` or earlier; a time that has come rings on the next turn. */
  setBy(up: Millis): void {
    if (this.due !== undefined && this.due <= up) return;
    if (this.due !== undefined) this.sleeping.abort(NOT_NEEDED);
    this.due = up;
    this.sleeping = new AbortController();
    void this.wait(up, this.sleeping.signal);
  }

  clear(): void {
    this.due = undefined;
    this.sleeping.abort(NOT_NEEDED);
  }

  private async wait(up: Millis, signal: AbortSignal): Promise<void> {
    try {
      await this.clock.sleep(this.name, Math.max(0, up - this.clock.now().up), signal);
    } catch {
      return;
    }
    await afterInput();
    if (signal.aborted) return;
    this.due = undefined;
    this.ring();
  }
}
