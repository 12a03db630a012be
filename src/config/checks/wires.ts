import { posix } from 'node:path';
import { errorAt, type Finding, warningAt } from '../problems.ts';
import type { BusConfig, SiteConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';
import { repeats, unknownName } from './findings.ts';
import { isHost, portOf } from './http.ts';
import { checkLines, chipFindings } from './lines.ts';

/** Which device hangs on which wire, and whether they can stand each other. */
export function checkWires(site: SiteConfig, devices: readonly CheckedDevice[]): Finding[] {
  const buses = new Map(site.buses.map((bus) => [bus.id, bus]));
  const lost = site.devices.flatMap(({ bus }, index) =>
    buses.has(bus) ? [] : [unknownName(['devices', index, 'bus'], bus, 'bus', [...buses.keys()])],
  );
  const findings: Finding[] = [...lost];
  const placed = devices.flatMap((device) => {
    const bus = buses.get(device.config.bus);
    const path = ['devices', site.devices.indexOf(device.config)];
    return bus ? [{ ...device, bus, path }] : [];
  });
  findings.push(...placed.flatMap(linkFindings), ...sharedAddresses(placed), ...crowdedStreams(placed));
  findings.push(...checkLines(placed));
  findings.push(...sharedPorts(site.buses));
  for (const [index, bus] of site.buses.entries()) {
    const path = ['buses', index] as const;
    const there = placed.filter((device) => device.bus === bus);
    // While a device names a bus that is not there, it may be this one.
    if (lost.length === 0 && !site.devices.some((device) => device.bus === bus.id))
      findings.push(warningAt(path, `no device hangs on ${bus.id}`, 'Give it one, or remove the bus.'));
    findings.push(...foreignSpeeds(bus, there, path), ...chipFindings(bus, path));
  }
  return findings;
}

interface Placed extends CheckedDevice {
  readonly bus: BusConfig;
  readonly path: readonly (string | number)[];
}

const kindOf = ({ type }: BusConfig): CheckedDevice['driver']['link'] => {
  if (type.startsWith('modbus')) return 'modbus';
  if (type === 'udp' || type === 'http') return type;
  return type.startsWith('serial') ? 'bytes' : 'line';
};
const unitOf = ({ config, driver }: Placed): number | undefined => config.unit ?? driver.wire.unit;

const BUS_FOR: Readonly<Record<CheckedDevice['driver']['link'], string>> = {
  bytes: 'Give it a bus of type serial or serial-tcp of its own.',
  modbus: 'Name a bus of type modbus-rtu, modbus-rtu-tcp or modbus-tcp.',
  udp: 'Name a bus of type udp.',
  http: 'Name a bus of type http: one for each host.',
  line: 'Name a bus of type gpio or firmata.',
};

/** How a device is told from others that has no address. */
const TOLD_BY: Readonly<Record<CheckedDevice['driver']['link'], string>> = {
  modbus: 'its address is its own',
  bytes: 'its port is its own',
  line: 'its lines are its own',
  udp: 'it is told by host and options',
  http: 'it is told by the host of its bus and its options',
};

function linkFindings(device: Placed): Finding[] {
  const { bus, config, driver, path } = device;
  if (driver.link !== kindOf(bus)) {
    return [
      errorAt(
        [...path, 'bus'],
        `${driver.id} needs a ${driver.link} bus; ${bus.id} is of type ${bus.type}`,
        BUS_FOR[driver.link],
      ),
    ];
  }
  if (config.host !== undefined && driver.link !== 'udp')
    return [
      errorAt(
        [...path, 'host'],
        `${config.id} has no host of its own on ${bus.id}, a bus of type ${bus.type}`,
        'Leave host out: only devices on a udp bus have one.',
      ),
    ];
  if (driver.link !== 'modbus') {
    if (config.unit === undefined) return [];
    return [
      errorAt(
        [...path, 'unit'],
        `${driver.id} has no address; ${TOLD_BY[driver.link]}`,
        'Leave unit out: only Modbus units have one.',
      ),
    ];
  }
  const unit = unitOf(device);
  if (unit === undefined)
    return [
      errorAt([...path, 'unit'], 'unit is missing', `Add unit: the Modbus address set on ${config.id}.`),
    ];
  if (unit === 0 && bus.type !== 'modbus-tcp')
    return [
      errorAt(
        [...path, 'unit'],
        'unit is 0, the address of all units at once, which none answers',
        'Use the address set on the unit, 1 to 247.',
      ),
    ];
  return [];
}

/** Two devices with one address on one wire answer at once, and neither is understood. */
function sharedAddresses(placed: readonly Placed[]): Finding[] {
  const keyOf = (device: Placed) =>
    device.driver.link === 'modbus' && kindOf(device.bus) === 'modbus'
      ? `${device.bus.id} ${unitOf(device)}`
      : undefined;
  return repeats(placed, keyOf).map(({ first, again }) =>
    errorAt(
      again.config.unit === undefined ? again.path : [...again.path, 'unit'],
      `address ${unitOf(again)} on ${again.bus.id} is that of ${first.config.id} already`,
      'Give one of the two another address, on the unit and here.',
    ),
  );
}

/** A byte stream has one device, or several that speak only when asked by their own address. */
function crowdedStreams(placed: readonly Placed[]): Finding[] {
  const streams = placed.filter(({ driver, bus }) => driver.link === 'bytes' && kindOf(bus) === 'bytes');
  const sharing = streams.filter(({ driver }) => driver.shares);
  const alone = (bus: BusConfig) =>
    streams.some((device) => device.bus === bus && !device.driver.shares) ? bus.id : undefined;
  const crowded = repeats(streams, ({ bus }) => alone(bus)).map(({ first, again }) =>
    errorAt(
      [...again.path, 'bus'],
      `${again.bus.id} carries ${first.config.id} already; a byte stream has one device`,
      'Give it a port of its own.',
    ),
  );
  const addressOf = ({ driver, options }: Placed) => driver.shares?.(options);
  const same = repeats(sharing, (device) => `${device.bus.id} ${addressOf(device)}`).map(({ first, again }) =>
    errorAt(
      [...again.path, 'options'],
      `address ${addressOf(again)} on ${again.bus.id} is that of ${first.config.id} already`,
      'Give one of the two another address, on the unit and here.',
    ),
  );
  return [...crowded, ...same];
}

/** A port can be opened once; what two buses send into it gets mixed. */
function sharedPorts(buses: readonly BusConfig[]): Finding[] {
  const placeOf = (bus: BusConfig) => {
    if ('chip' in bus) return bus.chip;
    if (bus.type === 'udp') return bus.listen_port === undefined ? undefined : `UDP port ${bus.listen_port}`;
    if ('path' in bus) return posix.normalize(bus.path);
    // What is no host is told elsewhere, and must not be shown.
    if (bus.type === 'http' && !isHost(bus.host)) return undefined;
    return `${bus.host.toLowerCase()}:${portOf(bus)}`;
  };
  const keyOf = (bus: BusConfig) => {
    if ('chip' in bus) return 'chip';
    if (bus.type === 'udp') return 'listen_port';
    if ('path' in bus) return 'path';
    return bus.port === undefined ? 'host' : 'port';
  };
  return repeats(buses, placeOf).map(({ first, again }) =>
    errorAt(
      ['buses', buses.indexOf(again), keyOf(again)],
      `${placeOf(again)} is the ${'chip' in again ? 'chip' : 'port'} of ${first.id} already`,
      `Give ${again.id} the port it is really on, or put its devices on ${first.id}.`,
    ),
  );
}

/** Units that leave the factory with another speed or parity than their bus has: told once for each driver. */
function foreignSpeeds(bus: BusConfig, placed: readonly Placed[], path: Finding['path']): Finding[] {
  // A board of lines has no units behind it.
  if (!('baud' in bus) || kindOf(bus) === 'line') return [];
  const foreign = new Map<string, Placed[]>();
  for (const device of placed) {
    const { id, wire, link } = device.driver;
    const other = [
      ...(wire.baud === bus.baud ? [] : [`${wire.baud} baud`]),
      // What a serial server does on its far side is set there.
      ...('parity' in bus && wire.parity !== bus.parity ? [`parity ${wire.parity}`] : []),
    ];
    if (link !== kindOf(bus) || other.length === 0) continue;
    const what = `${id} leaves the factory with ${other.join(' and ')}`;
    foreign.set(what, [...(foreign.get(what) ?? []), device]);
  }
  const own = `${bus.baud} baud${'parity' in bus ? `, parity ${bus.parity}` : ''}`;
  return [...foreign].map(([what, devices]) =>
    warningAt(
      [...path, 'baud'],
      `${bus.id} runs at ${own}; ${what} (${some(devices.map(({ config }) => config.id))})`,
      'Set the units to what the bus has before they are connected, or give them a bus of their own.',
    ),
  );
}

const some = (ids: readonly string[]): string =>
  ids.length > 4 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ');
