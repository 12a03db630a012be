import type { UnitPlace } from '../contracts/index.ts';
import type { PointSpecs, Sample, Value } from '../model/index.ts';
import { settingText } from './settings.ts';

/** Values named as evidence. */
const MOST_VALUES = 3;

/** Makers print registers either way. */
export const placeText = (at: number): string =>
  `${at} (0x${at.toString(16).toUpperCase().padStart(4, '0')})`;

/** `unit 7 at 9600 8N1`. */
export const unitText = ({ unit, setting }: UnitPlace): string => `unit ${unit} at ${settingText(setting)}`;

export const valuesText = (sample: Sample, points: PointSpecs): string =>
  Object.entries(sample)
    .slice(0, MOST_VALUES)
    .map(([name, value]) => `${name} ${valueText(value, points[name])}`)
    .join(', ');

function valueText(value: Value | null | undefined, spec: PointSpecs[string] | undefined): string {
  if (value === null || value === undefined) return 'none';
  return spec?.kind === 'number' ? `${value} ${spec.unit}` : String(value);
}

/** Every value is one that its point may have. */
export function isPlausible(sample: Sample, points: PointSpecs): boolean {
  return Object.entries(sample).every(([name, value]) => {
    const spec = points[name];
    if (value === null || value === undefined) return true;
    if (!spec) return false;
    if (spec.kind === 'number') return typeof value === 'number' && value >= spec.min && value <= spec.max;
    return spec.kind === 'flag' ? typeof value === 'boolean' : spec.values.includes(String(value));
  });
}
