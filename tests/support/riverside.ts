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
  readonly devices: { readonly id: string; readonly driver: string; poll_ms?: number }[];
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
  readonly looks_ms: number;
  readonly onSaid: (row: Said) => void;
}) {
  // Our own file, which other tests judge.
  const site = parse(readFileSync(join(SITES, 'riverside.yaml'), 'utf8')) as Site;
  for (const bus of site.buses) {
    if (bus.path) bus.path = `wires/${bus.id}`;
    if (bus.chip) bus.chip = `sim:wires/${bus.id}.sock`;
  }
  for (const device of site.devices) device.poll_ms = Math.max(device.poll_ms ?? 0, start.looks_ms);
  Object.assign(site, {
    gateway: { ...site.gateway, state_dir: 'state' },
    control: { socket: 'control.sock' },
  });

  const broker = memoryBroker();
  const world = await gatewayWorld(stringify(site), {
    unix_ms: start.unix_ms,
    in_memory: true,
    pipe: broker.pipe,
    onSaid: start.onSaid,
    readText: (path) =>
      path.startsWith('/etc/gatelodge/') ? 'PEM' : path.endsWith('.yaml') ? read(path) : undefined,
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
  // `records` of the world are those that were stored.
  return { ...world, stored: world.records, broker, receiver, records, pollOf };
}

const read = (path: string): string => readFileSync(join(SITES, path), 'utf8');
