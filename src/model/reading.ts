import type { Value } from './points.ts';
import type { Stamp } from './time.ts';

/**
 * `good`; `stale` repeated from an earlier time (the stamp is the original one); `out-of-range` outside the
 * point's declared range; `suspect` the device says it has no valid value (value null) or the value is implausible;
 * `simulated` from a simulated device.
 */
export type Quality = 'good' | 'stale' | 'out-of-range' | 'suspect' | 'simulated';

/** One stamped value of one point of one device. */
export interface Reading {
  readonly device: string;
  readonly point: string;
  readonly value: Value | null;
  readonly quality: Quality;
  readonly stamp: Stamp;
}
