import { onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { loadSite, resolveText } from '../../src/config/index.ts';
import type { Log } from '../../src/contracts/index.ts';
import { Roster } from '../../src/devices/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { busSettings, rosterEntry } from '../../src/gateway/plan.ts';
import type { Reading } from '../../src/model/index.ts';
import { listenTcp, openPty, openSimulatedSite } from '../../src/simulate/index.ts';
import { freePort } from './ports.ts';
import { healthNotes, quietLog } from './quiet.ts';
import { tempFolder } from './temp.ts';
import { until } from './until.ts';

export const PASSWORD = 'correct horse';
const FILE = '/etc/gatelodge/camera.password';

/** A camera of each kind. */
export const CAMERAS = {
  'hikvision-isapi': '{ output: 1 }',
  'dahua-cgi': '{ output: 1 }',
  'onvif-camera': '{ output: 1 }',
  'http-snapshot': '{}',
} as const;
export type CameraDriver = keyof typeof CAMERAS;

/**
 * A camera behind a host of its own, and where it is wished a contact on a chip: simulated far ends on TCP sockets of loopback, real buses, real device hosts, real time.
 */
export async function wiredCamera(
  driver: CameraDriver,
  wish: { readonly timeout_ms?: number; readonly options?: string; readonly contact?: true } = {},
) {
  const root = tempFolder();
  const { timeout_ms = 20_000, options = CAMERAS[driver], contact = false } = wish;
  const text = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
buses:
  - { id: net, type: http, host: 127.0.0.1, port: ${await freePort()}, user: gateway, password: '\${file:${FILE}}' }
${contact ? "  - { id: pi, type: gpio, chip: 'sim:pi.sock' }" : ''}
devices:
  - { id: camera, driver: ${driver}, bus: net, poll_ms: 5000, timeout_ms: ${timeout_ms}, options: ${options} }
${contact ? '  - { id: door, driver: gpio-contact, bus: pi, lines: { contact: { line: GPIO17, bias: as-is } } }' : ''}
`;
  const sources = { env: {}, readText: (path: string) => (path === FILE ? PASSWORD : undefined) };
  const library = await openLibrary();
  const loaded = await loadSite(text, {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
  });
  const { site } = loaded;
  if (!site) throw new Error(JSON.stringify(loaded.problems));
  const clock = systemClock('test');
  const far = await openSimulatedSite(site, {
    ...{ library, openPty, listenTcp, clock, root, log: quietLog },
    random: Math.random,
    unixMillis: () => 0,
    secret: (reference) => resolveText(reference, sources),
  });
  const logged: string[] = [];
  const note = (facts: object, said: string) => void logged.push(`${said} ${JSON.stringify(facts)}`);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  const health = healthNotes();
  const common = { clock, health, log };
  const buses = new Map(
    site.buses.map((bus) => [
      bus.id,
      openBus(busSettings(bus, root, sources), { ...common, ports: openPorts(), random: Math.random }),
    ]),
  );
  const readings: Reading[] = [];
  const roster = Roster.open(
    loaded.devices.map((device) => rosterEntry(device, false, sources)),
    buses,
    { ...common, intake: { readings: (more) => void readings.push(...more), event: async () => true } },
  );
  roster.start();
  onTestFinished(async () => {
    await roster.close();
    for (const bus of buses.values()) await bus.close();
    await far.close();
  });
  const camera = roster.find('camera');
  if (contact)
    await until('the contact is there', () => roster.find('door').view().status === 'online', 60_000);
  return {
    ...{ far, health, logged, readings, roster, camera, clock },
    bus: buses.get('net'),
    /** The newest value of a point. */
    value: (device: string, point: string) =>
      readings.findLast((reading) => reading.device === device && reading.point === point)?.value,
  };
}
