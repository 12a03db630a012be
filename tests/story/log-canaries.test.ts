import { describe, expect, it } from 'vitest';
import { openLog } from '../../src/log/index.ts';
import { signed } from '../support/command-world.ts';
import { ANN, doorSite, listPages, PLATFORM, streetDoor } from '../support/door-site.ts';
import { memoryBroker } from '../support/memory-broker.ts';

const ROOT = 'gl/1/yard/gate-1';
const NOON = Date.parse('2026-11-25T04:00Z');
/** What nobody may read in a log. */
const SECRETS = {
  'the card of a resident': ANN,
  'a card that nobody knows': '555777',
  'the PIN of a resident': '2580',
  'a wrong PIN': '1470',
  'the password of the uplink': 'canary-uplink',
  'a name in a page that is not signed': 'canary-name',
  'an argument of an order that is refused': 'canary-argument',
  'bytes on the wire of a scanner': 'canary-bytes',
};
const UPLINK = `uplinks: [{ id: town, url: 'mqtt://broker.example', username: yard, password: '\${file:/secret/uplink}', commands: true, lists: true, beat_s: 5 }]\n`;

/** A street door with keys at its reader, a scanner inside and a platform, whose log is read at its most talkative. */
async function loggedDoor() {
  const site = doorSite('', UPLINK)
    .replace('options: { led: true }', 'options: { led: true, keypad: 4-bit }')
    .replace(
      'in: { device: reader }',
      'in: { device: reader, needs: card-and-pin }, out: { device: scanner }',
    )
    .replace('devices:\n', '  - { id: scan, type: serial, path: wires/scan, baud: 9600 }\ndevices:\n')
    .replace('devices:\n', 'devices:\n  - { id: scanner, driver: gm65-qr-scanner, bus: scan }\n');
  const lines: string[] = [];
  const log = openLog({ level: 'debug', pretty: false, write: (text) => void lines.push(text) });
  const broker = memoryBroker();
  const readText = (path: string) =>
    path === '/secret/uplink' ? SECRETS['the password of the uplink'] : undefined;
  const door = await streetDoor(site, { unix_ms: NOON, log, pipe: broker.pipe, readText, list: false });
  for (const page of await listPages([{ id: 'ann', card: ANN, pin: SECRETS['the PIN of a resident'] }]))
    door.gateway().takeAccess(page);
  const desk = await broker.pipe(
    {
      ...{ url: 'mqtt://broker.example', client_id: 'desk', version: 5 },
      ...{ keepalive_s: 60, connect_timeout_ms: 1000 },
    },
    new AbortController().signal,
  );
  return {
    ...door,
    log: () => lines.join(''),
    publish: async (topic: string, payload: object) => {
      const bytes = Buffer.from(JSON.stringify(payload));
      await desk.publish({ topic: `${ROOT}/${topic}`, payload: bytes, qos: 1, retain: false });
      await door.pass(2000, () => {}, 500);
    },
    keys: async (keys: string) => {
      door.far.set('reader', { keys });
      await door.pass(4000, () => {}, 50);
      const open = door.unlocked();
      await door.pass(8000, () => {}, 1000);
      return open;
    },
    scan: async (code: string) => {
      door.far.set('scanner', { code });
      await door.pass(2500, () => {}, 50);
    },
  };
}

describe('the log of a door (AC-10)', { timeout: 60_000 }, () => {
  it('names no card, PIN, visitor, password or argument, whoever comes and whatever is sent', async () => {
    const { log, pass, card, keys, scan, publish, order, restart, far, records } = await loggedDoor();
    const [page = ''] = await listPages([{ id: 'canary-name' }], { version: 2 });
    const visit = {
      ...{ v: 1, id: 'v-1', who: 'canary-name', gateway: 'gate-1', doors: ['gate'] },
      ...{ from_ms: NOON, until_ms: NOON + 60_000 },
    };
    const code = await signed(visit, PLATFORM, { typ: 'gl-visit' });

    await pass(22_000, () => {}, 1000);
    await card(ANN);
    const opened = await keys(`${SECRETS['the PIN of a resident']}#`);
    await card(ANN);
    await keys(`${SECRETS['a wrong PIN']}#`);
    await card(SECRETS['a card that nobody knows']);
    await scan(code);
    await scan(`${code.slice(0, -9)}AAAAAAAAA`);
    await scan('canary-bytes');
    far.faults.set('scanner', 'garbage', {});
    await scan('canary-bytes');
    await publish('access', { v: 1, jws: `${page.slice(0, -9)}AAAAAAAAA` });
    await publish('access', { v: 1, jws: 'canary-name' });
    await publish('cmd', { v: 1, target: 'gate', name: 'unlock', args: { ms: 'canary-argument' } });
    await publish('cmd', { v: 1, jws: 'canary-argument' });
    await order('unlock', { ms: 'canary-argument' }).catch(() => {});
    await restart(1000);
    await pass(22_000, () => {}, 1000);

    const written = log();
    const found = Object.entries({ ...SECRETS, 'the code of a visitor': code.slice(20, 60) });
    expect(found.filter(([, secret]) => written.includes(secret))).toEqual([]);
    // It was looked where something stands: the log tells of these messages, the door worked, and its records have what an owner may know.
    expect(opened).toBe(true);
    expect(written).toContain('a message from the platform is not of the contract');
    expect(JSON.stringify(await records())).toContain(ANN);
  });
});
