import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import type { AnyDriver, CommandSpec } from '../../src/contracts/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { faultOfPrefix } from '../../src/uplink/topics.ts';
import { makeAuthority } from '../support/certificates.ts';
import { loadFile } from '../support/cli.ts';
import { tempFolder } from '../support/temp.ts';

const HEAD = 'version: 1\nsite: { id: yard, name: Yard, time_zone: Asia/Shanghai }\n';

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly here?: boolean;
  /** Stands for noise-rs485. */
  readonly driver?: Partial<AnyDriver>;
}

async function check(text: string, { env = {}, files = {}, here = true, driver }: Surroundings = {}) {
  const library = await openLibrary();
  const load = async (name: string) => ({ ...(await library.load(name)), ...driver });
  return loadSite(HEAD + text, {
    library: async () => ({ ids: library.ids, load }),
    readText: () => undefined,
    derivedPoints,
    secrets: { env, readText: (path) => files[path], here },
  });
}

const noise = (unit: number, more = '') =>
  `  - { id: noise-${unit}, driver: noise-rs485, bus: wire, unit: ${unit}${more} }\n`;
const rtu = 'buses:\n  - { id: wire, type: modbus-rtu, path: /dev/ttyUSB0, baud: 4800 }\n';
const told = ({ problems }: Awaited<ReturnType<typeof check>>) =>
  problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

describe('a site', () => {
  it('with nothing to say against it is told nothing', async () => {
    const loaded = await check(`${rtu}devices:\n${noise(1)}`);

    expect(told(loaded)).toEqual([]);
    expect(loaded.site?.devices[0]).toMatchObject({ id: 'noise-1', reply_delay_ms: 0, simulated: false });
  });

  it('keeps its defaults in one place: what is left out is there afterwards', async () => {
    const { site } = await check(`${rtu}devices: []\n`);

    expect(site).toMatchObject({
      gateway: { state_dir: '/var/lib/gatelodge' },
      store: { quota_mb: 512, retain_hours: 72, commit_ms: 1000 },
      control: { socket: '/run/gatelodge/control.sock' },
      uplinks: [],
    });
  });

  it('tells problems in the order of its lines, whatever found them', async () => {
    const uplinks = "uplinks:\n  - { id: a, url: 'mqtt://b:99999' }\n";
    const devices = `devices:\n${noise(1, ', poll_ms: 20')}  - { id: x, driver: nosie-rs485, bus: wire }\n`;

    const { problems } = await check(uplinks + devices + rtu);

    expect(problems.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '4 uplinks.a.url',
      '6 devices.noise-1.poll_ms',
      '7 devices.x.driver',
    ]);
  });

  it('is told a pulse that this process would have to end, since nobody ends it when the process dies', async () => {
    const library = await openLibrary();
    const relay = await library.load('waveshare-relay');
    const { pulse } = relay.commands;
    if (!pulse) throw new Error('the relay has a pulse');
    const commands = { pulse: { ...pulse, timing: 'host' as const } };

    const loaded = await check(`${rtu}devices:\n${noise(1, ', timeout_ms: 200')}`, { driver: { commands } });

    expect(told(loaded)).toEqual([
      'warning devices.noise-1.driver: pulse of noise-rs485 ends by this gateway, not by the board: a pulse stays on when the gateway dies in it',
    ]);
  });

  it('names a bus on which nothing hangs', async () => {
    const loaded = await check(`${rtu}devices: []\n`);

    expect(told(loaded)).toEqual(['warning buses.wire: no device hangs on wire']);
  });
});

