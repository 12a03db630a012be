import {
  concentrationUnits,
  nearest,
  type PointSpec,
  type PointSpecs,
  type Pollutant,
} from '../../model/index.ts';
import type { AirConfig, DerivedConfig, NoiseConfig, ParkingConfig } from '../derived-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import { type CheckedBay, checkBays, patience } from './bays.ts';
import type { CheckedDevice } from './device.ts';
import { repeats, unknownName } from './findings.ts';
import { pointFindings } from './points.ts';

/** A point that a derived value is made of, found. */
export interface CheckedSource {
  readonly device: CheckedDevice;
  readonly point: string;
  readonly spec: PointSpec;
}

/** A derived device with everything it is made of. */
export type CheckedDerived =
  | { readonly config: ParkingConfig; readonly bays: readonly CheckedBay[] }
  | { readonly config: NoiseConfig; readonly source: CheckedSource }
  | {
      readonly config: AirConfig;
      readonly sources: readonly (CheckedSource & { readonly pollutant: Pollutant })[];
    };

/** The points of a derived device at a place in that time zone: whoever makes them knows. */
export type DerivedPoints = (derived: CheckedDerived, zone: string) => PointSpecs;

/** What derived values are looked up in. */
export interface Among {
  readonly site: SiteConfig;
  readonly devices: ReadonlyMap<string, CheckedDevice>;
}

interface Found<T> {
  readonly findings: readonly Finding[];
  /** undefined while it cannot be made; a device that is wrong by itself is told where it stands. */
  readonly found?: T;
}

/** The derived devices of a site: whether what they are made of is there, and can be what they need. */
export function checkDerived(
  site: SiteConfig,
  devices: readonly CheckedDevice[],
  pointsOf: DerivedPoints,
): { readonly findings: readonly Finding[]; readonly derived: readonly CheckedDerived[] } {
  const among = { site, devices: new Map(devices.map((device) => [device.config.id, device])) };
  const checked = site.derived.map((config, index) => checkOne(config, ['derived', index], among));
  const derived = checked.flatMap(({ found }) => (found ? [found] : []));
  const ruled = derived.flatMap((one) => {
    const { id, points, type } = one.config;
    const path = ['derived', site.derived.indexOf(one.config), 'points'];
    if (Object.keys(points).length === 0) return [];
    const missing = (name: string) => `${id} (${type}) has no point ${name} as it is set`;
    return pointFindings(points, pointsOf(one, site.site.time_zone), { path, missing });
  });
  return { findings: [...takenIds(site), ...checked.flatMap(({ findings }) => findings), ...ruled], derived };
}

function takenIds(site: SiteConfig): Finding[] {
  const things: { readonly id: string; readonly path: Path }[] = [
    ...site.devices.map(({ id }) => ({ id, path: [] })),
    ...site.derived.map(({ id }, index) => ({ id, path: ['derived', index, 'id'] })),
  ];
  return repeats(things, ({ id }) => id).flatMap(({ again }) =>
    // Two devices with one id are told with the devices.
    again.path.length === 0
      ? []
      : [
          errorAt(
            again.path,
            `the id ${again.id} is taken already`,
            'Give each its own id; derived devices share them with real ones.',
          ),
        ],
  );
}

function checkOne(config: DerivedConfig, path: Path, among: Among): Found<CheckedDerived> {
  switch (config.type) {
    case 'parking': {
      const { findings, bays } = checkBays(config, path, among);
      return bays
        ? { findings: [...findings, ...patience(config, bays, path)], found: { config, bays } }
        : { findings };
    }
    case 'noise':
      return checkNoise(config, path, among);
    case 'air-quality':
      return checkAir(config, path, among);
  }
}

function checkNoise(config: NoiseConfig, path: Path, among: Among): Found<CheckedDerived> {
  const at = [...path, 'source'];
  const { findings, found } = findSource(config.source, at, among);
  const problems = [...findings, ...partFindings(config, path)];
  if (!found) return { findings: problems };
  const wrong = unitFinding(found, at, { units: ['dB[A]'], what: 'a sound level' });
  if (wrong) return { findings: [...problems, wrong] };
  return { findings: problems, found: { config, source: found } };
}

const DEFAULT_HOURS = { china: [6, 22], eu: [7, 19, 23], us: [7, 22] } as const;

/** Where the parts of the day begin, in their order. */
export function partHours({ periods, day_from_h, evening_from_h, night_from_h }: NoiseConfig): number[] {
  const usual: readonly number[] = DEFAULT_HOURS[periods];
  const given = periods === 'eu' ? [day_from_h, evening_from_h, night_from_h] : [day_from_h, night_from_h];
  return usual.map((hour, index) => given[index] ?? hour);
}

