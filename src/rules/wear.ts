import type { Millis } from '../model/index.ts';

/** How often something may be done: so far apart, and so often in an hour, half of that at once. Pure: time comes with each question. */
export class Wear {
  private readonly gap_ms: Millis;
  private readonly per_hour: number;
  private readonly most: number;
  private level: number;
  private level_up: Millis;
  private last_up = Number.NEGATIVE_INFINITY;

  constructor({ gap_ms, per_hour }: { readonly gap_ms: Millis; readonly per_hour: number }, up: Millis) {
    this.gap_ms = gap_ms;
    this.per_hour = per_hour;
    this.most = Math.max(1, per_hour / 2);
    this.level = this.most;
    this.level_up = up;
  }

  /** When it may be done next. */
  free_up(up: Millis): Millis {
    const missing = Math.max(0, 1 - this.levelAt(up));
    const filled = up + Math.ceil((missing * HOUR_MS) / this.per_hour);
    return Math.max(up, filled, this.last_up + this.gap_ms);
  }

  /** It was done. */
  spend(up: Millis): void {
    this.level = Math.max(0, this.levelAt(up) - 1);
    this.level_up = up;
    this.last_up = up;
  }

  private levelAt(up: Millis): number {
    return Math.min(this.most, this.level + ((up - this.level_up) * this.per_hour) / HOUR_MS);
  }
}

const HOUR_MS: Millis = 3_600_000;
