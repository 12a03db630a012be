import { createHash } from 'node:crypto';
import type { SiteConfig } from '../config/index.ts';
import type { Clock, State } from '../contracts/index.ts';
import { type DeviceCard, keepRevision } from '../devices/index.ts';
import type { GatewayIntake } from './intake.ts';

interface Tools {
  readonly state: State;
  readonly clock: Clock;
  readonly intake: Pick<GatewayIntake, 'event'>;
}

/** A changed inventory is a class-A record, before any reading that was taken under it. */
export async function tellInventory(
  devices: readonly DeviceCard[],
  { state, clock, intake }: Tools,
): Promise<void> {
  const before = await state.get('inventory', 'told');
  const { revision, hash } = await keepRevision(state, devices);
  if (before?.hash === hash) return;
  const known = (before?.devices ?? []) as readonly string[];
  const now = devices.map(({ id }) => id);
  const fields = {
    revision,
    added: now.filter((id) => !known.includes(id)),
    removed: known.filter((id) => !now.includes(id)),
  };
  const told = { owner: 'inventory', name: 'told', value: { hash, devices: now } };
  const stamp = clock.now();
  await intake.event({ kind: 'inventory', lane: 'a', subject: '', name: 'inventory', fields, stamp }, [told]);
}

/** A changed site file is a decision of somebody; its hash says which one ran when. */
export async function tellConfig(site: SiteConfig, { state, clock, intake }: Tools): Promise<void> {
  const before = await state.get('audit', 'config');
  const hash = createHash('sha256').update(JSON.stringify(site)).digest('hex');
  if (before?.hash === hash) return;
  const fields = { hash, ...(before && { before: before.hash ?? null }) };
  const told = { owner: 'audit', name: 'config', value: { hash } };
  const stamp = clock.now();
  await intake.event({ kind: 'audit', lane: 'a', subject: '', name: 'config', fields, stamp }, [told]);
}
