import type { Bus, LineWish, UnitSettings } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { nearest } from '../model/index.ts';
import { DeviceHost, type DeviceView } from './host.ts';
import { cardOf, type DeviceCard } from './inventory.ts';
import { placeAmong } from './schedule.ts';
import type { AnyLink, DeviceSettings, DeviceWorld } from './settings.ts';

export interface RosterEntry {
  readonly settings: DeviceSettings;
  readonly wire: UnitSettings;
  /** Of a device on a GPIO chip: its lines, by the names its driver gives them. */
  readonly lines?: Readonly<Record<string, LineWish>>;
}

/** A device that could not be opened: it is shown with its fault, and the others run. */
interface Broken {
  readonly settings: DeviceSettings;
  readonly fault: Fault;
  readonly since_up: number;
}

/** All devices of a site. One that cannot be opened never stops the others. Opened they know what they are; nothing is heard before `start`. */
export class Roster {
  private readonly members: ReadonlyMap<string, DeviceHost | Broken>;
  private readonly world: DeviceWorld;
  readonly inventory: readonly DeviceCard[];

  private constructor(members: ReadonlyMap<string, DeviceHost | Broken>, world: DeviceWorld) {
    this.members = members;
    this.world = world;
    this.inventory = [...members.values()].map((member) =>
      cardOf(member.settings, member instanceof DeviceHost ? member.points : {}),
    );
  }

  static open(entries: readonly RosterEntry[], buses: ReadonlyMap<string, Bus>, world: DeviceWorld): Roster {
    const members = new Map<string, DeviceHost | Broken>();
    for (const entry of entries) {
      const { id, bus } = entry.settings;
      const mates = entries.filter(({ settings }) => settings.bus === bus).map(({ settings }) => settings.id);
      members.set(id, openOne(entry, { bus: buses.get(bus), place: placeAmong(id, mates) }, world));
    }
    return new Roster(members, world);
  }

  /** From now on something is heard of them. */
  start(): void {
    for (const host of this.all()) host.start();
  }

  /** Throws device.unknown with the nearest id, and for a device that could not be opened the fault that stopped it. */
  find(id: string): DeviceHost {
    const member = this.members.get(id);
    if (member instanceof DeviceHost) return member;
    if (member) throw member.fault;
    throw new Fault('device.unknown', {
      device: id,
      nearest: nearest(id, [...this.members.keys()]) ?? 'none',
    });
  }

  /** undefined: there is none, or it could not be opened. */
  get(id: string): DeviceHost | undefined {
    const member = this.members.get(id);
    return member instanceof DeviceHost ? member : undefined;
  }

  /** Those that could be opened. */
  all(): readonly DeviceHost[] {
    return [...this.members.values()].filter((member) => member instanceof DeviceHost);
  }

  /** Every device of the site, also those that could not be opened. */
  views(): readonly DeviceView[] {
    return [...this.members.values()].map((member) =>
      member instanceof DeviceHost ? member.view() : brokenView(member),
    );
  }

  /** Outputs to their safe state, all at once; one that fails does not stop the others. Closing does this too for devices with `rest_at_stop`. */
  async rest(): Promise<void> {
    await Promise.all(
      this.all().map((host) =>
        host.rest().catch((error: unknown) => {
          const facts = { device: host.settings.id, fault: asFault(error) };
          this.world.log.error(facts, 'outputs may not be in their safe state');
        }),
      ),
    );
  }

  /** Within 5 s. The buses must still be open where outputs are brought to rest. */
  async close(): Promise<void> {
    await Promise.all(this.all().map((host) => host.close()));
    for (const id of this.members.keys()) this.world.health.clear('device-down', id);
  }
}

function openOne(
  entry: RosterEntry,
  on: { readonly bus: Bus | undefined; readonly place: { readonly index: number; readonly of: number } },
  world: DeviceWorld,
): DeviceHost | Broken {
  const { settings } = entry;
  const { id } = settings;
  try {
    if (!on.bus)
      throw new Fault('internal', { text: `device ${id} names bus ${settings.bus}, which is not there` });
    return new DeviceHost(settings, { link: linkOf(entry, on.bus), place: on.place }, world);
  } catch (error) {
    const fault = asFault(error);
    world.health.raise('device-down', id, fault.message);
    world.log.error({ device: id, fault: fault.code, text: fault.message }, 'device cannot be opened');
    return { settings, fault, since_up: world.clock.now().up };
  }
}

function linkOf({ settings, wire, lines }: RosterEntry, bus: Bus): AnyLink {
  const { id, driver } = settings;
  if (driver.link === 'modbus') return bus.modbus(id, wire);
  if (driver.link === 'udp') return bus.udp(id, wire);
  if (driver.link === 'http') return bus.http(id, wire);
  return driver.link === 'bytes' ? bus.bytes(id, wire) : bus.lines(id, lines ?? {});
}

function brokenView({ settings, fault, since_up }: Broken): DeviceView {
  const { id, name, zone, bus, unit, driver } = settings;
  return {
    ...{ id, name, zone, bus, unit, driver: driver.id, status: 'offline', since_up, cause: fault.code },
    ...{ polls: 0, missed: 0, failures: 1, rejected: 0, last: [], commands: Object.keys(driver.commands) },
  };
}
