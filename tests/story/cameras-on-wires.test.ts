import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import type { ActResult } from '../../src/contracts/index.ts';
import { call, unit } from '../support/bus-world.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { until } from '../support/until.ts';
import { CAMERAS, type CameraDriver, PASSWORD, wiredCamera } from '../support/wired-cameras.ts';

// What each has is real: sockets of loopback, messages, logins.
const DRIVERS = Object.keys(CAMERAS) as CameraDriver[];
const isJpeg = ({ file }: ActResult): boolean => {
  const bytes = [...(file?.bytes ?? [])];
  return file?.type === 'image/jpeg' && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes.at(-1) === 0xd9;
};

describe.each(DRIVERS)('a camera of %s on a real socket', (driver) => {
  it('gives whole pictures to who logs in, each a new one, and says what they are', async () => {
    const { camera } = await wiredCamera(driver);

    const [one, two] = [await camera.act('snapshot', {}), await camera.act('snapshot', {})];

    expect(one).toMatchObject({
      result: 'done',
      facts: { type: 'image/jpeg', bytes: one?.file?.bytes.length },
    });
    expect([one, two].every(isJpeg)).toBe(true);
  });

  it.each([
    'stale',
    'reset',
    'split',
    'noise',
  ] as const)('gives them all the same when its host is %s', async (fault) => {
    const { camera, far } = await wiredCamera(driver);
    await camera.act('snapshot', {});

    far.faults.set('net', fault);
    const results = [await camera.act('snapshot', {}), await camera.act('snapshot', {})];

    expect(results.map(({ facts }) => facts.fault)).toEqual([undefined, undefined]);
    expect(results.every(isJpeg)).toBe(true);
  });

  it.each([
    ['html', 'http.bad-message'],
    ['cut', 'http.bad-message'],
    ['crc', 'http.bad-message'],
    ['garbage', 'http.bad-message'],
    ['busy', 'http.status'],
  ] as const)('gives none, and says why, when what comes is %s; and one again afterwards', async (fault, code) => {
    const { camera, far } = await wiredCamera(driver);
    await camera.act('snapshot', {});

    far.faults.set('net', fault);
    const during = await camera.act('snapshot', {});
    far.faults.clear('net');
    const after = await camera.act('snapshot', {});

    expect(during).toMatchObject({ result: 'failed', facts: { fault: code } });
    expect(during.file).toBeUndefined();
    expect(isJpeg(after)).toBe(true);
  });

  it('that hangs ends in a fault, and holds up nobody but itself', async () => {
    const { camera, far, value, bus } = await wiredCamera(driver, { timeout_ms: 1500, contact: true });
    far.faults.set('net', 'mute');

    const hanging = camera.act('snapshot', {});
    let isOver = false;
    void hanging.then(() => {
      isOver = true;
    });
    const before = value('door', 'closed');
    far.set('door', { closed: before !== true });
    await until('the contact is heard', () => value('door', 'closed') === (before !== true));
    const heardFirst = !isOver;
    const ended = await hanging;

    expect(heardFirst).toBe(true);
    expect(ended).toMatchObject({ result: 'failed', facts: { fault: 'bus.no-reply' } });
    far.faults.clear('net');
    await until('it is well again', async () => isJpeg(await camera.act('snapshot', {})), 30_000);
    expect(bus?.stats().state).toBe('up');
  });

  it('that no longer takes the password is left alone, and nothing shows the password', async () => {
    const { camera, far, health, logged, bus, roster } = await wiredCamera(driver);
    far.faults.set('net', 'refuse');
    const first = await camera.act('snapshot', {});
    far.faults.clear('net');

    const paused = await camera.act('snapshot', {});
    const raised = [...health.raised];
    await bus?.restart();
    const after = await camera.act('snapshot', {});

    expect(first.facts.fault).toBe('http.login-refused');
    expect(paused.facts.fault).toBe('http.login-refused');
    expect(raised).toContain('bus-down net');
    expect(isJpeg(after)).toBe(true);
    const shown = JSON.stringify([first, paused, logged, [...health.ever], bus?.stats(), roster.views()]);
    expect(shown).not.toMatch(new RegExp(`${PASSWORD}|${PASSWORD.split(' ').join('|')}`));
  });
});

describe.each(['hikvision-isapi', 'dahua-cgi', 'onvif-camera'] as const)('the output of %s', (driver) => {
  it('is switched once, and shows at the camera', async () => {
    const { camera, far } = await wiredCamera(driver);

    const on = await camera.act('output-on', {});
    const between = far.said().camera?.output;
    const off = await camera.act('output-off', {});

    expect([on.result, off.result]).toEqual(['done', 'done']);
    expect([between, far.said().camera?.output]).toEqual([true, false]);
  });

  it('may have moved when the answer is lost, and is not told to a second time', async () => {
    const { camera, far } = await wiredCamera(driver, { timeout_ms: 1500 });
    await camera.act('output-off', {});

    far.faults.set('net', 'lost');
    const lost = await camera.act('output-on', {});
    far.faults.clear('net');

    expect(lost).toMatchObject({ result: 'unknown', facts: { fault: 'bus.no-reply' } });
    expect(far.said().camera?.output).toBe(true);
  });

  it('is brought to rest when the gateway stops', async () => {
    const { camera, far } = await wiredCamera(driver);
    await camera.act('output-on', {});

    await camera.rest();

    expect(far.said().camera?.output).toBe(false);
  });
});

