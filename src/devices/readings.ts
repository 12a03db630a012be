import type { PointSpec, PointSpecs, Quality, Reading, Sample, Stamp, Value } from '../model/index.ts';

/** Readings of one sample, and what the driver gave that it may not give. */
export interface Taken {
  readonly readings: readonly Reading[];
  /** Points it does not declare, or values of a wrong kind: a mistake in the driver. */
  readonly wrong: readonly string[];
}

/** A sample judged against the points the driver declares. */
export function readingsOf(
  sample: Sample,
  device: { readonly id: string; readonly points: PointSpecs; readonly simulated: boolean },
  stamp: Stamp,
): Taken {
  const readings: Reading[] = [];
  const wrong: string[] = [];
  for (const [point, value] of Object.entries(sample)) {
    const spec = device.points[point];
    if (value === undefined) continue;
    if (!spec || !fits(value, spec)) {
      wrong.push(point);
      continue;
    }
    const quality = qualityOf(value, spec, device.simulated);
    readings.push({ device: device.id, point, value, quality, stamp });
  }
  return { readings, wrong };
}

function fits(value: Value | null, spec: PointSpec): boolean {
  if (value === null) return true;
  if (spec.kind === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (spec.kind === 'flag') return typeof value === 'boolean';
  return typeof value === 'string' && spec.values.includes(value);
}

function qualityOf(value: Value | null, spec: PointSpec, simulated: boolean): Quality {
  if (value === null) return 'suspect';
  // Whatever its value: it must never be taken for one of the real world.
  if (simulated) return 'simulated';
  if (spec.kind === 'number' && typeof value === 'number' && (value < spec.min || value > spec.max))
    return 'out-of-range';
  return 'good';
}
