import type { Clock } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/**
 * One wake-up for many deadlines. Setting a later time than the one already awaited costs nothing: the early wake-up finds
 * that it is not time yet and is set again by whoever looks. So a bus that is busy needs a timer per timeout, not per exchange.
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
    if (this.due !== undefined) this.sleeping.abort();
    this.due = up;
    this.sleeping = new AbortController();
    const { signal } = this.sleeping;
    this.clock.sleep(this.name, Math.max(0, up - this.clock.now().up), signal).then(
      () => {
        this.due = undefined;
        this.ring();
      },
      () => {},
    );
  }

  clear(): void {
    this.due = undefined;
    this.sleeping.abort();
  }
}
