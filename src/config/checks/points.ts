import { nearest, type PointSpec, type PointSpecs } from '../../model/index.ts';
import type { PointConfig } from '../point-schema.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';

/** Whether the rules for points are for points that there are, and fit them. `missing`: what is said of a name that is none. */
export function pointFindings(
  rules: Readonly<Record<string, PointConfig>>,
  points: PointSpecs,
  { path, missing }: { readonly path: Path; readonly missing: (name: string) => string },
): Finding[] {
  return Object.entries(rules).flatMap(([name, given]) => {
    const at = [...path, name];
    const spec = points[name];
    if (spec) return ruleFindings(given, { name, spec, path: at });
    const known = Object.keys(points);
    const close = nearest(name, known);
    const remedy = close ? `Did you mean ${close}?` : `It has ${known.join(', ')}.`;
    return [{ ...errorAt(at, missing(name), remedy), atKey: true }];
  });
}

const FOR_NUMBERS = ['deadband', 'deadband_percent', 'scale', 'offset', 'range'] as const;

function ruleFindings(
  rules: PointConfig,
  { name, spec, path }: { readonly name: string; readonly spec: PointSpec; readonly path: Path },
): Finding[] {
  const findings: Finding[] = [];
  if (spec.kind !== 'number') {
    for (const rule of FOR_NUMBERS) {
      if (rules[rule] === undefined) continue;
      const message = `${rule} is for numbers; ${name} is a ${spec.kind}`;
      findings.push(errorAt([...path, rule], message, `Leave ${rule} out.`));
    }
  }
  const { range, min_interval_s, max_interval_s } = rules;
  if (range && range[0] >= range[1]) {
    const message = `range is from ${range[0]} to ${range[1]}; nothing lies between`;
    findings.push(errorAt([...path, 'range'], message, `Did you mean [${range[1]}, ${range[0]}]?`));
  }
  if (min_interval_s !== undefined && max_interval_s !== undefined && min_interval_s > max_interval_s) {
    const message = `min_interval_s is ${min_interval_s} and max_interval_s ${max_interval_s}; the first is the shorter one`;
    findings.push(errorAt([...path, 'min_interval_s'], message, 'Exchange them, or leave one out.'));
  }
  return findings;
}
