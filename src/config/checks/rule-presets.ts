import type { AlarmSeverity, LevelCondition } from '../../contracts/index.ts';
import { GB_3096_2008, type PointSpecs } from '../../model/index.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';
import type { PRESETS, RuleConfig } from '../rule-schema.ts';
import type { SiteConfig } from '../schema.ts';
import { unknownName } from './findings.ts';
import { type Found, findPointOf, isNamed, notFound, pointsOf, type Things } from './things.ts';

/** An ordinary rule that a preset stands for. */
export interface Preset {
  readonly subject: string;
  readonly part?: string;
  readonly when: LevelCondition;
  readonly and?: readonly LevelCondition[];
  readonly for_s: number;
  readonly severity: AlarmSeverity;
  readonly message: string;
  /** It ends the gateway, and does nothing else. */
  readonly stops?: true;
}

type Name = (typeof PRESETS)[number];
type Options = Pick<RuleConfig, 'of' | 'points' | 'limit' | 'stop'>;
type Expand = (options: Options, path: Path, things: Things) => Found<readonly Preset[]>;

/** The night of GB 3096-2008, in place of a schedule of the site. */
export const NIGHT: SiteConfig['schedules'][number] = {
  id: '.night',
  spans: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'holiday'], from: '22:00', to: '06:00' }],
};

/** What each preset stands for, and what it may be told beside what every rule has. */
export const PRESET_RULES: Readonly<
  Record<Name, { readonly takes: readonly (keyof Options)[]; readonly expand: Expand }>
> = {
  'door-forced': {
    takes: ['of'],
    expand: doorAlarm(['forced', 'found-open'], 'critical', 'was opened without a cause'),
  },
  'door-held': { takes: ['of'], expand: doorAlarm(['held'], 'warning', 'is open for too long') },
  'night-noise': { takes: ['of', 'limit'], expand: nightNoise },
  'pm2_5-high': { takes: ['of', 'limit'], expand: particles },
  'bay-overstay': { takes: ['of'], expand: overstay },
  'device-silent': { takes: ['of'], expand: silent },
  'enclosure-opened': { takes: ['points'], expand: enclosures },
  'reader-tampered': { takes: ['of'], expand: readers },
  'mains-lost': { takes: ['points'], expand: mains },
  'battery-low': { takes: ['points', 'limit', 'stop'], expand: battery },
};

/** Those that are named, or all that fit. */
function chosen<T>(
  { of }: Options,
  path: Path,
  {
    all,
    idOf,
    what,
    things,
  }: {
    readonly all: readonly T[];
    readonly idOf: (one: T) => string;
    readonly what: string;
    readonly things: Things;
  },
): Found<readonly T[]> {
  const known = all.map(idOf);
  if (!of)
    return all.length
      ? { findings: [], found: all }
      : notFound(
          errorAt(
            [...path, 'preset'],
            `there is no ${what} here`,
            'Leave the rule out, or add what it is about.',
          ),
        );
  const findings: Finding[] = of.flatMap((id, index) =>
    // One that is wrong by itself is told where it stands.
    known.includes(id) || (isNamed(id, things) && !things.devices.has(id) && !things.derived.has(id))
      ? []
      : [unknownName([...path, 'of', index], id, what, known)],
  );
  return findings.length ? { findings } : { findings, found: all.filter((one) => of.includes(idOf(one))) };
}

function doorAlarm(alarms: readonly string[], severity: AlarmSeverity, what: string): Expand {
  return (options, path, things) => {
    const { doors } = things.site;
    const all = doors.filter(
      (door) => door.type !== 'lift' && (door.contacts.in !== undefined || door.contacts.out !== undefined),
    );
    const { findings, found } = chosen(options, path, {
      all,
      idOf: ({ id }) => id,
      what: 'door with a contact',
      things,
    });
    if (!found) return { findings };
    return {
      findings,
      found: found.map(({ id, name = id }) => ({
        ...{ subject: id, severity, for_s: 0, message: `${name} ${what}` },
        when: { type: 'door-alarm', door: id, alarms },
      })),
    };
  };
}

