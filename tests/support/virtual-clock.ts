import type { Clock, WallClock, WallReading } from '../../src/contracts/index.ts';

interface Sleeper {
  readonly name: string;
  readonly due: number;
  readonly wake: () => void;
}

/** Time that moves only when it is told to. Both faces: the monotonic clock and a time of day that can be set. */
export class VirtualClock implements Clock, WallClock {
  private up: number;
  private offset: number;
  private state: WallReading['state'] = 'synced';
  private readonly sleeping = new Set<Sleeper>();
  readonly boot: string;

  constructor(start: { readonly boot?: string; readonly up?: number; readonly unix_ms?: number } = {}) {
    this.boot = start.boot ?? 'boot-1';
    this.up = start.up ?? 1000;
    this.offset = (start.unix_ms ?? 1_800_000_000_000) - this.up;
  }

  now() {
    return { boot: this.boot, up: this.up };
  }

  read(): WallReading {
    return { unix_ms: this.up + this.offset, state: this.state, error_ms: 1, source: 'virtual' };
  }

  /** The time of day is set: it jumps by so much, or becomes known or unknown. */
  step(ms: number, state: WallReading['state'] = this.state): void {
    this.offset += ms;
    this.state = state;
  }

  sleep(name: string, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.sleeping.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { name, due: this.up + Math.max(0, ms), wake };
      this.sleeping.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Lets `ms` pass: wakes sleepers in the order they are due, and lets what they do settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.up + ms;
    await settle();
    for (;;) {
      const next = [...this.sleeping].sort((x, y) => x.due - y.due)[0];
      if (!next || next.due > end) break;
      this.sleeping.delete(next);
      this.up = Math.max(this.up, next.due);
      next.wake();
      await settle();
    }
    this.up = end;
    await settle();
  }

  /** Who sleeps: for the message of a test that hangs. */
  sleepers(): readonly string[] {
    return [...this.sleeping].map(({ name, due }) => `${name} until ${due}`);
  }
}

/** Promises, and I/O that is ready, get their turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
