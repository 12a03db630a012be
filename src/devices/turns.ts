import { unlessAborted } from '../clock/index.ts';

/** One at a time, in order of arrival. Whoever has had a turn gives it back, once. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** Resolves when it is one's turn, at once (before anything else happens) when nobody has it. Rejects when the signal aborts first. */
  async take(signal: AbortSignal, place: 'last' | 'next' = 'last'): Promise<void> {
    if (this.running === 0) {
      this.running = 1;
      return;
    }
    let go = () => {};
    const turn = new Promise<void>((resolve) => {
      go = resolve;
    });
    if (place === 'last') this.waiting.push(go);
    else this.waiting.unshift(go);
    try {
      await unlessAborted(turn, signal);
    } catch (reason) {
      const at = this.waiting.indexOf(go);
      if (at >= 0) this.waiting.splice(at, 1);
      // It was given in the same moment.
      else this.giveBack();
      throw reason;
    }
  }

  /** Goes beside whoever does not end. Those who wait, wait for both. */
  barge(): void {
    this.running += 1;
  }

  giveBack(): void {
    this.running -= 1;
    if (this.running > 0) return;
    const next = this.waiting.shift();
    if (!next) return;
    this.running = 1;
    next();
  }
}
