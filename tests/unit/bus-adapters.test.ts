import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { listAdapters } from '../../src/buses/index.ts';
import { cli } from '../support/cli.ts';
import { tempFolder } from '../support/temp.ts';

it('shows each adapter by the socket it is plugged into, with what it says of itself', () => {
  const root = machine();
  plug(root, {
    name: 'ttyUSB0',
    socket: '1-1.2',
    driver: 'ftdi_sio',
    vendor: '0403',
    product: '6001',
    serial: 'A50285BI',
  });

  expect(listAdapters(root)).toEqual([
    {
      port: '/dev/ttyUSB0',
      by_path: '/dev/serial/by-path/pci-usb-0:1-1.2:1.0-port0',
      by_id: '/dev/serial/by-id/usb-0403_6001_A50285BI-if00-port0',
      driver: 'ftdi_sio',
      usb: { vendor: '0403', product: '6001', name: 'USB Serial', serial: 'A50285BI' },
      twins: [],
    },
  ]);
});

it('warns of adapters that say the same of themselves, and names both', async () => {
  const root = machine();
  plug(root, { name: 'ttyUSB0', socket: '1-1.2', driver: 'ch341', vendor: '1a86', product: '7523' });
  plug(root, { name: 'ttyUSB1', socket: '1-1.3', driver: 'ch341', vendor: '1a86', product: '7523' });

  expect(listAdapters(root).map(({ twins }) => twins)).toEqual([['/dev/ttyUSB1'], ['/dev/ttyUSB0']]);
  const { out } = await cli(['bus', 'list'], { adapters: () => listAdapters(root) });
  expect(out).toMatch(/ttyUSB0, \/dev\/ttyUSB1 say the same.*by-id/);
  expect(out).toContain('/dev/serial/by-path/pci-usb-0:1-1.3:1.0-port0');
});

it('takes the ports of one adapter with several for what they are', () => {
  const root = machine();
  const one = { socket: '1-1', driver: 'ftdi_sio', vendor: '0403', product: '6011', serial: 'FT1' };
  plug(root, { ...one, name: 'ttyUSB0', interface: 0 });
  plug(root, { ...one, name: 'ttyUSB1', interface: 1 });

  expect(listAdapters(root).map(({ twins }) => twins)).toEqual([[], []]);
});

it('shows a built-in port, and neither terminals nor places without a UART', () => {
  const root = machine();
  builtIn(root, 'ttyAMA0', '3');
  builtIn(root, 'ttyS0', '0');
  mkdirSync(join(root, 'sys/class/tty/tty1'), { recursive: true });

  expect(listAdapters(root)).toEqual([{ port: '/dev/ttyAMA0', driver: 'uart-pl011', twins: [] }]);
});

it('says that there is none, and what to do', async () => {
  const { out, code } = await cli(['bus', 'list'], { adapters: () => listAdapters(machine()) });

  expect(out).toMatch(/There is no serial port.*driver/);
  expect(code).toBe(0);
});

it('says which work at the wires was probably meant', async () => {
  const { err, code } = await cli(['bus', 'lsit'], { adapters: () => [] });

  expect({ err, code }).toEqual({ err: expect.stringMatching(/bus lsit.*bus list/), code: 2 });
});

interface Plugged {
  readonly name: string;
  readonly socket: string;
  readonly driver: string;
  readonly vendor: string;
  readonly product: string;
  readonly serial?: string;
  readonly interface?: number;
}

const machine = (): string => tempFolder();

/** The folders and links that the kernel and udev make for an adapter. */
function plug(
  root: string,
  { name, socket, driver, vendor, product, serial, interface: part = 0 }: Plugged,
): void {
  const usb = join(root, `sys/devices/pci0/usb1/${socket}`);
  const port = join(usb, `${socket}:1.${part}`, name);
  write(join(usb, 'idVendor'), `${vendor}\n`);
  write(join(usb, 'idProduct'), `${product}\n`);
  write(join(usb, 'product'), 'USB Serial\n');
  if (serial) write(join(usb, 'serial'), `${serial}\n`);
  mkdirSync(join(port, 'tty', name), { recursive: true });
  link(join(root, 'sys/bus/usb-serial/drivers', driver), join(port, 'driver'));
  link(port, join(port, 'tty', name, 'device'));
  link(join(port, 'tty', name), join(root, 'sys/class/tty', name));
  write(join(root, 'dev', name), '');
  link(join(root, 'dev', name), join(root, `dev/serial/by-path/pci-usb-0:${socket}:1.${part}-port0`));
  const id = [vendor, product, serial].filter(Boolean).join('_');
  link(join(root, 'dev', name), join(root, `dev/serial/by-id/usb-${id}-if0${part}-port0`));
}

function builtIn(root: string, name: string, type: string): void {
  const device = join(root, 'sys/devices/platform/serial', name);
  mkdirSync(join(device, 'tty', name), { recursive: true });
  link(join(root, 'sys/bus/amba/drivers/uart-pl011'), join(device, 'driver'));
  link(device, join(device, 'tty', name, 'device'));
  write(join(device, 'tty', name, 'type'), `${type}\n`);
  link(join(device, 'tty', name), join(root, 'sys/class/tty', name));
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** As udev does it: of two that have one name, the first stays here. */
function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (!path.includes('/dev/')) mkdirSync(target, { recursive: true });
  try {
    symlinkSync(relative(dirname(path), target), path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
