import type { Bus } from '../contracts/index.ts';
import { BytesBus } from './bytes/bus.ts';
import { firmataOpener } from './firmata/open.ts';
import { HttpBus } from './http/bus.ts';
import { LineBus } from './lines/bus.ts';
import { ModbusBus } from './modbus/bus.ts';
import type { BusSettings, BusWorld } from './settings.ts';
import { UdpBus } from './udp/bus.ts';

export { listAdapters } from './adapters.ts';
export { openBench } from './bench/open.ts';
export { openPorts } from './ports.ts';
export type { BusSettings, BusWorld } from './settings.ts';

/** Opens a bus. Its port is opened behind it, and again whenever it vanishes: this never fails because of the port. */
export function openBus(settings: BusSettings, world: BusWorld): Bus {
  if (settings.type === 'serial' || settings.type === 'serial-tcp') return new BytesBus(settings, world);
  if (settings.type === 'udp') return new UdpBus(settings, world);
  if (settings.type === 'http') return new HttpBus(settings, world);
  if (settings.type === 'gpio') return new LineBus(settings.id, () => world.ports.chip(settings.chip), world);
  if (settings.type === 'gpio-sysfs')
    return new LineBus(settings.id, () => world.ports.legacyChip(settings.chip), world);
  if (settings.type === 'firmata') return new LineBus(settings.id, firmataOpener(settings, world), world);
  return new ModbusBus(settings, world);
}