describe('a bus of datagrams', () => {
  const doors = (more = '') =>
    `buses:\n  - { id: doors, type: udp, host: 192.168.1.255, port: 60000, listen_port: 60001 }\n${more}`;
  const controller = (more = '') =>
    `  - { id: gate, driver: uhppote, bus: doors, options: { serial: 7 }${more} }\n`;

  it('carries devices with and without a host of their own', async () => {
    const second = '  - { id: back, driver: uhppote, bus: doors, host: 10.0.0.9, options: { serial: 8 } }\n';
    const { site, problems } = await check(`${doors()}devices:\n${controller()}${second}`);

    expect(problems).toEqual([]);
    expect(site?.buses[0]).toMatchObject({ bind: '0.0.0.0', listen_port: 60_001 });
    expect(site?.devices[1]).toMatchObject({ host: '10.0.0.9' });
  });

  it.each([
    {
      what: 'an address of a bus that has none',
      devices: controller(', unit: 3'),
      message: 'error devices.gate.unit: uhppote has no address; it is told by host and options',
    },
    {
      what: 'a driver of another kind',
      devices: `${controller()}  - { id: noise, driver: noise-rs485, bus: doors, unit: 1 }\n`,
      message: 'error devices.noise.bus: noise-rs485 needs a modbus bus; doors is of type udp',
    },
  ])('is told $what', async ({ devices, message }) => {
    expect(told(await check(`${doors()}devices:\n${devices}`))).toContain(message);
  });

  it('is told two that listen at one port', async () => {
    const other = '  - { id: more, type: udp, host: 10.0.0.255, port: 60000, listen_port: 60001 }\n';
    const second = '  - { id: back, driver: uhppote, bus: more, options: { serial: 8 } }\n';

    expect(told(await check(`${doors(other)}devices:\n${controller()}${second}`))).toEqual([
      'error buses.more.listen_port: UDP port 60001 is the port of doors already',
    ]);
  });

  it('is the only one whose devices have hosts', async () => {
    const loaded = await check(`${rtu}devices:\n${noise(1, ', host: 10.0.0.1')}`);

    expect(told(loaded)).toEqual([
      'error devices.noise-1.host: noise-1 has no host of its own on wire, a bus of type modbus-rtu',
    ]);
  });
});

describe('sizes', () => {
  const buses = (count: number) =>
    `buses:\n${Array.from({ length: count }, (_, index) => `  - { id: b-${index}, type: modbus-tcp, host: 10.0.0.${index + 1}, port: 502 }\n`).join('')}`;
  const devices = (count: number, driver: string) =>
    `devices:\n${Array.from({ length: count }, (_, index) => `  - { id: d-${index}, driver: ${driver}, bus: b-${index % 10}, unit: ${Math.floor(index / 10) + 1}, poll_ms: 60000, timeout_ms: 200 }\n`).join('')}`;

  it('500 devices are let through', async () => {
    expect(told(await check(buses(10) + devices(500, 'noise-rs485')))).toEqual([]);
  });

  it('501 are refused with the sum', async () => {
    expect(told(await check(buses(10) + devices(501, 'noise-rs485')))).toEqual([
      'error devices: there are 501 devices; one gateway was tried with 500, 1 fewer',
    ]);
  });

  it('5,000 points are let through, and more are refused with what gives them', async () => {
    const relays = (count: number) => buses(10) + devices(count, 'waveshare-relay');

    expect(told(await check(relays(312)))).toEqual([]);
    expect(told(await check(relays(313)))).toEqual([
      'error devices: there are 5,008 points; one gateway was tried with 5,000: 313 × waveshare-relay give 5,008',
    ]);
  });
});

