import type { Millis } from '../model/index.ts';

/** So many in a minute for each name, half of them at once. Pure: time comes with each question. */
export class Rates {
  private readonly per_minute: number;
  private readonly buckets = new Map<string, { level: number; up: Millis }>();

  constructor(per_minute: number) {
    this.per_minute = per_minute;
  }

  /** False: too many by now. */
  take(name: string, up: Millis): boolean {
    const most = Math.max(1, this.per_minute / 2);
    const bucket = this.buckets.get(name) ?? { level: most, up };
    const level = Math.min(most, bucket.level + ((up - bucket.up) * this.per_minute) / 60_000);
    this.buckets.set(name, { level: level < 1 ? level : level - 1, up });
    return level >= 1;
  }
}
