import type { SiteConfig } from '../config/index.ts';
import type { Bus, HealthView, Store } from '../contracts/index.ts';
import type { DeviceStatus, DoorStatus, LoadStatus, MaintenanceItem, StatusView } from '../control/index.ts';
import type { Pipeline } from '../pipeline/index.ts';
import type { Uplink } from '../uplink/index.ts';
import type { World } from '../world.ts';
import { doorCounts } from './door-board.ts';
import { loadCounts } from './load-view.ts';
import { placeOf } from './plan.ts';

interface Parts {
  readonly site: SiteConfig;
  readonly root: string;
  readonly world: Pick<World, 'clock' | 'wall'>;
  readonly version: string;
  readonly gateway: string;
  readonly started_up: number;
  readonly devices: readonly Pick<DeviceStatus, 'status'>[];
  readonly doors: readonly DoorStatus[];
  readonly loads: readonly LoadStatus[];
  readonly maintenance: readonly MaintenanceItem[];
  readonly buses: ReadonlyMap<string, Bus>;
  readonly uplinks: readonly Uplink[];
  readonly store: Store;
  readonly health: HealthView;
  readonly pipeline: Pipeline;
}

/** How the gateway is, in one look. */
export async function statusView(parts: Parts): Promise<StatusView> {
  const { site, world, version, gateway, started_up, devices, uplinks } = parts;
  const { boot, up } = world.clock.now();
  const wall = world.wall.read();
  return {
    gateway,
    site: { id: site.site.id, name: site.site.name },
    version,
    boot,
    up,
    started_up,
    clock: { unix_ms: wall.unix_ms, state: wall.state },
    devices: { total: devices.length, online: devices.filter(({ status }) => status === 'online').length },
    buses: busViews(parts),
    doors: doorCounts(parts.doors),
    loads: loadCounts(parts.loads),
    maintenance: parts.maintenance,
    outbox: await parts.store.outbox.stats(),
    uplinks: uplinks.map((uplink) => {
      const { last_fault, ...view } = uplink.view();
      return JSON.parse(JSON.stringify({ ...view, last_fault: last_fault?.message }));
    }),
    health: parts.health.facts(),
    pipeline: { ...parts.pipeline.counters() },
  };
}

function busViews({ site, root, buses }: Parts): StatusView['buses'] {
  return Object.fromEntries(
    site.buses.flatMap((config) => {
      const bus = buses.get(config.id);
      return bus ? [[config.id, { ...bus.stats(), at: placeOf(config, root) }]] : [];
    }),
  );
}
