import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Adapter } from '../contracts/index.ts';

/**
 * The serial ports of a machine, from /sys/class/tty (Documentation/ABI: class/tty) and the names udev gives them under /dev/serial. `root`:
 * where /dev and /sys lie.
 */
export function listAdapters(root = '/'): readonly Adapter[] {
  const paths = namesIn(root, 'dev/serial/by-path');
  const ids = namesIn(root, 'dev/serial/by-id');
  const found = entries(join(root, 'sys/class/tty'))
    .filter((name) => isPort(root, name))
    .sort((x, y) => x.localeCompare(y, 'en', { numeric: true }))
    .map((name) => describe(root, name, { by_path: paths.get(name), by_id: ids.get(name) }));
  return found.map((one) => ({ ...one, twins: twinsOf(one, found) }));
}

type Alone = Omit<Adapter, 'twins'>;

function describe(
  root: string,
  name: string,
  names: { readonly by_path: string | undefined; readonly by_id: string | undefined },
): Alone {
  const device = join(root, 'sys/class/tty', name, 'device');
  const driver = real(join(device, 'driver'));
  const usb = usbOf(real(device) ?? device, root);
  const given = Object.entries({ ...names, driver: driver && basename(driver), usb });
  return {
    port: `/dev/${name}`,
    // exactOptionalPropertyTypes: what is not known must not be there at all.
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  };
}

/** A terminal has no device behind it, and the kernel keeps places for UARTs that are not there (type 0: PORT_UNKNOWN). */
function isPort(root: string, name: string): boolean {
  const folder = join(root, 'sys/class/tty', name);
  return existsSync(join(folder, 'device')) && textOf(join(folder, 'type')) !== '0';
}

/** The USB device that a port belongs to: the nearest folder above that has a vendor. */
function usbOf(device: string, root: string): Adapter['usb'] {
  for (let folder = device; folder.length > root.length; folder = dirname(folder)) {
    const vendor = textOf(join(folder, 'idVendor'));
    const product = textOf(join(folder, 'idProduct'));
    if (vendor === undefined || product === undefined) continue;
    const name = textOf(join(folder, 'product'));
    const serial = textOf(join(folder, 'serial'));
    return { vendor, product, ...(name !== undefined && { name }), ...(serial !== undefined && { serial }) };
  }
  return undefined;
}

/** Ports of one adapter share its socket, and are no twins; the last part of a by-path name is the port within it. */
function twinsOf(one: Alone, all: readonly Alone[]): string[] {
  if (!one.usb) return [];
  const said = JSON.stringify(one.usb);
  return all
    .filter(
      (other) => other !== one && JSON.stringify(other.usb) === said && socketOf(other) !== socketOf(one),
    )
    .map(({ port }) => port);
}

const socketOf = ({ port, by_path }: Alone): string => by_path?.replace(/:\d+\.\d+(-port\d+)?$/, '') ?? port;

/** Name of the port → the link that udev made to it. */
function namesIn(root: string, folder: string): ReadonlyMap<string, string> {
  return new Map(
    entries(join(root, folder)).flatMap((name) => {
      const target = real(join(root, folder, name));
      return target === undefined ? [] : [[basename(target), `/${folder}/${name}`] as const];
    }),
  );
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No adapter was ever plugged in, or no udev runs here.
    return [];
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
