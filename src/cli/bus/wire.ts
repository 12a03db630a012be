import { isAbsolute, join } from 'node:path';
import { type BusConfig, type CheckedDevice, refusalOf } from '../../config/index.ts';
import type { BenchPlace, DriverLibrary, SiteUnit } from '../../contracts/index.ts';
import { Fault, isFault } from '../../faults/index.ts';
import { nearest } from '../../model/index.ts';
import type { Given } from '../args.ts';
import type { CliDeps } from '../deps.ts';
import * as flags from '../flags.ts';
import { libraryWith } from '../library.ts';
import { settingIn } from './settings.ts';

/** A wire as a person names it: a bus of a site file, a port, a host. */
export const wireWord = {
  name: 'WIRE',
  about: 'a serial port, HOST:PORT, or with --config a bus of the site file',
} as const;

export const wireFlags = {
  config: { value: 'FILE', about: 'the site file: its buses by name, and what should be on them' },
  ...flags.root,
  socket: {
    value: 'FILE',
    about:
      'control socket of the gateway, which may hold the wire (default: as the site file says, or /run/gatelodge/control.sock)',
  },
  rtu: { about: 'HOST:PORT is a serial server that passes RTU frames on; else it speaks Modbus TCP' },
  ...flags.profile,
} as const;
export type WireFlags = Given<typeof wireFlags>['flags'];

export interface Wire {
  readonly name: string;
  readonly place: BenchPlace;
  readonly site: readonly SiteUnit[];
  readonly library: DriverLibrary;
  /** As it is typed in the next command. */
  readonly typed: string;
  /** The bus of a running gateway that is on it now, and the socket of that gateway. */
  readonly held?: { readonly bus: string; readonly socket: string };
}

const SOCKET = '/run/gatelodge/control.sock';

type Deps = Pick<CliDeps, 'load' | 'library' | 'readText' | 'control' | 'realPath'>;

/** The wire that is meant, and which running gateway has it. Faults: usage, config.refused, field.no-wire. */
export async function wireOf(
  deps: Deps,
  word: string,
  given: WireFlags & { readonly at?: string | undefined },
): Promise<Wire> {
  const { wire, socket } = await found(deps, word, given);
  const held = await holderOf(deps, wire, given.socket ?? socket);
  return { ...wire, ...(held && { held }) };
}

async function found(
  deps: Deps,
  word: string,
  given: WireFlags & { readonly at?: string | undefined },
): Promise<{ readonly wire: Wire; readonly socket: string }> {
  const { config: file, root, profile } = given;
  if (file === undefined) {
    const library = await libraryWith(deps, profile);
    const typed = [word, ...(given.rtu ? ['--rtu'] : [])].join(' ');
    const place = placeIn(word, given);
    return { wire: { ...{ name: word, place, site: [], library, typed } }, socket: SOCKET };
  }
  const { site, devices, problems, profiles } = await deps.load(file, undefined);
  if (!site) throw refusalOf(file, problems);
  const socket = below(root, site.control.socket);
  const bus = site.buses.find(({ id }) => id === word);
  const library = await deps.library(profiles);
  if (bus) {
    const rooted = root === '.' ? '' : ` --root ${root}`;
    const typed = `${word} --config ${file}${rooted}`;
    const units = devices.filter(({ config }) => config.bus === word).map(unitOf);
    return { wire: { ...{ name: word, place: placeOf(bus, root), site: units, library, typed } }, socket };
  }
  if (isPlace(word))
    return {
      wire: { ...{ name: word, place: placeIn(word, given), site: [], library, typed: word } },
      socket,
    };
  const ids = site.buses.map(({ id }) => id);
  const close = nearest(word, ids);
  throw new Fault('usage', {
    text: `There is no bus ${word} in ${file}; ${close ? `did you mean ${close}?` : `it has ${ids.join(', ')}`}`,
  });
}

const HOST_PORT = /^(.+):(\d{1,5})$/;
const isPlace = (word: string): boolean => word.includes('/') || HOST_PORT.test(word);

function placeIn(
  word: string,
  { rtu, at }: Pick<WireFlags, 'rtu'> & { readonly at?: string | undefined },
): BenchPlace {
  const [, host, port] = word.includes('/') ? [] : (HOST_PORT.exec(word) ?? []);
  if (host !== undefined) {
    const address = { host, port: Number(port) };
    if (!rtu) return { kind: 'modbus-tcp', ...address };
    return { kind: 'rtu-tcp', ...address, own: settingIn('at', at ?? '9600') };
  }
  if (rtu) throw new Fault('usage', { text: `--rtu is for HOST:PORT; ${word} is none` });
  if (word.includes('/')) return { kind: 'serial', path: word };
  throw new Fault('usage', {
    text: `${word} is no port; name one (gatelodge bus list), HOST:PORT, or --config FILE for a bus of a site file`,
  });
}

function placeOf(bus: BusConfig, root: string): BenchPlace {
  if (bus.type === 'modbus-rtu' || bus.type === 'serial') {
    const { path, baud, parity, data_bits, stop_bits, rs485 } = bus;
    const own = { baud, parity };
    return { kind: 'serial', path: below(root, path), own, data_bits, stop_bits, ...(rs485 && { rs485 }) };
  }
  if (bus.type === 'modbus-rtu-tcp' || bus.type === 'serial-tcp') {
    const { host, port, baud } = bus;
    return { kind: 'rtu-tcp', host, port, own: { baud, parity: 'none' } };
  }
  if (bus.type === 'modbus-tcp') return { kind: 'modbus-tcp', host: bus.host, port: bus.port };
  throw new Fault('field.no-wire', { wire: bus.id, reason: `its type is ${bus.type}` });
}

const below = (root: string, path: string): string => (isAbsolute(path) ? path : join(root, path));

function unitOf({ config, driver, options }: CheckedDevice): SiteUnit {
  const option = driver.setup?.(options).address?.option;
  const stands = option === undefined ? undefined : Object(options)[option];
  const unit = driver.link === 'modbus' ? (config.unit ?? driver.wire.unit ?? 1) : stands;
  return { device: config.id, unit: typeof unit === 'number' ? unit : undefined, driver, options };
}

/** Two programs on one wire would take each other's answers; a gateway that runs may hold it although its port is away just now. */
async function holderOf(deps: Deps, { place }: Wire, socket: string): Promise<Wire['held']> {
  const status = await deps
    .control(socket)
    .status()
    .catch((error: unknown) => {
      // Nobody is there. The port itself still refuses a second program.
      if (isFault(error, 'control.unreachable')) return undefined;
      throw error;
    });
  const mine = Object.entries(status?.buses ?? {}).find(
    ([, { at }]) => at !== undefined && isSame(deps, place, at),
  );
  return mine && { bus: mine[0], socket };
}

function isSame({ realPath }: Pick<Deps, 'realPath'>, place: BenchPlace, at: string): boolean {
  if (place.kind === 'serial') return at.includes('/') && realPath(place.path) === realPath(at);
  return `${place.host}:${place.port}`.toLowerCase() === at.toLowerCase();
}
