import type { Reading, Value } from '../model/index.ts';
import type { PointPlan, PointRules } from './rules.ts';

/** value × scale + offset, without the digits that binary fractions add. */
export function scaled(reading: Reading, { scale = 1, offset = 0 }: PointRules): Reading {
  if (typeof reading.value !== 'number' || (scale === 1 && offset === 0)) return reading;
  return { ...reading, value: Number((reading.value * scale + offset).toPrecision(12)) };
}

/** Marks a value outside the site's range; the driver's own range was judged when the value was taken. */
export function ranged(reading: Reading, { rules }: PointPlan): Reading {
  const { value, quality } = reading;
  // Out of range says less than what else is wrong with it.
  if (!rules.range || typeof value !== 'number' || quality !== 'good') return reading;
  const [min, max] = rules.range;
  return value < min || value > max ? { ...reading, quality: 'out-of-range' } : reading;
}

/** Whether a value differs enough from the one sent last. Without a deadband every number does. */
export function moved(now: Value | null, last: Value | null, rules: PointRules): boolean {
  if (typeof now !== 'number' || typeof last !== 'number') return now !== last;
  const { deadband, deadband_percent } = rules;
  if (deadband === undefined && deadband_percent === undefined) return true;
  const change = Math.abs(now - last);
  // Differences of decimal values carry binary dust: 0.3 - 0.2 is not above 0.1.
  const dust = 1e-9 * Math.max(1, Math.abs(now));
  const allowed = Math.max(deadband ?? 0, (Math.abs(last) * (deadband_percent ?? 0)) / 100);
  return change > allowed + dust;
}
