import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { connectControl } from '../../src/control/index.ts';
import { freePort, freeUdpPort } from '../support/ports.ts';
import { gatelodge } from '../support/process.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

interface Site {
  readonly profiles: string[];
  readonly buses: {
    readonly id: string;
    readonly type: string;
    path?: string;
    host?: string;
    port?: number;
    listen_port?: number;
    chip?: string;
    password?: string;
  }[];
  readonly devices: {
    readonly id: string;
    readonly options?: { key?: string };
    host?: string;
    simulated?: boolean;
  }[];
  uplinks: unknown[];
  gateway: object;
  control?: object;
}

const SITE = 'config/sites/riverside.yaml';
const HERE = '127.0.0.1';

/** The compound as it stands in its file, with places of this machine in place of its own. */
async function movedHere(folder: string) {
  // Our own file, which other tests judge.
  const site = parse(readFileSync(SITE, 'utf8')) as Site;
  site.profiles.splice(0, Infinity, ...site.profiles.map((path) => resolve('config/sites', path)));
  const key = join(folder, 'readers.key');
  writeFileSync(key, randomBytes(16).toString('hex'), { mode: 0o600 });
  const password = join(folder, 'camera.password');
  writeFileSync(password, 'correct horse', { mode: 0o600 });
  for (const bus of site.buses) {
    if (bus.path) bus.path = `ports/${bus.id}`;
    if (bus.type === 'udp')
      Object.assign(bus, { host: HERE, port: await freeUdpPort(), listen_port: await freeUdpPort() });
    else if (bus.host) Object.assign(bus, { host: HERE, port: await freePort() });
    if (bus.chip) bus.chip = `sim:ports/${bus.id}.sock`;
    if (bus.password) bus.password = `\${file:${password}}`;
  }
  for (const device of site.devices) {
    device.simulated = true;
    if (device.host) device.host = HERE;
    if (device.options?.key) device.options.key = `\${file:${key}}`;
  }
  Object.assign(site, { uplinks: [], gateway: { state_dir: 'state' }, control: { socket: 'control.sock' } });
  const file = join(folder, 'site.yaml');
  writeFileSync(file, stringify(site));
  return { file, buses: site.buses.length, devices: site.devices.length };
}

it('the whole compound runs on its simulated wires: serial, TCP, UDP, HTTP, GPIO lines and a Firmata board', async () => {
  const folder = tempFolder();
  const { file, ...there } = await movedHere(folder);
  const wires = gatelodge(['simulate', file, '--root', folder]);
  await wires.line('simulating', 60_000);
  const daemon = gatelodge(['run', '--config', file, '--root', folder, '--log', 'warn']);
  const control = connectControl(join(folder, 'control.sock'));

  const devices = await until(
    'all are online',
    async () => {
      if (daemon.child.exitCode !== null) throw new Error(daemon.stderr());
      const views = await control.devices().catch(() => []);
      return views.length > 0 && views.every(({ status }) => status === 'online') ? views : undefined;
    },
    100_000,
  );
  const lamp = await control.submit({ target: 'lodge-lamp', name: 'pulse', args: { ms: 200 }, user: 'pi' });
  const buzzer = await control.submit({ target: 'desk-buzzer', name: 'on', args: {}, user: 'pi' });
  const picture = await control.submit({ target: 'camera-shed', name: 'snapshot', args: {}, user: 'pi' });
  const light = await control.submit({ target: 'camera-gate', name: 'output-on', args: {}, user: 'pi' });
  const status = await control.status();

  expect(devices.length).toBeGreaterThanOrEqual(there.devices);
  expect([lamp, buzzer, picture, light].map(({ result }) => result)).toEqual(Array(4).fill('done'));
  expect(Object.values(status.buses).map(({ state }) => state)).toEqual(Array(there.buses).fill('up'));
  expect(status.health.map(({ code }) => code).filter((code) => /down|stuck/.test(code))).toEqual([]);
}, 180_000);
