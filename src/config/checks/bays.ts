import { isId, nearest, type PointSpec } from '../../model/index.ts';
import type { ParkingConfig } from '../derived-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { Among, CheckedSource } from './derived.ts';
import type { CheckedDevice } from './device.ts';
import { repeats, unknownName } from './findings.ts';

type BayConfig = ParkingConfig['bays'][number];

/** One bay with its detector. */
export interface CheckedBay {
  readonly id: string;
  readonly config: BayConfig;
  readonly source: CheckedSource;
  readonly fault_point: string | undefined;
  /** For distances: mm of one unit of the point. */
  readonly factor: number;
}

const MILLIMETRES: Readonly<Record<string, number>> = { mm: 1, cm: 10, dm: 100, m: 1000 };
const STATES: readonly string[] = ['free', 'occupied'];

/** The bays of a zone, each entry with a * taken apart. */
export function checkBays(
  config: ParkingConfig,
  path: Path,
  among: Among,
): { readonly findings: readonly Finding[]; readonly bays?: readonly CheckedBay[] } {
  const findings: Finding[] = [];
  const bays: (CheckedBay & { readonly path: Path })[] = [];
  let whole = true;
  for (const [index, bay] of config.bays.entries()) {
    const at = [...path, 'bays', index];
    const checked = checkEntry(bay, at, among);
    findings.push(...checked.findings);
    whole &&= checked.findings.every(({ severity }) => severity === 'warning') && checked.bays.length > 0;
    bays.push(...checked.bays.map((one) => ({ ...one, path: at })));
  }
  const twice = [
    ...repeats(bays, ({ id }) => id).map(({ again }) =>
      errorAt([...again.path, 'id'], `there is a bay ${again.id} already`, 'Give each bay its own id.'),
    ),
    ...repeats(bays, ({ source }) => `${source.device.config.id}/${source.point}`).map(({ first, again }) =>
      errorAt(
        [...again.path, 'point'],
        `${again.source.point} of ${again.source.device.config.id} is bay ${first.id} already; it would be counted twice`,
        'Name each detector once.',
      ),
    ),
  ];
  findings.push(...twice);
  return whole && twice.length === 0 ? { findings, bays } : { findings };
}

interface Entry {
  readonly findings: readonly Finding[];
  readonly bays: readonly CheckedBay[];
}

function checkEntry(config: BayConfig, path: Path, { site, devices }: Among): Entry {
  const device = devices.get(config.device);
  if (!device) {
    const known = site.devices.map(({ id }) => id);
    // One that is wrong by itself is told where it stands.
    const findings = known.includes(config.device)
      ? []
      : [unknownName([...path, 'device'], config.device, 'device', known)];
    return { findings, bays: [] };
  }
  const points = device.driver.points(device.options);
  const matches = matching(config.point, Object.keys(points));
  if (matches.length === 0) return { findings: [noPoint(config, path, device)], bays: [] };
  const checked = matches.map((match) => checkBay(config, { ...match, path, device, points }));
  return {
    findings: firstOfEach(checked.flatMap(({ findings }) => findings)),
    bays: checked.flatMap(({ bays }) => bays),
  };
}

/** Bays alike are wrong alike: it is told of the first one. */
function firstOfEach(findings: readonly Finding[]): Finding[] {
  const places = findings.map(({ path, remedy }) => `${path.join('/')} ${remedy}`);
  return findings.filter((_, index) => places.indexOf(places[index] ?? '') === index);
}

interface Match {
  readonly point: string;
  /** What the * stood for. */
  readonly star: string;
}

function matching(pattern: string, names: readonly string[]): Match[] {
  const [before = '', after, ...more] = pattern.split('*');
  if (after === undefined) return names.includes(pattern) ? [{ point: pattern, star: '' }] : [];
  if (more.length) return [];
  return names
    .filter((name) => name.length >= before.length + after.length)
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((point) => ({ point, star: point.slice(before.length, point.length - after.length) }));
}

function noPoint({ point, device: id }: BayConfig, path: Path, device: CheckedDevice): Finding {
  const known = Object.keys(device.driver.points(device.options));
  const close = nearest(point, known);
  return errorAt(
    [...path, 'point'],
    `${id} (${device.driver.id}) has no point ${point}`,
    close && !point.includes('*') ? `Did you mean ${close}?` : `It has ${known.join(', ') || 'none'}.`,
  );
}

interface At extends Match {
  readonly path: Path;
  readonly device: CheckedDevice;
  readonly points: Readonly<Record<string, PointSpec>>;
}

