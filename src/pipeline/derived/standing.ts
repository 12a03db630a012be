import type { Millis } from '../../model/index.ts';

/**
 * A measured value stands until the next one, at most `gap_ms`; what lies beyond is time without measurement. Times are `up`; nothing is
 * kept but the newest value.
 */
export class Standing {
  private readonly gap_ms: Millis;
  private value = 0;
  private since = Number.NEGATIVE_INFINITY;
  private mark = Number.NEGATIVE_INFINITY;

  constructor(gap_ms: Millis) {
    this.gap_ms = gap_ms;
  }

  set(value: number, up: Millis): void {
    this.value = value;
    this.since = up;
    this.mark = Math.max(this.mark, up);
  }

  /** From now on nothing stands: the device says so itself. */
  drop(): void {
    this.since = Number.NEGATIVE_INFINITY;
  }

  /** Tells what stood since the last walk, and for how long. */
  walk(up: Millis, add: (value: number, ms: Millis) => void): void {
    const end = Math.min(up, this.since + this.gap_ms);
    if (end > this.mark) add(this.value, end - this.mark);
    this.mark = Math.max(this.mark, up);
  }
}