function partFindings(config: NoiseConfig, path: Path): Finding[] {
  const findings: Finding[] = [];
  const hours = partHours(config);
  if (config.evening_from_h !== undefined && config.periods !== 'eu')
    findings.push(
      errorAt(
        [...path, 'evening_from_h'],
        `periods ${config.periods} has no evening`,
        'Leave evening_from_h out, or use periods: eu.',
      ),
    );
  if (hours.some((hour, index) => index > 0 && hour <= (hours[index - 1] ?? 0)))
    findings.push(
      errorAt(
        [...path, 'periods'],
        `the parts of the day would begin at ${hours.join(', ')} h; each must begin after the one before`,
        'Give them in the order day, evening, night, all between one midnight and the next.',
      ),
    );
  const moved = config.day_from_h !== undefined || config.night_from_h !== undefined;
  if (config.limits_class !== undefined && (config.periods !== 'china' || moved))
    findings.push(
      errorAt(
        [...path, 'limits_class'],
        'the limits of GB 3096-2008 are for a day from 6 to 22 and the night after it',
        'Use periods: china without other hours, or leave limits_class out.',
      ),
    );
  return findings;
}

function checkAir(config: AirConfig, path: Path, among: Among): Found<CheckedDerived> {
  const findings: Finding[] = repeats(config.sources, ({ pollutant }) => pollutant).map(({ again }) =>
    errorAt(
      [...path, 'sources', config.sources.indexOf(again), 'pollutant'],
      `${again.pollutant} is measured already`,
      'An index has one source of each pollutant; make another derived device for the other.',
    ),
  );
  const sources = config.sources.flatMap((source, index) => {
    const { pollutant } = source;
    const at = [...path, 'sources', index];
    const { findings: wrong, found } = findSource(source, at, among);
    findings.push(...wrong);
    const unit = found && unitFinding(found, at, { units: concentrationUnits(pollutant), what: pollutant });
    if (unit) findings.push(unit);
    return found && !unit ? [{ ...found, pollutant }] : [];
  });
  findings.push(...nowcastFindings(config, path));
  return sources.length === config.sources.length ? { findings, found: { config, sources } } : { findings };
}

/** A value every so many minutes is no hour. */
function nowcastFindings({ gap_s }: AirConfig, path: Path): Finding[] {
  if (gap_s === undefined || gap_s <= 900) return [];
  return [
    warningAt(
      [...path, 'gap_s'],
      `gap_s is ${gap_s}: one value may stand for a quarter of an hour and more`,
      'An hour is then made of few values; 900 is plenty.',
    ),
  ];
}

/** The device and the point of a source; with the ones that were probably meant when they are not there. */
function findSource(
  source: { readonly device: string; readonly point: string },
  path: Path,
  { site, devices }: Among,
): Found<CheckedSource> {
  const device = devices.get(source.device);
  const at = [...path, 'device'];
  if (!device) {
    if (site.devices.some(({ id }) => id === source.device)) return { findings: [] };
    if (site.derived.some(({ id }) => id === source.device))
      return {
        findings: [
          errorAt(
            at,
            `${source.device} is itself derived`,
            'Derived values are made of those of devices; name the device it is made of.',
          ),
        ],
      };
    const known = site.devices.map(({ id }) => id);
    return { findings: [unknownName(at, source.device, 'device', known)] };
  }
  const points = device.driver.points(device.options);
  const spec = points[source.point];
  if (spec) return { findings: [], found: { device, point: source.point, spec } };
  const close = nearest(source.point, Object.keys(points));
  return {
    findings: [
      errorAt(
        [...path, 'point'],
        `${source.device} (${device.driver.id}) has no point ${source.point}`,
        close ? `Did you mean ${close}?` : `It has ${Object.keys(points).join(', ') || 'none'}.`,
      ),
    ],
  };
}

function unitFinding(
  { device, point, spec }: CheckedSource,
  path: Path,
  { units, what }: { readonly units: readonly string[]; readonly what: string },
): Finding | undefined {
  const unit = spec.kind === 'number' ? spec.unit : undefined;
  if (unit !== undefined && units.includes(unit)) return undefined;
  const came = unit === undefined ? `a ${spec.kind}` : unit === '1' ? 'without a unit' : `in ${unit}`;
  return errorAt(
    [...path, 'point'],
    `${point} of ${device.config.id} is ${came}; ${what} is needed in ${units.join(' or ')}`,
    'Name another point; of a profile, give the point its unit there.',
  );
}
