import type { Clock, WallClock, WallReading } from '../../src/contracts/index.ts';

interface Sleeper {
  readonly name: string;
  readonly due: number;
  /** Who is due at the same moment wakes in the order they lay down. */
  readonly order: number;
  readonly wake: () => void;
  gone: boolean;
}

/** Time that moves only when it is told to. Both faces: the monotonic clock and a time of day that can be set. */
export class VirtualClock implements Clock, WallClock {
  private up: number;
  private offset: number;
  private state: WallReading['state'] = 'synced';
  /** A heap: the one that is due first stands first. Whoever was called off stays until its turn, or until there are too many. */
  private sleeping: Sleeper[] = [];
  private gone = 0;
  private slept = 0;
  private readonly inMemory: boolean;
  readonly boot: string;

  constructor(
    start: {
      readonly boot?: string;
      readonly up?: number;
      readonly unix_ms?: number;
      /** All that lives by this clock is in memory: what is real (sockets, files) is waited for at the ends of an advance alone. */
      readonly in_memory?: boolean;
    } = {},
  ) {
    this.inMemory = start.in_memory ?? false;
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
        sleeper.gone = true;
        this.gone += 1;
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      this.slept += 1;
      const due = this.up + Math.max(0, ms);
      const sleeper: Sleeper = { name, due, order: this.slept, wake, gone: false };
      this.lieDown(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Lets `ms` pass: wakes sleepers in the order they are due, and lets what they do settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.up + ms;
    await settle();
    for (;;) {
      const next = this.firstBy(end);
      if (!next) break;
      this.up = Math.max(this.up, next.due);
      next.wake();
      await (this.inMemory ? quiet() : settle());
    }
    this.up = end;
    await settle();
  }

  /** Who sleeps: for the message of a test that hangs. */
  sleepers(): readonly string[] {
    return this.sleeping.filter(({ gone }) => !gone).map(({ name, due }) => `${name} until ${due}`);
  }

  private lieDown(sleeper: Sleeper): void {
    if (this.gone > 64 && this.gone > this.sleeping.length / 2) this.tidy();
    this.sleeping.push(sleeper);
    for (let at = this.sleeping.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!this.swapped(above, at)) break;
      at = above;
    }
  }

  /** Takes out the first who is due by then. */
  private firstBy(end: number): Sleeper | undefined {
    for (;;) {
      const first = this.sleeping[0];
      if (!first || (!first.gone && first.due > end)) return undefined;
      const last = this.sleeping.pop();
      if (last && last !== first) this.sink(last);
      if (!first.gone) return first;
      this.gone -= 1;
    }
  }

  private sink(sleeper: Sleeper): void {
    this.sleeping[0] = sleeper;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const below = this.isBefore(right, left) ? right : left;
      if (!this.swapped(at, below)) return;
      at = below;
    }
  }

  /** Puts the one below above when it is due before. */
  private swapped(above: number, below: number): boolean {
    if (!this.isBefore(below, above)) return false;
    const [upper, lower] = [this.sleeping[above], this.sleeping[below]];
    if (!upper || !lower) return false;
    this.sleeping[above] = lower;
    this.sleeping[below] = upper;
    return true;
  }

  private isBefore(at: number, other: number): boolean {
    const [one, two] = [this.sleeping[at], this.sleeping[other]];
    if (!one || !two) return one !== undefined;
    return one.due < two.due || (one.due === two.due && one.order < two.order);
  }

  private tidy(): void {
    const left = this.sleeping.filter(({ gone }) => !gone).sort((x, y) => x.due - y.due || x.order - y.order);
    this.sleeping = left;
    this.gone = 0;
  }
}

/**
 * Promises get their turn, and immediates while there are any: a tick comes when no promise is left to go on. A turn of the event loop with its
 * look at sockets costs ten times as much.
 */
async function quiet(): Promise<void> {
  await new Promise<void>((resolve) => process.nextTick(resolve));
  while (process.getActiveResourcesInfo().includes('Immediate')) {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }
}

/** Promises, and I/O that is ready, get their turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
