import type { CommandInbox } from '../commands/index.ts';
import type { SiteConfig } from '../config/index.ts';
import type { AccessLists, Heartbeat, Log, Store } from '../contracts/index.ts';
import { type DeviceCard, keepRevision } from '../devices/index.ts';
import type { HealthRegistry } from '../health/index.ts';
import type { Identity } from '../identity/index.ts';
import { openUplink, type Uplink } from '../uplink/index.ts';
import type { World } from '../world.ts';
import { uplinkSettings } from './plan.ts';
import type { Snapshots } from './snapshots.ts';

interface Parts {
  readonly identity: Pick<Identity, 'gateway'>;
  readonly store: Store;
  readonly health: HealthRegistry;
  readonly access: AccessLists;
  readonly heartbeat: Heartbeat;
  readonly commands: Pick<CommandInbox, 'take'>;
  readonly devices: readonly DeviceCard[];
  readonly snapshots: Pick<Snapshots, 'files'>;
}

/** The connections to all platforms of the site, with the revision of the inventory that they tell. */
export async function openUplinks(
  { site, world, log, version }: { site: SiteConfig; world: World; log: Log; version: string },
  { identity, store, health, access, heartbeat, commands, devices, snapshots }: Parts,
): Promise<readonly Uplink[]> {
  const { revision } = await keepRevision(store.state, devices);
  const inventory = { revision, devices };
  return site.uplinks.map((uplink) =>
    openUplink(uplinkSettings(uplink, world), {
      identity: { gateway: identity.gateway, site: site.site.id },
      outbox: store.outbox,
      clock: world.clock,
      wall: world.wall,
      health,
      healthView: health,
      log,
      random: world.random,
      randomBytes: world.randomBytes,
      pipe: world.pipe,
      inventory: () => inventory,
      status: () => ({ versions: { gatelodge: version, node: process.versions.node } }),
      commands: (command, came) => void commands.take(command, came),
      ...{ access, heartbeat, files: snapshots.files },
    }),
  );
}
