import type { Call, Priority } from '../contracts/index.ts';

/** Something one caller wants done on the line, from asking to its end. Who goes away is let go at once; what has begun is seen through. */
export class Turn {
  readonly priority: Priority;
  /** It waits for a reply, and so must not begin while that to another request may still come. */
  readonly asks: boolean;
  private readonly signal: AbortSignal;
  private readonly work: () => Promise<void>;
  private readonly gone: (turn: Turn) => void;
  private refuse: (reason: unknown) => void = () => {};

  /** `gone`: its caller went away before it began. */
  static take<T>(
    call: Call,
    wish: { readonly asks: boolean; readonly work: () => Promise<T> },
    on: { readonly ready: (turn: Turn) => void; readonly gone: (turn: Turn) => void },
  ): Promise<T> {
    if (call.signal.aborted) return Promise.reject(call.signal.reason);
    return new Promise((resolve, reject) => {
      const turn = new Turn(call, wish.asks, { work: async () => resolve(await wish.work()), gone: on.gone });
      turn.refuse = reject;
      call.signal.addEventListener('abort', turn, { once: true });
      on.ready(turn);
    });
  }

  private constructor(
    { signal, priority }: Call,
    asks: boolean,
    { work, gone }: { readonly work: () => Promise<void>; readonly gone: (turn: Turn) => void },
  ) {
    this.signal = signal;
    this.priority = priority;
    this.asks = asks;
    this.work = work;
    this.gone = gone;
  }

  /** Resolves when the line is free again; never rejects. */
  async run(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      this.refuse(error);
    } finally {
      this.signal.removeEventListener('abort', this);
    }
  }

  reject(reason: unknown): void {
    this.signal.removeEventListener('abort', this);
    this.refuse(reason);
  }

  /** The signal aborts. */
  handleEvent(): void {
    this.gone(this);
    this.refuse(this.signal.reason);
  }
}