function checkBay(config: BayConfig, at: At): Entry {
  const { point, star, path, device, points } = at;
  const spec = points[point];
  if (!spec) return { findings: [], bays: [] };
  const id = (config.id ?? `${config.device}-${point}`).replace('*', star);
  const fault_point = config.fault_point?.replace('*', star);
  const findings = [
    ...idFindings(id, config, path),
    ...kindFindings(config, spec, at),
    ...faultFindings(fault_point, points, at),
  ];
  if (findings.some(({ severity }) => severity === 'error')) return { findings, bays: [] };
  const factor = spec.kind === 'number' ? (MILLIMETRES[spec.unit] ?? 1) : 1;
  return { findings, bays: [{ id, config, source: { device, point, spec }, fault_point, factor }] };
}

function idFindings(id: string, config: BayConfig, path: Path): Finding[] {
  if (isId(id)) return [];
  const at = config.id === undefined ? [...path, 'device'] : [...path, 'id'];
  return [
    errorAt(
      at,
      `the id of this bay would be ${id}; it must be a word of at most 40 lower case letters, digits and -`,
      config.id === undefined ? 'Give it an id (with a * where point has one).' : 'Choose another one.',
    ),
  ];
}

function kindFindings(config: BayConfig, spec: PointSpec, { path, point }: At): Finding[] {
  const wrong = (name: string, message: string, remedy: string) => errorAt([...path, name], message, remedy);
  if (spec.kind === 'number') {
    if (MILLIMETRES[spec.unit] === undefined)
      return [
        wrong(
          'point',
          `${point} is in ${spec.unit}; a bay needs a flag, a state, or a distance in mm, cm or m`,
          'Name another point.',
        ),
      ];
    if (config.occupied_below_mm === undefined)
      return [
        wrong(
          'point',
          `${point} is a distance, and occupied_below_mm is missing`,
          'Add occupied_below_mm: nearer than this a vehicle stands.',
        ),
      ];
    const farthest = (MILLIMETRES[spec.unit] ?? 1) * spec.max;
    const free = config.occupied_below_mm + config.hysteresis_mm;
    return free < farthest
      ? []
      : [
          wrong(
            'occupied_below_mm',
            `the bay would be free from ${free} mm on; ${point} ends at ${farthest} mm`,
            'Lower occupied_below_mm or hysteresis_mm.',
          ),
        ];
  }
  const findings: Finding[] = [];
  if (config.occupied_below_mm !== undefined)
    findings.push(
      wrong(
        'occupied_below_mm',
        `occupied_below_mm is for distances; ${point} is a ${spec.kind}`,
        'Leave it out.',
      ),
    );
  if (spec.kind === 'state' && !STATES.every((state) => spec.values.includes(state)))
    findings.push(
      wrong(
        'point',
        `${point} has the states ${spec.values.join(', ')}; those of a bay are free and occupied`,
        'Name another point.',
      ),
    );
  if (spec.kind === 'state' && config.inverted)
    findings.push(wrong('inverted', `inverted is for flags; ${point} is a state`, 'Leave it out.'));
  return findings;
}

function faultFindings(name: string | undefined, points: At['points'], { path, device }: At): Finding[] {
  if (name === undefined) return [];
  const spec = points[name];
  const at = [...path, 'fault_point'];
  if (!spec) {
    const close = nearest(name, Object.keys(points));
    return [
      errorAt(
        at,
        `${device.config.id} (${device.driver.id}) has no point ${name}`,
        close ? `Did you mean ${close}?` : `It has ${Object.keys(points).join(', ')}.`,
      ),
    ];
  }
  if (spec.kind === 'flag') return [];
  return [errorAt(at, `${name} is a ${spec.kind}; a flag is needed`, 'Name another point.')];
}

/** A zone that is looked at more seldom than its bays may be silent would be unknown most of the time. */
export function patience(
  { unknown_after_s }: ParkingConfig,
  bays: readonly CheckedBay[],
  path: Path,
): Finding[] {
  if (unknown_after_s === 0) return [];
  const slowest = Math.max(
    ...bays.map(({ source: { device } }) => device.config.poll_ms ?? device.driver.poll_ms.default),
  );
  if (slowest * 2 <= unknown_after_s * 1000) return [];
  return [
    warningAt(
      [...path, 'unknown_after_s'],
      `unknown_after_s is ${unknown_after_s}, and a detector is looked at every ${slowest / 1000} s: one lost answer makes its bays unknown`,
      `Use at least ${Math.ceil((slowest * 3) / 1000)}.`,
    ),
  ];
}
