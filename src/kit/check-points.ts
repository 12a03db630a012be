import { Fault } from '../faults/index.ts';
import { isPointId, type PointSpec, type PointSpecs, type PrivacyClass } from '../model/index.ts';

export const PRIVACY_CLASSES = [
  'identifier',
  'plate',
  'personal',
  'image',
  'plain',
] as const satisfies readonly PrivacyClass[];

/** The same points; driver.bad-definition naming the first one that cannot be right. */
export function checkPoints<P extends PointSpecs>(id: string, points: P): P {
  for (const [name, spec] of Object.entries(points)) {
    const problem = isPointId(name) ? problemOf(spec) : 'a point id is lower case letters, digits, - and _';
    if (problem) throw new Fault('driver.bad-definition', { id, text: `point ${name}: ${problem}` });
  }
  return points;
}

function problemOf(spec: PointSpec): string | undefined {
  if (!spec.about.trim()) return 'say in one sentence what it is';
  if (!PRIVACY_CLASSES.includes(spec.privacy)) return 'it needs a privacy class';
  if (spec.kind === 'number') {
    if (!(spec.min < spec.max)) return `its range ${spec.min}..${spec.max} is empty`;
    return spec.unit ? undefined : 'it needs a unit (UCUM; 1 for a bare count)';
  }
  if (spec.kind === 'flag') return undefined;
  if (spec.values.length < 2) return 'a state has at least two values';
  return new Set(spec.values).size === spec.values.length ? undefined : 'a state value stands there twice';
}
