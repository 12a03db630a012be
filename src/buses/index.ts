import type { Bus } from '../contracts/index.ts';
import { BytesBus } from './bytes/bus.ts';
import { GpioBus } from './gpio/bus.ts';
import { ModbusBus } from './modbus/bus.ts';
import type { BusSettings, BusWorld } from './settings.ts';
import { UdpBus } from './udp/bus.ts';

export { openPorts } from './ports.ts';
export type { BusSettings, BusWorld } from './settings.ts';

/** Opens a bus. Its port is opened behind it, and again whenever it vanishes: this never fails because of the port. */
export function openBus(settings: BusSettings, world: BusWorld): Bus {
  if (settings.type === 'serial' || settings.type === 'serial-tcp') return new BytesBus(settings, world);
  if (settings.type === 'gpio' || settings.type === 'gpio-sysfs') return new GpioBus(settings, world);
  if (settings.type === 'udp') return new UdpBus(settings, world);
  return new ModbusBus(settings, world);
}