function nightNoise(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const all = [...things.derived.values()].flatMap(({ config }) =>
    config.type === 'noise' && (config.limits_class !== undefined || options.limit !== undefined)
      ? [config]
      : [],
  );
  const what = 'derived device of type noise with a limits_class';
  const { findings, found } = chosen(options, path, { all, idOf: ({ id }) => id, what, things });
  if (!found) return { findings };
  return {
    findings,
    found: found.map(({ id, name = id, limits_class }): Preset => {
      const limit = options.limit ?? (limits_class === undefined ? 0 : GB_3096_2008[limits_class].night);
      const by = options.limit === undefined ? ` (GB 3096-2008, class ${limits_class})` : '';
      return {
        ...{ subject: id, severity: 'warning', for_s: 0 },
        message: `${name} is louder than ${limit} dB(A) at night${by}`,
        when: { type: 'threshold', device: id, point: 'laeq', side: 'above', limit, hysteresis: 1 },
        and: [{ type: 'schedule', schedule: NIGHT.id }],
      };
    }),
  };
}

/** The daily mean with which an index of HJ 633 passes 100. */
const PM2_5_LIMIT = 75;

function particles(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const all = [...things.devices.values()].filter((device) => {
    const spec = device.driver.points(device.options).pm2_5;
    return spec?.kind === 'number' && spec.unit === 'ug/m3';
  });
  const { findings, found } = chosen(options, path, {
    ...{ all, things },
    idOf: ({ config }) => config.id,
    what: 'device with a point pm2_5 in ug/m3',
  });
  const { limit = PM2_5_LIMIT } = options;
  if (!found) return { findings };
  return {
    findings,
    found: found.map(({ config: { id, name = id } }) => ({
      ...{
        subject: id,
        severity: 'warning',
        for_s: 1800,
        message: `PM2.5 at ${name} is above ${limit} ug/m3`,
      },
      when: { type: 'threshold', device: id, point: 'pm2_5', side: 'above', limit, hysteresis: limit / 10 },
    })),
  };
}

const STAY_S = 4 * 3600;

function overstay(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const all = [...things.derived.values()].flatMap((one) => ('bays' in one ? [one] : []));
  const { findings, found } = chosen(options, path, {
    ...{ all, things },
    idOf: ({ config }) => config.id,
    what: 'derived parking',
  });
  if (!found) return { findings };
  return {
    findings,
    found: found.flatMap(({ config: { id, name = id }, bays }) =>
      bays.map(
        (bay): Preset => ({
          ...{ subject: id, part: bay.id, severity: 'info', for_s: STAY_S },
          message: `Bay ${bay.id} of ${name} is occupied for too long`,
          when: { type: 'state', device: id, point: bay.id, values: ['occupied'] },
        }),
      ),
    ),
  };
}

function silent(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const { findings, found } = chosen(options, path, {
    ...{ all: things.site.devices, things },
    idOf: ({ id }) => id,
    what: 'device',
  });
  if (!found) return { findings };
  return { findings, found: found.map(({ id, name }) => silence(id, name, 300)) };
}

const silence = (id: string, name = id, for_s: number): Preset => ({
  ...{ subject: id, severity: 'warning', for_s, message: `${name} does not answer` },
  when: { type: 'health', fact: 'device-down', subject: id },
});

/** The points that are named, or those of the usual names. */
function chosenPoints(
  { points }: Options,
  path: Path,
  {
    kind,
    usual,
    things,
  }: { readonly kind: 'flag' | 'number'; readonly usual: readonly string[]; readonly things: Things },
): Found<readonly { readonly device: string; readonly point: string; readonly inverted: boolean }[]> {
  if (points) {
    const findings = points.flatMap(
      (at, index) => findPointOf(kind, at, [...path, 'points', index], things).findings,
    );
    return findings.length ? { findings } : { findings, found: points };
  }
  const found = [...things.devices.values()].flatMap((device) => {
    const specs: PointSpecs = device.driver.points(device.options);
    return usual.flatMap((point) =>
      specs[point]?.kind === kind ? [{ device: device.config.id, point, inverted: false }] : [],
    );
  });
  if (found.length) return { findings: [], found };
  return notFound(
    errorAt(
      [...path, 'preset'],
      `no device here has a point ${usual.join(' or ')}`,
      'Name the points: points: [{ device: …, point: … }].',
    ),
  );
}

