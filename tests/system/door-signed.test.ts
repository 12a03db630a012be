import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectControl } from '../../src/control/index.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { deskKey, platformAt, signedBy } from '../support/platform-desk.ts';
import { gatelodge, type Running } from '../support/process.ts';
import { tempFolder } from '../support/temp.ts';
import { timedBoard } from '../support/timed-board.ts';
import { until } from '../support/until.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
/** Beats of 5 s: a message is dead after three of them, and a minute is twelve. */
const HELD_BEATS = LONG ? 12 : 4;
const ROOT = 'gl/1/yard/gate-1';
const UNLOCK_MS = 1500;

/** A street door on the built daemon: its lock and its contact on a board in this process, its platform behind a real broker. */
async function streetDoor(broker: Mosquitto) {
  const board = await timedBoard('waveshare-relay');
  const folder = tempFolder();
  const site = join(folder, 'site.yaml');
  writeFileSync(
    site,
    `version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses: [{ id: relays, type: modbus-rtu-tcp, host: 127.0.0.1, port: ${board.port}, baud: 9600 }]
devices: [{ id: board, driver: waveshare-relay, bus: relays, unit: 1, poll_ms: 100, timeout_ms: 300, locks: [1] }]
doors: [{ id: gate, type: door, lock: { device: board }, contacts: { in: { device: board, point: input-1 } } }]
trust:
  issuers: [{ name: desk, keys: [{ kid: desk-1, public_key: ${await deskKey(folder)} }], may: [{ targets: [gate], commands: [unlock] }] }]
uplinks: [{ id: town, url: '${broker.url}', commands: true, beat_s: 5 }]
`,
  );
  const control = connectControl(join(folder, 'control.sock'));
  return {
    board,
    signed: (beat: string) => signedBy(folder, beat, ['gate', 'unlock', `ms=${UNLOCK_MS}`]),
    start: async (): Promise<Running> => {
      const daemon = gatelodge(['run', '--config', site, '--root', folder, '--log', 'warn']);
      await until(
        'the board is online',
        async () => {
          if (daemon.child.exitCode !== null) throw new Error(daemon.stderr());
          return (await control.devices().catch(() => [])).some(({ status }) => status === 'online');
        },
        60_000,
      );
      return daemon;
    },
    unlocks: () => board.turns(1).filter(({ on }) => on).length,
    /** Somebody goes through. */
    goesThrough: async () => {
      await until('it is unlocked', () => board.isOn(1));
      board.set({ 'input-1': true });
      await until('it is locked again', () => !board.isOn(1));
      board.set({ 'input-1': false });
    },
  };
}

it('a door that a platform unlocks is opened and confirmed, and its message never opens it again: after a reconnect, a restart, a minute, and retained', async () => {
  const broker = await startMosquitto();
  const door = await streetDoor(broker);
  let daemon = await door.start();
  let platform = await platformAt(broker, ROOT);

  const beat = await platform.nextBeat();
  const message = await door.signed(beat);
  const unsent = await door.signed(beat);
  await platform.send(message.text);
  await door.goesThrough();
  await platform.ended(message.id, 'confirmed');
  const first = door.unlocks();

  // Again at once, and after the connection was lost.
  await platform.send(message.text);
  await platform.ended(message.id, 'confirmed', 2);
  await broker.kill();
  await broker.start();
  platform = await platformAt(broker, ROOT);
  await platform.nextBeat();
  await platform.send(message.text);
  await platform.ended(message.id, 'confirmed');

  // Kept by the broker for a gateway that lost its power.
  await daemon.stop('SIGKILL');
  await platform.send(message.text, true);
  daemon = await door.start();
  await platform.ended(message.id, 'confirmed', 2);
  await platform.send('', true);
  await platform.send(unsent.text);
  await platform.ended(unsent.id, 'refused');

  // Held back until its beat is of no use, and one that only the broker keeps.
  const held = await door.signed(await platform.nextBeat());
  for (let nr = 0; nr < HELD_BEATS; nr += 1) await platform.nextBeat();
  await platform.send(held.text);
  await platform.ended(held.id, 'refused');
  await daemon.stop();
  const kept = await door.signed(beat);
  await platform.send(kept.text, true);
  daemon = await door.start();
  await platform.ended(kept.id, 'refused');

  expect([first, door.unlocks()]).toEqual([1, 1]);
  expect(platform.results(held.id)).toMatchObject([{ facts: { reason: 'stale' } }]);
  expect(platform.results(kept.id)).toMatchObject([{ facts: { reason: 'retained' } }]);
  await daemon.stop();
}, 300_000);
