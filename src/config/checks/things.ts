import type { RelaySpec } from '../../contracts/index.ts';
import { DOOR_EVENTS, type JsonObject, nearest, type PointSpec, type PointSpecs } from '../../model/index.ts';
import { errorAt, type Finding, type Path } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { CheckedDerived, DerivedPoints } from './derived.ts';
import type { CheckedDevice } from './device.ts';
import { unknownName } from './findings.ts';

/** What rules may be about. */
export interface Things {
  readonly site: SiteConfig;
  readonly devices: ReadonlyMap<string, CheckedDevice>;
  readonly derived: ReadonlyMap<string, CheckedDerived>;
  readonly pointsOf: DerivedPoints;
}

export type Found<T> = { readonly findings: readonly Finding[]; readonly found?: T };

export const notFound = (...findings: readonly Finding[]) => ({ findings });

/** Points of a device, real or derived; undefined: there is none, or it is wrong by itself. */
export function pointsOf(
  id: string,
  { devices, derived, site, pointsOf: made }: Things,
): PointSpecs | undefined {
  const device = devices.get(id);
  if (device) return device.driver.points(device.options);
  const one = derived.get(id);
  return one && made(one, site.site.time_zone);
}

/** One that is named in the file and wrong by itself is told where it stands. */
export const isNamed = (id: string, { site }: Things): boolean =>
  [...site.devices, ...site.derived].some((one) => one.id === id);

/** A point by its names. */
export function findPoint(
  { device, point }: { readonly device: string; readonly point: string },
  path: Path,
  things: Things,
): Found<PointSpec> {
  const points = pointsOf(device, things);
  if (!points) {
    if (isNamed(device, things)) return notFound();
    const known = [...things.site.devices, ...things.site.derived].map(({ id }) => id);
    return notFound(unknownName([...path, 'device'], device, 'device', known));
  }
  const found = points[point];
  if (found) return { findings: [], found };
  const known = Object.keys(points);
  const close = nearest(point, known);
  const remedy = close ? `Did you mean ${close}?` : `It has ${known.join(', ') || 'none'}.`;
  return notFound(errorAt([...path, 'point'], `${device} has no point ${point}`, remedy));
}

/** The same, of a kind. */
export function findPointOf<K extends PointSpec['kind']>(
  kind: K,
  at: { readonly device: string; readonly point: string },
  path: Path,
  things: Things,
): Found<Extract<PointSpec, { readonly kind: K }>> {
  const { findings, found } = findPoint(at, path, things);
  if (!found) return { findings };
  // The kind was just looked at.
  if (found.kind === kind) return { findings, found: found as Extract<PointSpec, { readonly kind: K }> };
  const points = pointsOf(at.device, things) ?? {};
  const fit = Object.keys(points).filter((name) => points[name]?.kind === kind);
  return notFound(
    errorAt(
      [...path, 'point'],
      `${at.point} of ${at.device} is a ${found.kind}; a ${kind} is needed`,
      fit.length ? `It has ${fit.join(', ')}.` : 'Name another device.',
    ),
  );
}

interface SeenEvent {
  readonly fields: readonly string[];
  /** A secret, which only doors hear. */
  readonly passing: boolean;
}

const HOST_EVENTS: Readonly<Record<string, SeenEvent>> = {
  'device-up': { fields: ['bus', 'down_ms'], passing: false },
  'device-down': { fields: ['bus', 'fault', 'text'], passing: false },
};

/** What a device or door tells; undefined: there is none of that name. */
export function eventsOf(
  id: string,
  { devices, site }: Things,
): Readonly<Record<string, SeenEvent>> | undefined {
  if (site.doors.some((door) => door.id === id)) return seen(DOOR_EVENTS);
  const device = devices.get(id);
  return device && { ...seen(device.driver.events), ...HOST_EVENTS };
}

const seen = (
  specs: Readonly<Record<string, { readonly fields: object; readonly passing?: true }>>,
): Record<string, SeenEvent> =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { fields, passing = false }]) => [
      name,
      { fields: Object.keys(fields), passing },
    ]),
  );

/** Relays of a board that a command with these arguments moves, counted from 1. */
export function relaysMoved({ driver, options }: CheckedDevice, args: JsonObject): readonly number[] {
  return relaysOf({ driver, options }).flatMap(({ args: own }, index) =>
    Object.entries(own).every(([key, value]) => !(key in args) || args[key] === value) ? [index + 1] : [],
  );
}

export const relaysOf = ({
  driver,
  options,
}: Pick<CheckedDevice, 'driver' | 'options'>): readonly RelaySpec[] => driver.relays?.(options) ?? [];

/** Who alone moves that relay, in words; undefined: nobody in particular. */
export function ownerOf(device: CheckedDevice, channel: number, { site }: Things): string | undefined {
  const { id, locks } = device.config;
  if (locks.includes(channel)) return 'feeds a lock; only its door moves it';
  const supply = site.supplies.find((one) => one.relay === id && one.channel === channel);
  if (supply) return `is the supply ${supply.id}, which is cut by its own rule`;
  const load = site.loads.find(({ relays }) =>
    relays.some((one) => one.device === id && one.channel === channel),
  );
  return load && `is part of the load ${load.id}, which alone switches it`;
}