const flagIs = (device: string, point: string, is: boolean): LevelCondition => ({
  ...{ type: 'state', device, point },
  values: [is],
});

function enclosures(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const usual = ['cabinet-open', 'enclosure-open', 'housing-open'];
  const tampers = options.points ? [] : things.site.doors.filter((door) => door.tampers.length > 0);
  const { findings, found } = chosenPoints(options, path, { kind: 'flag', usual, things });
  if (!found && tampers.length === 0) return { findings };
  return {
    findings: [],
    found: [
      ...(found ?? []).map(
        ({ device, point, inverted }): Preset => ({
          ...{ subject: device, part: point, severity: 'critical', for_s: 0 },
          message: `${nameOf(device, things)}: ${point}`,
          when: flagIs(device, point, !inverted),
        }),
      ),
      ...tampers.map(
        ({ id, name = id }): Preset => ({
          ...{ subject: id, severity: 'critical', for_s: 0, message: `${name}: a tamper contact is open` },
          when: { type: 'door-alarm', door: id, alarms: ['tamper'] },
        }),
      ),
    ],
  };
}

function readers(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const all = [...things.devices.values()].filter(({ driver }) => driver.category === 'reader');
  const { findings, found } = chosen(options, path, {
    ...{ all, things },
    idOf: ({ config }) => config.id,
    what: 'reader',
  });
  if (!found) return { findings };
  return {
    findings,
    found: found.flatMap(({ config: { id, name = id }, driver, options: set }): Preset[] => {
      const away: Preset = { ...silence(id, name, 30), part: 'silent' };
      if (driver.points(set).tamper?.kind !== 'flag') return [away];
      const opened: Preset = {
        ...{ subject: id, part: 'tamper', severity: 'critical', for_s: 0 },
        message: `${name} was opened or taken off`,
        when: flagIs(id, 'tamper', true),
      };
      return [opened, away];
    }),
  };
}

function mains(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const usual = ['mains-lost', 'on-battery'];
  const { findings, found } = chosenPoints(options, path, { kind: 'flag', usual, things });
  if (!found) return { findings };
  return {
    findings,
    found: found.map(({ device, point, inverted }) => ({
      ...{ subject: device, part: point, severity: 'critical', for_s: 5 },
      message: `The mains are lost (${point} of ${nameOf(device, things)})`,
      when: flagIs(device, point, !inverted),
    })),
  };
}

const CHARGE_LIMIT = 30;
/** The gateway ends at this share of the limit, so that it is not cut off in the middle of something. */
const STOP_SHARE = 1 / 3;

function battery(options: Options, path: Path, things: Things): Found<readonly Preset[]> {
  const { findings, found } = chosenPoints(options, path, { kind: 'number', usual: ['charge'], things });
  if (!found) return { findings };
  const { limit = CHARGE_LIMIT, stop } = options;
  return {
    findings,
    found: found.flatMap(({ device, point }): Preset[] => {
      const name = nameOf(device, things);
      const below = (at: number) =>
        ({ type: 'threshold', device, point, side: 'below', limit: at, hysteresis: at / 5 }) as const;
      const low: Preset = {
        ...{ subject: device, part: point, severity: 'critical', for_s: 30 },
        message: `The battery of ${name} is below ${limit} %`,
        when: below(limit),
      };
      // Charging from the mains it needs no end; without that word somebody must want it.
      const charging = pointsOf(device, things)?.['on-battery']?.kind === 'flag';
      if (stop === false || (stop === undefined && !charging)) return [low];
      const ends: Preset = {
        ...{ subject: device, part: 'stop', severity: 'critical', for_s: 60, stops: true },
        message: `The battery of ${name} is nearly empty; the gateway ends in order`,
        when: below(limit * STOP_SHARE),
        ...(charging && { and: [flagIs(device, 'on-battery', true)] }),
      };
      return [low, ends];
    }),
  };
}

const nameOf = (id: string, { devices, derived }: Things): string =>
  devices.get(id)?.config.name ?? derived.get(id)?.config.name ?? id;
