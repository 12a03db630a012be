import type { PointSpec } from '../model/index.ts';
import type { DeviceHost } from './host.ts';

export interface DeviceCard {
  readonly id: string;
  readonly name?: string;
  readonly zone?: string;
  readonly driver: string;
  readonly about: string;
  readonly evidence: string;
  readonly points: Readonly<Record<string, PointCard>>;
}
export interface PointCard {
  readonly kind: string;
  readonly about: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
}

/** What this gateway has: devices and points in words a platform can show. */
export const inventoryOf = (hosts: readonly DeviceHost[]): readonly DeviceCard[] =>
  hosts.map(({ settings, points }) => ({
    id: settings.id,
    ...(settings.name !== undefined && { name: settings.name }),
    ...(settings.zone !== undefined && { zone: settings.zone }),
    driver: settings.driver.id,
    about: settings.driver.about,
    evidence: settings.driver.evidence,
    points: Object.fromEntries(Object.entries(points).map(([id, spec]) => [id, cardOf(spec)])),
  }));

function cardOf(spec: PointSpec): PointCard {
  const { kind, about } = spec;
  if (spec.kind === 'number') return { kind, about, unit: spec.unit, min: spec.min, max: spec.max };
  return spec.kind === 'state' ? { kind, about, values: spec.values } : { kind, about };
}
