import type { Clock } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** Sleeps until a moment that may change while it sleeps, and wakes once. */
export class Nap {
  private readonly clock: Clock;
  private readonly name: string;
  private readonly wake: () => void;
  private now: { readonly at: Millis; readonly over: AbortController } | undefined;

  constructor(clock: Clock, name: string, wake: () => void) {
    this.clock = clock;
    this.name = name;
    this.wake = wake;
  }

  /** In place of the moment before; infinite: not at all. */
  until(at: Millis): void {
    if (this.now?.at === at) return;
    this.end();
    if (!Number.isFinite(at)) return;
    const over = new AbortController();
    this.now = { at, over };
    const { clock } = this;
    clock.sleep(this.name, Math.max(0, at - clock.now().up), over.signal).then(
      () => {
        this.now = undefined;
        this.wake();
      },
      () => {},
    );
  }

  end(): void {
    this.now?.over.abort();
    this.now = undefined;
  }
}