describe('references of an uplink', () => {
  const uplink = (options: string) =>
    `${rtu}devices:\n${noise(1)}uplinks:\n  - { id: town, url: 'mqtts://broker.example', ${options} }\n`;
  const pem = (name: string) => `'\${file:/etc/gatelodge/${name}}'`;

  it('that lead to a certificate and its key are good; a key of another certificate is refused', async () => {
    const authority = makeAuthority(tempFolder());
    const [own, other] = ['own', 'other'].map((name) => authority.issue(name));
    if (!own || !other) throw new Error('two were issued');
    const text = uplink(`ca: ${pem('ca.pem')}, cert: ${pem('gate.pem')}, key: ${pem('gate.key')}`);
    const filesWith = (key: string) => ({
      '/etc/gatelodge/ca.pem': authority.text(),
      '/etc/gatelodge/gate.pem': readFileSync(own.cert, 'utf8'),
      '/etc/gatelodge/gate.key': readFileSync(key, 'utf8'),
    });

    expect(told(await check(text, { files: filesWith(own.key) }))).toEqual([]);
    expect(told(await check(text, { files: filesWith(other.key) }))).toEqual([
      'error uplinks.town.key: key is not that of cert',
    ]);
  });

  it.each([
    ['ca', 'no certificate at all', `ca (\${file:/etc/gatelodge/x}) holds no certificate`],
    [
      'ca',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      `ca (\${file:/etc/gatelodge/x}) holds a certificate that is damaged`,
    ],
    ['ca', '', 'ca cannot be resolved: the file /etc/gatelodge/x cannot be read or is empty'],
  ])('of %s that lead to %j are refused', async (name, text, message) => {
    const loaded = await check(uplink(`${name}: ${pem('x')}`), { files: { '/etc/gatelodge/x': text } });

    expect(told(loaded)).toEqual([`error uplinks.town.${name}: ${message}`]);
  });

  it('must be whole paths, whichever folder the gateway is started in', async () => {
    const loaded = await check(uplink(`ca: '\${file:secrets/ca.pem}'`));

    expect(loaded.problems).toMatchObject([
      {
        severity: 'error',
        path: 'uplinks.town.ca',
        remedy: expect.stringContaining('/etc/gatelodge/ca.pem'),
      },
    ]);
  });

  it('may stand for the address of the broker, which is judged by what it is', async () => {
    const text = `${rtu}devices:\n${noise(1)}uplinks:\n  - { id: town, url: '\${env:BROKER}' }\n`;

    expect(told(await check(text, { env: { BROKER: 'mqtt://10.0.0.1' } }))).toEqual([]);
    const [wrong] = told(await check(text, { env: { BROKER: 'http://u:s3cret@10.0.0.1' } }));
    expect(wrong).toContain('leads to no broker: url begins with http://');
    expect(wrong).not.toContain('s3cret');
  });

  it('are warnings on a machine that is not the gateway', async () => {
    const loaded = await check(uplink(`ca: ${pem('x')}`), { here: false });

    expect(loaded.site).toBeDefined();
    expect(loaded.problems).toMatchObject([{ severity: 'warning', path: 'uplinks.town.ca' }]);
  });

  it('password over a line without TLS is told', async () => {
    const text = `${rtu}devices:\n${noise(1)}uplinks:\n  - { id: town, url: 'mqtt://b', username: u, password: '\${env:P}' }\n`;

    const [first] = told(await check(text, { env: { P: 'x' } }));

    expect(first).toBe(
      'warning uplinks.town.url: url is without TLS: the password goes over the network in the clear',
    );
  });
});

describe('the topic prefix', () => {
  const uplink = (prefix: string) =>
    `${rtu}devices:\n${noise(1)}uplinks:\n  - { id: town, url: 'mqtt://b', prefix: ${JSON.stringify(prefix)} }\n`;

  it.each(['gl/1/{site}/{gateway}', '{gateway}', 'a/{gateway}/b'])('may be %s', async (prefix) => {
    expect(told(await check(uplink(prefix)))).toEqual([]);
  });

  it.each([
    '+/{gateway}',
    '{gateway}/#',
    '$x/{gateway}',
    '/{gateway}',
    'a//{gateway}',
    'a/{site}',
    '{gateway}x',
  ])('may not be %s', async (prefix) => {
    expect(told(await check(uplink(prefix)))).toEqual([
      expect.stringMatching(/^error uplinks\.town\.prefix: /),
    ]);
  });

  it('is never let through when the uplink would refuse it', async () => {
    const level = fc.oneof(
      fc.constantFrom('{gateway}', '{site}', '{other}', '+', '#', '', '$SYS', 'a{gateway}'),
      fc.string({ maxLength: 4 }),
    );
    const prefixes = fc.array(level, { maxLength: 4 }).map((levels) => levels.join('/'));

    await fc.assert(
      fc.asyncProperty(prefixes, async (prefix) => {
        const { site } = await check(uplink(prefix));
        if (site) expect(faultOfPrefix(prefix)).toBeUndefined();
      }),
      { numRuns: process.env.GATELODGE_LONG ? 2000 : 100 },
    );
  });
});

