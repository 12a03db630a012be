import type { PointSpec } from '../model/index.ts';

/** What the site file may say about one point. Everything may be left out. */
export interface PointRules {
  /** Lane of its readings; else numbers go to c, flags and states to b when they change and to c when they repeat. */
  readonly lane?: 'b' | 'c' | undefined;
  /** Changes up to this (in the point's unit, after scaling) are not sent. */
  readonly deadband?: number | undefined;
  /** The same in percent of the value sent last. */
  readonly deadband_percent?: number | undefined;
  /** Not more often than this; the latest value is sent when the time is over. */
  readonly min_interval_s?: number | undefined;
  /** At least this often, changed or not, while the device answers. */
  readonly max_interval_s?: number | undefined;
  /** value × scale + offset. */
  readonly scale?: number | undefined;
  readonly offset?: number | undefined;
  /** Plausible range after scaling; outside it the quality is out-of-range. */
  readonly range?: readonly [min: number, max: number] | undefined;
}

export interface PointPlan {
  readonly spec: PointSpec;
  readonly rules: PointRules;
}

/** Flags and states that do not change are repeated this often, so that the platform need not trust silence. */
export const REPEAT_S = 900;
