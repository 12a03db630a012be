import type { JsonObject, Millis } from '../../model/index.ts';
import { hourAt, type Stretch } from './local-time.ts';
import { numberOr } from './maker.ts';
import { Standing } from './standing.ts';

const HOUR_MS: Millis = 3_600_000;
/** A day of 25 hours, and the eight-hour mean of its first hour. */
const KEPT_MS: Millis = 33 * HOUR_MS;

/** The mean of one local hour that was measured long enough. */
export interface HourMean {
  /** Unix ms at which it began. */
  readonly from: number;
  readonly day: string;
  readonly mean: number;
}

/** Hourly means of one pollutant, in the unit it is measured in. One sum moves with each value; means of the last day are kept. */
export class PollutantHours {
  readonly standing: Standing;
  private sum_ms = 0;
  private covered_ms = 0;
  private means: HourMean[] = [];

  constructor(gap_ms: Millis) {
    this.standing = new Standing(gap_ms);
  }

  walk(up: Millis): void {
    this.standing.walk(up, this.add);
  }

  /** What stood until now is not of this hour: nobody knows which hour it is. */
  skip(up: Millis): void {
    this.standing.walk(up, () => {});
  }

  private readonly add = (value: number, ms: Millis): void => {
    this.sum_ms += value * ms;
    this.covered_ms += ms;
  };

  /** Ends the hour; its share and, when enough was measured, its mean. */
  close(
    { from, to, day }: Stretch,
    enough: number,
  ): { readonly share: number; readonly mean: number | undefined } {
    const share = this.covered_ms / (to - from);
    const mean = share >= enough && this.covered_ms > 0 ? this.sum_ms / this.covered_ms : undefined;
    if (mean !== undefined) this.means.push({ from, day, mean });
    this.means = this.means.filter((one) => one.from > from - KEPT_MS);
    this.clear();
    return { share, mean };
  }

  /** What lies at or behind this moment is still to come, by the clock as it is now. */
  forgetFrom(unix: number): void {
    this.means = this.means.filter(({ from }) => from < unix);
    this.clear();
  }

  /** Newest first, `count` hours up to the one that began at `from`; undefined where none was measured. */
  latest(from: number, count: number): (number | undefined)[] {
    const found: (number | undefined)[] = Array.from({ length: count });
    for (const one of this.means) {
      const ago = Math.round((from - one.from) / HOUR_MS);
      if (ago >= 0 && ago < count) found[ago] = one.mean;
    }
    return found;
  }

  ofDay(day: string): readonly HourMean[] {
    return this.means.filter((one) => one.day === day);
  }

  private clear(): void {
    this.sum_ms = 0;
    this.covered_ms = 0;
  }

  saveOpen(): JsonObject {
    return { sum: Number(this.sum_ms.toPrecision(10)), covered: Math.round(this.covered_ms) };
  }

  /** These change once an hour: apart from the open hour they are seldom written. */
  saveMeans(): JsonObject {
    return { means: this.means.map(({ from, mean }) => [from, Number(mean.toPrecision(6))]) };
  }

  restoreOpen(saved: unknown): void {
    const { sum, covered } = { sum: 0, covered: 0, ...(typeof saved === 'object' ? saved : {}) };
    this.sum_ms = numberOr(sum, 0);
    this.covered_ms = numberOr(covered, 0);
  }

  restoreMeans(saved: unknown, zone: string): void {
    const { means } = { means: [], ...(typeof saved === 'object' ? saved : {}) };
    const pairs: readonly unknown[] = Array.isArray(means) ? means : [];
    this.means = pairs.flatMap((pair) => {
      const [from, mean]: unknown[] = Array.isArray(pair) ? pair : [];
      if (typeof from !== 'number' || typeof mean !== 'number') return [];
      return [{ from, mean, day: hourAt(from, zone).day }];
    });
  }
}

/** Mean of what is there, when that is enough. */
export function meanOf(hours: readonly (number | undefined)[], least: number): number | undefined {
  const known = hours.filter((hour) => hour !== undefined);
  if (known.length === 0 || known.length < least) return undefined;
  return known.reduce((sum, hour) => sum + hour, 0) / known.length;
}
