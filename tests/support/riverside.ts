import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { openReceiver } from '../../src/receive/index.ts';
import type { Said } from '../../src/simulate/site.ts';
import { gatewayWorld } from './gateway-world.ts';
import { memoryBroker } from './memory-broker.ts';
import { ReceivedRecords } from './received-records.ts';

const SITES = join(import.meta.dirname, '../../config/sites');

interface Site {
  readonly buses: { readonly id: string; path?: string; chip?: string }[];
  readonly devices: {
    readonly id: string;
    readonly driver: string;
    readonly bus: string;
    poll_ms?: number;
  }[];
  gateway: object;
  control?: object;
}

/**
 * The compound of config/sites as it stands in its file, in memory and in virtual time: every far end, bus, device, derived value and sign of it,
 * the store in SQLite, the uplink, a broker and the platform. No device is looked at more often than
 * every `looks_ms`.
 */
export async function riverside(start: {
  readonly unix_ms: number;
  /** Left out: as often as the file says. */
  readonly looks_ms?: number;
  readonly onSaid: (row: Said) => void;
  /** Whose word counts: the file itself names nobody. */
  readonly trust?: object;
}) {
  // Our own file, which other tests judge.
  const site = parse(readFileSync(join(SITES, 'riverside.yaml'), 'utf8')) as Site;
  for (const bus of site.buses) {
    if (bus.path) bus.path = `wires/${bus.id}`;
    if (bus.chip) bus.chip = `sim:wires/${bus.id}.sock`;
  }
  const { looks_ms } = start;
  if (looks_ms !== undefined)
    for (const device of site.devices)
      device.poll_ms = Math.max(device.poll_ms ?? 0, looksOf(device, looks_ms));
  Object.assign(site, {
    gateway: { ...site.gateway, state_dir: 'state' },
    control: { socket: 'control.sock' },
    ...(start.trust && { trust: start.trust }),
  });

  const broker = memoryBroker();
  const world = await gatewayWorld(stringify(site), {
    unix_ms: start.unix_ms,
    in_memory: true,
    pipe: broker.pipe,
    onSaid: start.onSaid,
    readText: (path) => SECRETS[path] ?? (path.endsWith('.yaml') ? read(path) : undefined),
  });
  const clock = {
    now: () => world.clock().now(),
    sleep: (...given: Parameters<ReturnType<typeof world.clock>['sleep']>) => world.clock().sleep(...given),
  };
  const records = new ReceivedRecords();
  const receiver = await openReceiver(
    { url: 'mqtt://platform' },
    {
      clock,
      pipe: broker.pipe,
      lose: (batch) => {
        records.take(batch);
        return false;
      },
    },
  );
  onTestFinished(async () => {
    const closing = receiver.close();
    await world.clock().advance(2000);
    await closing;
  });
  const pollOf = (id: string): number => site.devices.find((device) => device.id === id)?.poll_ms ?? 0;
  const devices = site.devices.length;
  // `records` of the world are those that were stored.
  return { ...world, devices, stored: world.records, broker, receiver, records, pollOf };
}

/** What stands in files on the gateway. */
const SECRETS: Readonly<Record<string, string>> = {
  '/etc/gatelodge/platform-ca.pem': 'PEM',
  '/etc/gatelodge/riverside-lodge.pem': 'PEM',
  '/etc/gatelodge/riverside-lodge.key': 'PEM',
  '/etc/gatelodge/gate-camera.password': 'gate and horse',
  '/etc/gatelodge/shed-camera.password': 'shed and horse',
  '/etc/gatelodge/readers.key': '8F3A5C0E91D2B4760A1B2C3D4E5F6071',
};

/** A reader that is not asked for eight seconds begins anew, and an input that was not read for five cannot be. */
const looksOf = (device: Pick<Site['devices'][number], 'driver' | 'bus'>, looks_ms: number): number => {
  const ofDoors = device.driver === 'osdp-reader' || device.bus === 'doors-485';
  return ofDoors ? Math.min(looks_ms, 2000) : looks_ms;
};

const read = (path: string): string => readFileSync(join(SITES, path), 'utf8');
