import type { Lane } from '../model/index.ts';

/** Tells those who send that there is something new; what is told while nobody listens is told when they listen again. */
export class Arrivals {
  private readonly listeners = new Set<Listener>();

  notify(lanes: readonly Lane[]): void {
    if (lanes.length === 0) return;
    for (const listener of this.listeners) {
      for (const lane of lanes) listener.lanes.add(lane);
      listener.wake();
    }
  }

  end(): void {
    for (const listener of this.listeners) listener.end();
  }

  /** Heard from this call on, not only from the first `next`. */
  listen(signal: AbortSignal): AsyncIterable<ReadonlySet<Lane>> {
    const listener = new Listener();
    this.listeners.add(listener);
    const stop = () => listener.end();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    return this.iterate(listener, () => signal.removeEventListener('abort', stop));
  }

  private async *iterate(listener: Listener, leave: () => void): AsyncGenerator<ReadonlySet<Lane>> {
    try {
      while (await listener.something()) {
        const lanes = new Set(listener.lanes);
        listener.lanes.clear();
        yield lanes;
      }
    } finally {
      this.listeners.delete(listener);
      leave();
    }
  }
}

class Listener {
  readonly lanes = new Set<Lane>();
  private over = false;
  private waiter: (() => void) | undefined;

  wake(): void {
    this.waiter?.();
    this.waiter = undefined;
  }

  end(): void {
    this.over = true;
    this.wake();
  }

  /** Is there something to tell? False when it is over. */
  async something(): Promise<boolean> {
    while (!this.over && this.lanes.size === 0) {
      await new Promise<void>((resolve) => {
        this.waiter = resolve;
      });
    }
    return !this.over;
  }
}
