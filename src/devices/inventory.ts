import { createHash } from 'node:crypto';
import type { State } from '../contracts/index.ts';
import type { PointSpec, PointSpecs } from '../model/index.ts';
import type { DeviceSettings } from './settings.ts';

export interface DeviceCard {
  readonly id: string;
  readonly name?: string;
  readonly zone?: string;
  readonly driver: string;
  readonly about: string;
  readonly evidence: string;
  /** It is not real, nor are its values. */
  readonly simulated?: true;
  /** It does not exist: its values are made of those of others (`device/point`). */
  readonly derived?: { readonly type: string; readonly made_of: readonly string[] };
  readonly points: Readonly<Record<string, PointCard>>;
}
export interface PointCard {
  readonly kind: string;
  readonly about: string;
  readonly privacy: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
}

/** A device and its points in words a platform can show. */
export const cardOf = (settings: DeviceSettings, points: PointSpecs): DeviceCard => {
  const { id, about, evidence } = settings.driver;
  return deviceCard({ ...settings, driver: id, about, evidence }, points);
};

export const deviceCard = (
  device: {
    readonly id: string;
    readonly name?: string | undefined;
    readonly zone?: string | undefined;
    readonly driver: string;
    readonly about: string;
    readonly evidence: string;
    readonly simulated: boolean;
  },
  points: PointSpecs,
): DeviceCard => ({
  id: device.id,
  ...(device.name !== undefined && { name: device.name }),
  ...(device.zone !== undefined && { zone: device.zone }),
  driver: device.driver,
  about: device.about,
  evidence: device.evidence,
  ...(device.simulated && { simulated: true as const }),
  points: Object.fromEntries(Object.entries(points).map(([id, spec]) => [id, pointCardOf(spec)])),
});

function pointCardOf(spec: PointSpec): PointCard {
  const { kind, about, privacy } = spec;
  if (spec.kind === 'number') return { kind, about, privacy, unit: spec.unit, min: spec.min, max: spec.max };
  return spec.kind === 'state' ? { kind, about, privacy, values: spec.values } : { kind, about, privacy };
}

/** Which inventory this is. The number grows by one whenever the content changes. */
export interface Revision {
  readonly revision: number;
  readonly hash: string;
}

/** Pure: the order of devices in the site file does not matter. */
export function revise(before: Revision | undefined, devices: readonly DeviceCard[]): Revision {
  const sorted = [...devices].sort((x, y) => (x.id < y.id ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
  return before?.hash === hash ? before : { revision: (before?.revision ?? 0) + 1, hash };
}

/** The revision of this inventory, remembered in the store under (inventory, revision). */
export async function keepRevision(state: State, devices: readonly DeviceCard[]): Promise<Revision> {
  const kept = await state.get('inventory', 'revision');
  const { revision, hash } = kept ?? {};
  const before = typeof revision === 'number' && typeof hash === 'string' ? { revision, hash } : undefined;
  const now = revise(before, devices);
  if (now !== before) await state.set('inventory', 'revision', { ...now });
  return now;
}
