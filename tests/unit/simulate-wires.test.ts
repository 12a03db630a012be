import { existsSync, readlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import ModbusRTU from 'modbus-serial';
import { SerialPort } from 'serialport';
import { describe, expect, it } from 'vitest';
import { fromHex, openModbus, readRequest, rtuFrame, toHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { listenTcp, openPty, openSimulatedSite } from '../../src/simulate/index.ts';
import { freePort } from '../support/ports.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const ASK = rtuFrame(1, readRequest({ table: 'holding', at: 0, count: 1 }));

async function open(bus: { path?: string; host?: string; port?: number }, type = 'modbus-rtu') {
  return openSimulatedSite(
    {
      buses: [{ id: 'bus', type, baud: 9600, ...bus }],
      devices: [{ id: 'noise-1', driver: 'noise-rs485', bus: 'bus', unit: 1 }],
    },
    {
      library: await openLibrary(),
      openPty,
      listenTcp,
      clock: systemClock('boot'),
      random: Math.random,
      log: quiet,
      unixMillis: () => 0,
    },
  );
}

describe('a simulated site on real wires', () => {
  it('stands at the path of the site file, answers a real serial port, and is gone after close', async () => {
    const path = join(tempFolder(), 'wires', 'rs485');
    const site = await open({ path });
    const heard: Buffer[] = [];
    const port = new SerialPort({ path, baudRate: 9600 });
    port.on('data', (chunk: Buffer) => heard.push(chunk));

    port.write(ASK);
    await until('the unit answers', () => Buffer.concat(heard).length === 7);

    expect(openModbus(Buffer.concat(heard)).unit).toBe(1);
    expect(site.ports.bus).toBe(path);
    expect(readlinkSync(path)).toMatch(/^\/dev\/pts\//);
    await new Promise((resolve) => port.close(resolve));
    await site.close();
    expect(existsSync(path)).toBe(false);
  });

  it('never takes the place of a file that is not its own', async () => {
    const path = join(tempFolder(), 'precious');
    writeFileSync(path, 'mine');
    const site = await open({ path });

    expect(site.ports.bus).toMatch(/^\/dev\/pts\//);
    await site.close();
    expect(existsSync(path)).toBe(true);
  });

  it('is understood by a Modbus library that is not ours, exceptions included', async () => {
    const port = await freePort();
    const site = await open({ host: '127.0.0.1', port }, 'modbus-tcp');
    const client = new ModbusRTU.default();
    await client.connectTCP('127.0.0.1', { port });
    client.setID(1);
    client.setTimeout(2000);

    const { data } = await client.readHoldingRegisters(0, 1);
    expect(data[0]).toBe(Math.round(Number(site.said()['noise-1']?.noise) * 10));
    await expect(client.readHoldingRegisters(1, 1)).rejects.toMatchObject({ modbusCode: 2 });
    await expect(client.writeCoil(0, true)).rejects.toMatchObject({ modbusCode: 2 });

    await new Promise<void>((resolve) => client.close(() => resolve()));
    await site.close();
  });

  it('answers RTU over TCP to several clients, and hangs up when it is unplugged', async () => {
    const port = await freePort();
    const site = await open({ host: '127.0.0.1', port });
    const clients = [1, 2].map(() => {
      const socket = createConnection({ host: '127.0.0.1', port });
      const client = { socket, heard: '', gone: false };
      socket.on('data', (chunk) => {
        client.heard += ` ${toHex(chunk)}`;
      });
      socket.on('close', () => {
        client.gone = true;
      });
      socket.on('error', () => {});
      return client;
    });

    for (const { socket } of clients) socket.write(ASK);
    await until('both are answered', () => clients.every(({ heard }) => fromHex(heard).length === 7));
    site.faults.apply('bus=unplug');
    await until('both are hung up on', () => clients.every(({ gone }) => gone));

    site.faults.apply('bus=ok');
    await until('it listens again', () => connects(port));
    await site.close();
  });
});

const connects = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
