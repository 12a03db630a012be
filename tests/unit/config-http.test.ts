import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { type BusConfig, loadSite } from '../../src/config/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { busSettings } from '../../src/gateway/plan.ts';

const HEAD = 'version: 1\nsite: { id: yard, name: Yard, time_zone: Asia/Shanghai }\n';
const PASSWORD = `password: '\${file:/etc/gatelodge/cam.password}'`;
const CAMERA = 'devices:\n  - { id: eye, driver: hikvision-isapi, bus: cam }\n';
const bus = (rest: string, id = 'cam') => `  - { id: ${id}, type: http, ${rest} }\n`;

async function check(buses: string, devices = CAMERA, files: Readonly<Record<string, string>> = {}) {
  const library = await openLibrary();
  const loaded = await loadSite(`${HEAD}buses:\n${buses}${devices}`, {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
    secrets: { env: {}, readText: (path) => files[path], here: true },
  });
  const told = loaded.problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
  return { ...loaded, told };
}
const THERE = { '/etc/gatelodge/cam.password': 'correct horse\n' };

describe('an http bus in a site file', () => {
  it('is a host, with a user and a password by reference; the port is that of its scheme', async () => {
    const { told, site } = await check(
      bus(`host: 192.168.1.64, user: gateway, ${PASSWORD}`) + bus('host: cam.lan, scheme: https', 'two'),
      `${CAMERA}  - { id: other, driver: hikvision-isapi, bus: two }\n`,
      THERE,
    );
    const sources = { env: {}, readText: (path: string) => (THERE as Record<string, string>)[path] };
    const settings = site?.buses.map((one: BusConfig) => busSettings(one, '/', sources));

    expect(told).toEqual([]);
    expect(settings).toMatchObject([
      {
        ...{ type: 'http', host: '192.168.1.64', port: 80, auth: 'digest' },
        login: { user: 'gateway', password: 'correct horse' },
      },
      { scheme: 'https', port: 443, login: undefined },
    ]);
  });

  it.each([
    'http://admin:hunter2@192.168.1.64/',
    'admin:hunter2@192.168.1.64',
    '192.168.1.64/ISAPI?pwd=hunter2',
    'cam hunter2',
  ])('refuses a host that is more than a name, and does not repeat it', async (host) => {
    const { told, problems } = await check(bus(`host: '${host}'`) + bus(`host: '${host}'`, 'two'));

    expect(told).toContain('error buses.cam.host: host of cam is more than a name or an address');
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|admin/);
  });

  it.each(['cam-1.lan', '10.0.0.7', 'fd00::17', '::1', 'CAM'])('takes the host %s', async (host) => {
    expect((await check(bus(`host: '${host}'`))).told).toEqual([]);
  });

  it.each([
    ['password: hunter2, user: a', 'error buses.cam.password: password stands here in the clear'],
    ['user: a', 'error buses.cam.user: user is given without password'],
    [PASSWORD, 'error buses.cam.password: password is given without user'],
    [
      `user: a, ${PASSWORD}, auth: basic`,
      'warning buses.cam.auth: the password goes over the network in the clear',
    ],
    [
      `fingerprint: '${'ab'.repeat(32)}'`,
      'error buses.cam.fingerprint: fingerprint is given, and there is no TLS',
    ],
    [`ca: '\${file:/etc/gatelodge/ca.pem}'`, 'error buses.cam.ca: ca is given, and there is no TLS'],
    [
      `scheme: https, ca: '\${file:/etc/gatelodge/ca.pem}', fingerprint: '${'ab'.repeat(32)}'`,
      'error buses.cam.fingerprint: both ca and fingerprint are given; a pinned certificate needs no authority',
    ],
    [
      "scheme: https, fingerprint: 'AB:CD'",
      'error buses.cam.fingerprint: fingerprint is "AB:CD"; SHA-256 in 64 hex digits is expected',
    ],
  ])('with %s is told what is wrong', async (rest, wanted) => {
    const { told, problems } = await check(bus(`host: cam.lan, ${rest}`), CAMERA, THERE);

    expect(told).toEqual([wanted]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('whose password is not on this machine is told so, and in use it is the trouble of that bus alone', async () => {
    const { told, site } = await check(bus(`host: cam.lan, user: a, ${PASSWORD}`));
    const { site: elsewhere } = await check(bus(`host: cam.lan, user: a, ${PASSWORD}`), CAMERA, THERE);
    const [config] = elsewhere?.buses ?? [];

    expect(told).toEqual([
      'error buses.cam.password: password cannot be resolved: the file /etc/gatelodge/cam.password cannot be read or is empty',
    ]);
    expect(site).toBeUndefined();
    expect(config && busSettings(config, '/')).toMatchObject({ trouble: { code: 'config.secret-missing' } });
  });

  it('is one for each host, and carries what speaks HTTP only', async () => {
    const relay = 'devices:\n  - { id: relay, driver: waveshare-relay, bus: cam, unit: 1 }\n';
    const serial = '  - { id: wire, type: serial, path: /dev/ttyUSB0, baud: 9600 }\n';
    const eye = 'devices:\n  - { id: eye, driver: hikvision-isapi, bus: wire }\n';
    const many = [1, 2, 3].map(
      (channel) =>
        `  - { id: eye-${channel}, driver: hikvision-isapi, bus: cam, options: { channel: ${channel} } }\n`,
    );

    const twice = await check(bus('host: cam.lan') + bus('host: CAM.lan, port: 80', 'two'));
    const foreign = await check(bus('host: cam.lan'), relay);
    const lost = await check(serial, eye);
    const recorder = await check(bus('host: nvr.lan'), `devices:\n${many.join('')}`);

    expect(twice.told).toContain('error buses.two.port: cam.lan:80 is the port of cam already');
    expect(foreign.told).toContain(
      'error devices.relay.bus: waveshare-relay needs a modbus bus; cam is of type http',
    );
    expect(lost.told).toContain(
      'error devices.eye.bus: hikvision-isapi needs a http bus; wire is of type serial',
    );
    expect(recorder.told).toEqual([]);
  });
});
