import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { call, outcome, unit } from '../support/bus-world.ts';
import { makeAuthority } from '../support/certificates.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const GET = { method: 'GET', path: '/picture' } as const;

/** A camera with a certificate, and what it was asked. */
async function camera(
  names: { readonly hosts?: readonly string[]; readonly when?: 'now' | 'past' | 'future' } = {},
) {
  const authority = makeAuthority(tempFolder());
  const { cert, key } = authority.issue('camera', names);
  const pem = readFileSync(cert, 'utf8');
  const asked: string[] = [];
  const server = createServer({ cert: pem, key: readFileSync(key, 'utf8') }, ({ url = '' }, response) => {
    asked.push(url);
    response.end('a picture');
  });
  // It ends no connection by itself.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const open = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  return { port, asked, open, ca: authority.text(), fingerprint: new X509Certificate(pem).fingerprint256 };
}

async function ask(port: number, trust: { readonly ca?: string; readonly fingerprint?: string }) {
  const health = healthNotes();
  const bus = openBus(
    {
      ...{ id: 'cam', type: 'http', scheme: 'https', host: '127.0.0.1', port, auth: 'digest' },
      ...{ connect_timeout_ms: 20_000, ...trust },
    },
    { ports: openPorts(), clock: systemClock('test'), health, log: quietLog, random: dice(1) },
  );
  onTestFinished(() => bus.close());
  const asking = outcome(bus.http('dut', unit(1, { timeout_ms: 30_000 })).exchange(GET, call()));
  await until('it has ended', () => asking.done);
  return { asking, health, bus };
}

it('a host is asked when the authority that is trusted has signed for its name', async () => {
  const { port, ca } = await camera();

  const { asking } = await ask(port, { ca });

  expect(Buffer.from(asking.value?.body ?? []).toString()).toBe('a picture');
});

it('a host is asked when it shows the pinned certificate, whatever its name and date, in either way of writing', async () => {
  const { port, fingerprint } = await camera({ hosts: ['camera.invalid'], when: 'past' });

  const answers = [
    await ask(port, { fingerprint }),
    await ask(port, { fingerprint: fingerprint.replaceAll(':', '').toLowerCase() }),
  ];

  expect(answers.map(({ asking }) => asking.value?.status)).toEqual([200, 200]);
});

it.each([
  ['nobody known has signed for it', {}, () => ({})],
  ['it has another name', { hosts: ['camera.invalid'] }, ({ ca }: { ca: string }) => ({ ca })],
  ['its days are over', { when: 'past' } as const, ({ ca }: { ca: string }) => ({ ca })],
  ['it is another than the pinned one', {}, () => ({ fingerprint: 'AB'.repeat(32) })],
] as const)('a host is asked nothing when %s, and the bus says why', async (_, names, trust) => {
  const there = await camera(names);

  const { asking, health } = await ask(there.port, trust(there));

  expect(asking.fault).toMatchObject({ code: 'http.certificate', facts: { bus: 'cam', sent: false } });
  expect(there.asked).toEqual([]);
  expect(health.raised).toContain('bus-down cam');
});

it('a connection that is dropped is gone over there, too', async () => {
  const { port, ca, open } = await camera();
  const { bus } = await ask(port, { ca });
  const before = await open();

  await bus.close();

  await until('it is closed', async () => (await open()) === 0);
  expect(before).toBe(1);
});

it.each([
  ['ends every connection', (socket: Socket) => void socket.end()],
  ['resets every connection', (socket: Socket) => void socket.resetAndDestroy()],
  ['is none of TLS', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['says nothing', () => {}],
])('a host that %s cannot be reached, and nothing of it stays open', async (_, answer) => {
  const sockets: Socket[] = [];
  const server = createTcp((socket) => {
    sockets.push(socket.on('error', () => {}));
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;

  const opening = outcome(
    openPorts().tls({
      host: '127.0.0.1',
      port,
      timeout_ms: 500,
      ca: undefined,
      fingerprint: 'AB'.repeat(32),
    }),
  );

  await until('it has ended', () => opening.done);
  expect(opening.fault?.code).toBe('bus.unreachable');
  for (const socket of sockets) socket.resume();
  await until('it is closed', () => sockets.every((socket) => socket.destroyed));
});