describe.each(['hikvision-isapi', 'dahua-cgi'] as const)('the events of %s', (driver) => {
  it('come as they happen, and a stream that breaks is missed and begun again', async () => {
    const { camera, far, value } = await wiredCamera(driver);
    for (const motion of [false, true, false, true]) {
      far.set('camera', { motion });
      await until(`motion is ${motion}`, () => value('camera', 'motion') === motion, 30_000);
    }

    far.faults.set('net', 'cut');
    await until('it is missed', () => camera.view().cause !== '', 30_000);
    far.faults.clear('net');

    await until(
      'it is heard again',
      () => camera.view().status === 'online' && camera.view().cause === '',
      60_000,
    );
  });
});

describe('pictures of other firmwares', () => {
  it.each([
    ['hikvision-isapi', { old: true }],
    ['dahua-cgi', { 'from-0': true }],
    ['onvif-camera', { moved: true }],
  ] as const)('of %s are found where they are, before and after a change', async (driver, change) => {
    const { camera, far } = await wiredCamera(driver);
    const before = await camera.act('snapshot', {});

    far.set('camera', change);
    const first = await camera.act('snapshot', {});
    const then = await camera.act('snapshot', {});

    // A place that was known and has nothing any more is looked for at the next picture at the latest.
    expect(isJpeg(before)).toBe(true);
    expect(isJpeg(first) || isJpeg(then)).toBe(true);
    expect(isJpeg(then)).toBe(true);
  });

  it('of an ONVIF camera that names another address are refused, unless the site says that it may', async () => {
    const refusing = await wiredCamera('onvif-camera');
    const rewriting = await wiredCamera('onvif-camera', { options: '{ other_host: rewrite }' });
    for (const { far } of [refusing, rewriting]) far.set('camera', { host: '192.168.1.64' });

    const results = [await refusing.camera.act('snapshot', {}), await rewriting.camera.act('snapshot', {})];

    expect(results.map(({ result }) => result)).toEqual(['failed', 'done']);
  });
});

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const param = (header: string, name: string) => new RegExp(`${name}="?([^",]+)`).exec(header)?.[1] ?? '';

describe('programs that are not ours', () => {
  it('the HTTP server of Node takes the digest of the bus, and its chunks are put together', async () => {
    const server = createServer((asked, reply) => {
      const { authorization = '' } = asked.headers;
      const uri = param(authorization, 'uri');
      const proof = [
        md5(`gateway:cam:${PASSWORD}`),
        param(authorization, 'nonce'),
        param(authorization, 'nc'),
        param(authorization, 'cnonce'),
        'auth',
        md5(`${asked.method}:${uri}`),
      ];
      if (uri !== asked.url || param(authorization, 'response') !== md5(proof.join(':'))) {
        reply.writeHead(401, { 'www-authenticate': 'Digest realm="cam", qop="auth", nonce="abc"' }).end('no');
        return;
      }
      reply.write('one ');
      reply.end('two');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    // A listening TCP server has an address with a port.
    const { port } = server.address() as AddressInfo;
    const bus = openBus(
      {
        ...{ id: 'net', type: 'http', scheme: 'http', host: '127.0.0.1', port, auth: 'digest' },
        ...{ connect_timeout_ms: 20_000, login: { user: 'gateway', password: PASSWORD } },
      },
      {
        ports: openPorts(),
        clock: systemClock('test'),
        health: healthNotes(),
        log: quietLog,
        random: dice(1),
      },
    );
    onTestFinished(() => bus.close());
    const link = bus.http('camera', unit(1, { timeout_ms: 20_000 }));

    const reply = await link.exchange({ method: 'GET', path: '/a?b=[c]' }, call());

    expect([reply.status, Buffer.from(reply.body).toString()]).toEqual([200, 'one two']);
  });

  it('the HTTP client of Node is let in by a simulated camera with the right password, and not with another', async () => {
    const { far } = await wiredCamera('http-snapshot');
    const port = Number(far.ports.net?.split(':').at(-1));
    const get = (authorization: string | undefined) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const headers = authorization === undefined ? {} : { authorization };
        const asking = request(
          { host: '127.0.0.1', port, path: '/snap.jpg', headers, agent: false },
          (reply) => {
            reply.resume().on('end', () => resolve(reply));
          },
        );
        asking.on('error', reject).end();
      });
    const answer = async (password: string) => {
      const header = (await get(undefined)).headers['www-authenticate'] ?? '';
      const [realm, nonce] = [param(header, 'realm'), param(header, 'nonce')];
      const secret = md5(`gateway:${realm}:${password}`);
      const response = md5(`${secret}:${nonce}:00000001:xyz:auth:${md5('GET:/snap.jpg')}`);
      return get(
        `Digest username="gateway", realm="${realm}", nonce="${nonce}", uri="/snap.jpg", qop=auth, nc=00000001, cnonce="xyz", response="${response}"`,
      );
    };

    const statuses = [(await answer(PASSWORD)).statusCode, (await answer('wrong')).statusCode];

    expect(statuses).toEqual([200, 401]);
  });
});
