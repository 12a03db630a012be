import type { Bus, UnitSettings } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { nearest } from '../model/index.ts';
import { DeviceHost } from './host.ts';
import { type DeviceCard, inventoryOf } from './inventory.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';

export interface RosterEntry {
  readonly settings: DeviceSettings;
  readonly wire: UnitSettings;
}

/** All devices of a site. One that cannot be opened never stops the others. */
export class Roster {
  private readonly hosts: ReadonlyMap<string, DeviceHost>;
  readonly inventory: readonly DeviceCard[];

  private constructor(hosts: ReadonlyMap<string, DeviceHost>) {
    this.hosts = hosts;
    this.inventory = inventoryOf([...hosts.values()]);
  }

  static open(entries: readonly RosterEntry[], buses: ReadonlyMap<string, Bus>, world: DeviceWorld): Roster {
    const hosts = new Map<string, DeviceHost>();
    for (const entry of entries) {
      const { id, bus: bus_id, driver } = entry.settings;
      const mates = entries.filter(({ settings }) => settings.bus === bus_id);
      const place = { index: mates.indexOf(entry), of: mates.length };
      try {
        const bus = buses.get(bus_id);
        if (!bus)
          throw new Fault('internal', { text: `device ${id} names bus ${bus_id}, which is not there` });
        const link = driver.link === 'modbus' ? bus.modbus(id, entry.wire) : bus.bytes(id, entry.wire);
        hosts.set(id, new DeviceHost(entry.settings, { link, place }, world));
      } catch (error) {
        const fault = asFault(error);
        world.health.raise('device-down', id, fault.message);
        world.log.error({ device: id, fault: fault.code }, 'device cannot be opened');
      }
    }
    for (const host of hosts.values()) host.start();
    return new Roster(hosts);
  }

  /** Throws device.unknown with the nearest id. */
  find(id: string): DeviceHost {
    const host = this.hosts.get(id);
    if (host) return host;
    throw new Fault('device.unknown', { device: id, nearest: nearest(id, [...this.hosts.keys()]) ?? 'none' });
  }

  all(): readonly DeviceHost[] {
    return [...this.hosts.values()];
  }

  /** Outputs to their safe state, all at once; one that fails does not stop the others. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.all().map((host) => host.rest()));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.all().map((host) => host.close()));
  }
}
