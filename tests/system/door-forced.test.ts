import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectControl } from '../../src/control/index.ts';
import { type JsonObject, openPart } from '../../src/model/index.ts';
import { digestCamera } from '../support/digest-camera.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { gatelodge } from '../support/process.ts';
import { picture, sumOf } from '../support/snapshot-ring.ts';
import { tempFolder } from '../support/temp.ts';
import { timedBoard } from '../support/timed-board.ts';
import { until } from '../support/until.ts';
import { testReceiver } from '../support/uplink-world.ts';

const LAMP = 8;

interface Arrived {
  readonly name: string;
  readonly at: number;
  readonly fields: JsonObject;
}

/** A street door on the built daemon: lock, contact and a lamp on one board, a camera above it, a platform behind a real broker. */
async function watchedDoor() {
  const board = await timedBoard('waveshare-relay');
  const broker = await startMosquitto();
  const login = { user: 'lodge', password: 'canary-password' };
  // From the first marker of a JPEG to its last.
  const bytes = Buffer.concat([picture(1, 40_000).bytes, Buffer.of(0xff, 0xd9)]);
  const path = '/ISAPI/Streaming/channels/101/picture';
  const camera = await digestCamera({ ...login, path, picture: bytes });
  const folder = tempFolder();
  const site = join(folder, 'site.yaml');
  writeFileSync(join(folder, 'camera.password'), login.password);
  writeFileSync(
    site,
    `version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses:
  - { id: relays, type: modbus-rtu-tcp, host: 127.0.0.1, port: ${board.port}, baud: 9600 }
  - { id: camera, type: http, host: 127.0.0.1, port: ${camera.port}, user: ${login.user}, password: '\${file:${join(folder, 'camera.password')}}' }
devices:
  - { id: board, driver: waveshare-relay, bus: relays, unit: 1, poll_ms: 100, timeout_ms: 300, locks: [1], options: { channels: 8 } }
  - { id: eye, driver: hikvision-isapi, bus: camera }
doors: [{ id: gate, type: door, lock: { device: board }, contacts: { in: { device: board, point: input-1 } } }]
rules:
  - id: break-in
    preset: door-forced
    do:
      - { target: eye, command: snapshot }
      - { target: board, command: on, args: { channel: ${LAMP} } }
    after: [{ target: board, command: off, args: { channel: ${LAMP} } }]
uplinks: [{ id: town, url: '${broker.url}', beat_s: 5 }]
`,
  );
  const arrived: Arrived[] = [];
  await testReceiver(
    { url: broker.url },
    {
      lose: ({ head, parts }) => {
        const at = performance.now();
        for (const record of parts.flatMap((part) => openPart(part, head.lane, head.epoch)))
          if (record.kind === 'event') arrived.push({ name: record.name, at, fields: record.fields });
        return false;
      },
    },
  );
  const daemon = gatelodge(['run', '--config', site, '--root', folder, '--log', 'debug']);
  const control = connectControl(join(folder, 'control.sock'));
  await until(
    'the door is seen and the platform reached',
    async () => {
      if (daemon.child.exitCode !== null) throw new Error(daemon.stderr());
      const status = await control.status().catch(() => undefined);
      const [door] = (await control.doors().catch(() => [])) ?? [];
      return status?.uplinks[0]?.connected && door?.position === 'closed';
    },
    60_000,
  );
  const watch = gatelodge(['watch', '--socket', join(folder, 'control.sock')]);
  await watch.line('board');
  return { board, bytes, camera, folder, arrived, daemon, watch, password: login.password };
}

it('a door that is forced raises an alarm at the platform, has a picture taken and a lamp lit, and watch tells all of it in its order', async () => {
  const { board, bytes, camera, folder, arrived, daemon, watch, password } = await watchedDoor();

  const forced = performance.now();
  board.set({ 'input-1': true });
  await until('the lamp is lit', () => board.isOn(LAMP), 30_000);
  const lit = performance.now() - forced;
  await until('the picture is told', () => arrived.some(({ name }) => name === 'snapshot-kept'), 30_000);
  board.set({ 'input-1': false });
  await until('the lamp is off', () => !board.isOn(LAMP), 30_000);
  await watch.line('alarm-cleared', 30_000);

  const at = (name: string) => arrived.find((one) => one.name === name);
  const alarm = at('alarm-raised');
  const ms = (alarm?.at ?? Number.NaN) - forced;
  console.log(
    `a door was forced: alarm at the platform after ${Math.round(ms)} ms, lamp ${Math.round(lit)} ms`,
  );
  expect(alarm?.fields).toMatchObject({ rule: 'break-in', severity: 'critical' });
  // The picture names the alarm that it belongs to, and is whole on the disk.
  expect(at('snapshot')?.fields.ref).toBe(alarm?.fields.alarm);
  const pictures = join(folder, 'state/snapshots');
  const [file = ''] = readdirSync(pictures).filter((name) => name.endsWith('.jpg'));
  expect(sumOf(readFileSync(join(pictures, file)))).toBe(sumOf(bytes));
  expect(camera.counts.given).toBe(1);
  const told = watch.stdout();
  const order = ['forced', 'alarm-raised', 'snapshot ', 'snapshot-kept', 'alarm-cleared'];
  const places = order.map((word) => told.indexOf(word));
  expect(places).toEqual(places.toSorted((x, y) => x - y));
  expect(places).not.toContain(-1);
  expect(`${told}${daemon.stderr()}`).not.toContain(password);
  await daemon.stop();
}, 180_000);
