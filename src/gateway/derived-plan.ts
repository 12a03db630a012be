import type { CheckedDerived, CheckedDevice } from '../config/index.ts';
import { partHours } from '../config/index.ts';
import type { Evidence } from '../contracts/index.ts';
import { type DeviceCard, deviceCard } from '../devices/index.ts';
import type { PointSpecs } from '../model/index.ts';
import { Derivation, type DerivedSettings, PERIODS, type Sense } from '../pipeline/index.ts';

type Of<T extends CheckedDerived['config']['type']> = Extract<
  CheckedDerived,
  { readonly config: { readonly type: T } }
>;

/** A derived device as the site file says it → as src/pipeline makes it. `zone`: IANA time zone of the site. */
export function derivedSettings(derived: CheckedDerived, zone: string): DerivedSettings {
  const { id } = derived.config;
  if ('bays' in derived)
    return { id, type: 'parking', bays: derived.bays.map((bay) => baySettings(bay, derived)) };
  if ('source' in derived) return { id, type: 'noise', ...noiseSettings(derived, zone) };
  const { config, sources } = derived;
  return {
    id,
    type: 'air-quality',
    standard: config.standard,
    zone,
    sources: sources.map(({ pollutant, device, point, spec }) => ({
      pollutant,
      device: device.config.id,
      point,
      unit: spec.kind === 'number' ? spec.unit : '',
      gap_ms: gapMillis(config.gap_s, device),
    })),
  };
}

/** The points that a derived device of the site file has. */
export const derivedPoints = (derived: CheckedDerived, zone: string): PointSpecs =>
  new Derivation([derivedSettings(derived, zone)]).points(derived.config.id);

/** A lost answer is no silence: a value stands until the third look after it is due. */
const gapMillis = (gap_s: number | undefined, { config, driver }: CheckedDevice): number =>
  gap_s === undefined ? 3 * (config.poll_ms ?? driver.poll_ms.default) : gap_s * 1000;

function noiseSettings({ config, source }: Of<'noise'>, zone: string) {
  const rule = PERIODS[config.periods];
  const hours = partHours(config);
  return {
    source: { device: source.device.config.id, point: source.point },
    window_s: config.window_s,
    gap_ms: gapMillis(config.gap_s, source.device),
    rule: {
      ...rule,
      parts: rule.parts.map((part, index) => ({ ...part, from_h: hours[index] ?? part.from_h })),
    },
    zone,
    limits: config.limits_class,
    enough: config.complete_percent / 100,
  };
}

function baySettings(bay: Of<'parking'>['bays'][number], { config }: Of<'parking'>) {
  const { source, fault_point } = bay;
  const seconds = (value: number) => (value === 0 ? Number.POSITIVE_INFINITY : value * 1000);
  return {
    id: bay.id,
    device: source.device.config.id,
    point: source.point,
    sense: senseOf(bay),
    fault_point,
    rules: {
      enter_ms: config.enter_s * 1000,
      leave_ms: config.leave_s * 1000,
      samples: config.agreeing ?? (source.spec.kind === 'number' ? 3 : 1),
      unknown_after_ms: seconds(config.unknown_after_s),
      presence_limit_ms: seconds(bay.config.presence_limit_s ?? 0),
    },
  };
}

function senseOf({ config, source, factor }: Of<'parking'>['bays'][number]): Sense {
  const { kind } = source.spec;
  if (kind === 'flag') return { kind, inverted: config.inverted };
  if (kind === 'state') return { kind };
  const { occupied_below_mm: below = 0, hysteresis_mm: hysteresis } = config;
  return { kind: 'distance', below, hysteresis, factor };
}

const SENTENCES: Readonly<Record<CheckedDerived['config']['type'], string>> = {
  parking: 'Occupancy of bays and their counts, made of the readings of their detectors.',
  noise: 'Sound levels of windows and parts of the day, made of single values. Indicative.',
  'air-quality': 'Air quality index, made of hourly means.',
};

/** A derived device in the words a platform can show: it says so, what it is made of, and what those drivers rest on at worst. */
export function derivedCard(derived: CheckedDerived, points: PointSpecs): DeviceCard {
  const { config } = derived;
  const sources = sourcesOf(derived);
  const devices = sources.map(({ device }) => device);
  const simulated = devices.some((device) => device.config.simulated);
  const about = SENTENCES[config.type];
  const made_of = sources.map(({ device, point }) => `${device.config.id}/${point}`);
  return {
    ...deviceCard(
      { ...config, driver: driverName(derived), about, evidence: weakest(devices), simulated },
      points,
    ),
    derived: { type: config.type, made_of },
  };
}

/** Stands where a real device names its driver; no driver has such a name. */
export const driverName = ({ config }: CheckedDerived): string => `derived:${config.type}`;

const sourcesOf = (derived: CheckedDerived) => {
  if ('bays' in derived) return derived.bays.map(({ source }) => source);
  return 'source' in derived ? [derived.source] : derived.sources;
};

const RANK: readonly Evidence[] = ['simulated', 'captured', 'field'];
const weakest = (devices: readonly CheckedDevice[]): Evidence =>
  RANK.find((evidence) => devices.some(({ driver }) => driver.evidence === evidence)) ?? 'simulated';
