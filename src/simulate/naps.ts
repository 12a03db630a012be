import type { Clock } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** Waiting of the devices of one wire. Something done to a device ends its nap. */
export class Naps {
  private readonly clock: Clock;
  private readonly sleeping = new Map<string, AbortController>();
  private readonly signal: AbortSignal;

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock;
    this.signal = signal;
    signal.addEventListener('abort', () => {
      for (const nap of this.sleeping.values()) nap.abort(signal.reason);
    });
  }

  /** Rejects when all is over. */
  async take(device: string, what: string, ms: Millis): Promise<void> {
    const nap = new AbortController();
    this.sleeping.set(device, nap);
    await this.clock.sleep(`${device} ${what}`, ms, nap.signal).catch(() => {});
    this.signal.throwIfAborted();
  }

  end(device: string): void {
    this.sleeping.get(device)?.abort(POKED);
  }
}

const POKED = new Error('something has been done to it');
