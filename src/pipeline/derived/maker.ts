import type { JsonObject, Millis, PointSpecs, Quality, Reading, Stamp, Value } from '../../model/index.ts';

/** Now, on both clocks: unix ms = up + offset_ms. undefined: nobody has told this machine the time. */
export interface Moment {
  readonly stamp: Stamp;
  readonly offset_ms: number | undefined;
}

/** A point whose readings a derived device is made from. */
export interface Feed {
  readonly device: string;
  readonly point: string;
  /** Called with each reading of it, scaled and judged, before any is dropped for being no news. */
  readonly take: (reading: Reading, now: Moment) => void;
}

/** Where a maker puts what it made. */
export type Say = (point: string, value: Value | null, quality: Quality, stamp: Stamp) => void;

/**
 * Makes the readings of one derived device. It has no clock: time comes with the readings and once a second with `tick`. What it must know
 * after a restart it gives as `saved`, in parts by how often they change.
 */
export interface Maker {
  readonly points: PointSpecs;
  readonly feeds: readonly Feed[];
  tick(now: Moment): void;
  /** Name → value. Values are small, and equal while nothing has changed. */
  saved(): Readonly<Record<string, JsonObject>>;
  /** What `saved` gave in an earlier run; called once, before any reading. Parts that do not fit are as if they were not there. */
  restore(saved: Readonly<Record<string, JsonObject>>, now: Moment): void;
}

/** Only these are measurements; everything else is time without one. */
export const isMeasured = (reading: Reading): boolean =>
  reading.value !== null && (reading.quality === 'good' || reading.quality === 'simulated');

/** When it is said. A stale value carries its original time, and time goes on: what is said of then is said now. */
export const saidAt = ({ quality, stamp }: Reading, now: Moment): Moment =>
  quality === 'stale' ? now : { ...now, stamp };

export const tenth = (value: number): number => Math.round(value * 10) / 10;
/** Share → percent with one decimal, at most 100: a clock set back may give an hour more than its sixty minutes. */
export const percent = (share: number): number => tenth(Math.min(1, share) * 100);

/** The clock was set, not merely corrected (contract, Time). */
export const STEP_MS: Millis = 1000;

export const numberOr = (value: unknown, other: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : other;