describe('any text', () => {
  it('gives problems with a place in it, never an exception', async () => {
    const good = `${HEAD}${rtu}devices:\n${noise(1)}uplinks:\n  - { id: town, url: 'mqtt://b' }\n`;
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      '- ',
      '\n',
      '\t',
      '"',
      "'",
      '&a',
      '*a',
      '!x',
      '0',
      '~',
      '|',
      '\u0000',
      '\ufffd',
      '水',
    );
    const edits = fc.array(fc.tuple(fc.nat(good.length), pieces, fc.nat(8)), { minLength: 1, maxLength: 4 });

    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        let text = good;
        for (const [at, piece, cut] of changes) text = text.slice(0, at) + piece + text.slice(at + cut);
        const library = await openLibrary();
        const loaded = await loadSite(text, {
          library: async () => library,
          readText: () => undefined,
          derivedPoints,
        });
        const lines = text.split('\n').length;
        for (const { line, column, message, remedy } of loaded.problems) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines + 1);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(message && remedy).not.toBe('');
        }
        expect(loaded.site !== undefined || loaded.problems.length > 0).toBe(true);
      }),
      { numRuns: process.env.GATELODGE_LONG ? 20_000 : 300 },
    );
  });
});

it('a file saved on Windows, with a byte order mark and CR LF, is read like any other', async () => {
  const file = join(tempFolder(), 'site.yaml');
  writeFileSync(file, `\ufeff${HEAD}${rtu}devices:\n${noise(1)}`.replaceAll('\n', '\r\n'));

  const loaded = await loadFile(file);

  expect(told(loaded)).toEqual([]);
  expect(loaded.site?.devices).toHaveLength(1);
});

describe('the room for pictures', () => {
  const file: CommandSpec = {
    ...{ about: 'Takes a picture.', timing: 'none', actuates: false, on_process_end: 'hold', gives: 'file' },
    args: z.strictObject({}),
  };
  const camera = { driver: { commands: { snapshot: file } } };
  const site = (quota: string) => `${rtu}devices:\n${noise(1)}${quota}`;

  it('that could not hold one is told of, where there is a camera', async () => {
    const small = 'snapshots: { quota_mb: 4 }\n';

    expect(told(await check(site(small), camera))).toEqual([
      'warning snapshots.quota_mb: snapshots.quota_mb is 4; one picture of noise-1 may have 8 MB, and would not be kept',
    ]);
    expect(told(await check(site(small)))).toEqual([]);
  });

  it('is 64 MB, and 9 are enough', async () => {
    const { site: read } = await check(site(''), camera);

    expect(read?.snapshots.quota_mb).toBe(64);
    expect(told(await check(site('snapshots: { quota_mb: 9 }\n'), camera))).toEqual([]);
  });

  it('is of no use to a platform that may have pictures and may not ask', async () => {
    const uplink = (more: string) =>
      `uplinks: [{ id: town, url: 'mqtt://broker.example', privacy: { image: keep }${more} }]\n`;

    expect(told(await check(site(uplink('')), camera))).toEqual([
      'warning uplinks.town.privacy.image: town may have pictures, but may send no commands, and they come only when they are asked for',
    ]);
  });
});
