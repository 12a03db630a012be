import { readFileSync } from 'node:fs';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Certificate, makeAuthority } from '../support/certificates.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { readings, testReceiver, testUplink, waiting } from '../support/uplink-world.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const pem = ({ cert, key }: Certificate) => ({ cert: read(cert), key: read(key) });

describe('TLS', () => {
  it('carries records when chain and host are right, with a certificate of our own where the broker asks for one', async () => {
    const authority = makeAuthority(tempFolder());
    const server = authority.issue('broker');
    const broker = await startMosquitto({ tls: { ...server, ca: authority.ca } });
    const ours = { ca: authority.text(), ...pem(authority.issue('gate')) };
    const receiver = await testReceiver({
      url: broker.url,
      ca: authority.text(),
      ...pem(authority.issue('town')),
    });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(500));
    testUplink({ url: broker.url, ...ours }, { outbox });
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: 500 });
  });

  it.each([
    ['has expired', { when: 'past' }, 'has expired'],
    ['is not valid yet', { when: 'future' }, 'is not valid yet'],
    ['is for another host', { hosts: ['elsewhere.example'] }, 'is for another host'],
  ] as const)('does not trust a certificate that %s, and says so', async (_, options, reason) => {
    const authority = makeAuthority(tempFolder());
    const broker = await startMosquitto({ tls: authority.issue('broker', options) });
    const { uplink, health } = testUplink({ url: broker.url, ca: authority.text() });
    await until('it is told', () => health.now.get('uplink-refused')?.evidence.includes(reason));
    await until('it was tried again', () => uplink.view().attempts > 2);
    expect(uplink.view().connected).toBe(false);
    expect(uplink.view().last_fault).toMatchObject({ code: 'uplink.tls' });
  });

  it('does not trust an authority it was not told of', async () => {
    const authority = makeAuthority(tempFolder());
    const broker = await startMosquitto({ tls: authority.issue('broker') });
    const other = makeAuthority(tempFolder(), 'other');
    for (const ca of [{ ca: other.text() }, {}]) {
      const { uplink, health } = testUplink({ url: broker.url, ...ca });
      await until('it is told', () =>
        health.now.get('uplink-refused')?.evidence.includes('unknown authority'),
      );
      expect(uplink.view()).toMatchObject({ connected: false, last_fault: { code: 'uplink.tls' } });
    }
  });

  it('waits for the time when a certificate is not valid yet and nobody has set the clock', async () => {
    const authority = makeAuthority(tempFolder());
    const broker = await startMosquitto({ tls: authority.issue('broker', { when: 'future' }) });
    const wall = {
      read: () => ({ unix_ms: 12_000, state: 'unsynced', error_ms: 0, source: 'none' }) as const,
    };
    const { uplink, health } = testUplink({ url: broker.url, ca: authority.text() }, { wall });
    await until('it is told', () => uplink.view().last_fault?.code === 'uplink.clock-not-set');
    expect(health.now.get('uplink-refused')).toBeUndefined();
    expect(health.now.get('uplink-down')?.evidence).toContain('nobody has set');
    expect(uplink.view().connected).toBe(false);

    // As if the day had come: only then, and with everything verified.
    authority.issue('broker');
    await broker.kill();
    await broker.start();
    await until('it came by itself', () => uplink.view().connected);
    expect(health.facts()).toEqual([]);
  });

  it.each([
    ['of a stranger', (folder: string) => pem(makeAuthority(folder, 'stranger').issue('gate'))],
    ['at all', () => ({})],
  ])('says when the broker does not accept our certificate: none that it knows %s', async (_, ours) => {
    const authority = makeAuthority(tempFolder());
    const broker = await startMosquitto({ tls: { ...authority.issue('broker'), ca: authority.ca } });
    const settings = { url: broker.url, ca: authority.text(), ...ours(tempFolder()) };
    const { uplink, health } = testUplink(settings);
    await until('it is told', () =>
      health.now.get('uplink-refused')?.evidence.includes('does not accept our certificate'),
    );
    expect(uplink.view()).toMatchObject({ connected: false, last_fault: { code: 'uplink.tls' } });
  });

  it.each([
    ['certificate', { cert: 'not a certificate', key: 'not a key' }],
    ['authority', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
  ])('says when the %s given to us cannot be read, and goes on trying', async (_, given) => {
    const authority = makeAuthority(tempFolder());
    const broker = await startMosquitto({ tls: authority.issue('broker') });
    const { uplink, health } = testUplink({ url: broker.url, ca: authority.text(), ...given });
    await until('it was tried again', () => uplink.view().attempts > 2);
    expect(uplink.view().last_fault).toMatchObject({ code: 'uplink.tls' });
    expect(health.now.has('uplink-refused')).toBe(true);
  });

  it('does not speak what is older than 1.2', async () => {
    const authority = makeAuthority(tempFolder());
    const { cert, key } = pem(authority.issue('broker'));
    const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const server = createServer({ cert, key, ...OLD });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await protocolOf({ port, host: '127.0.0.1', ca: authority.text(), ...OLD })).toBe('TLSv1.1');

    const { uplink } = testUplink({ url: `mqtts://127.0.0.1:${port}`, ca: authority.text() });
    await until('it was refused', () => uplink.view().last_fault !== undefined);
    expect(uplink.view().last_fault).toMatchObject({ code: 'uplink.tls' });
    expect(uplink.view().last_fault?.message).toMatch(/protocol|version/i);
  });

  it('is verified whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const authority = makeAuthority(tempFolder());
    const broker = await startMosquitto({ tls: authority.issue('broker') });
    const other = makeAuthority(tempFolder(), 'other');
    const { uplink } = testUplink({ url: broker.url, ca: other.text() });
    await until('it was tried again', () => uplink.view().attempts > 2);
    expect(uplink.view()).toMatchObject({ connected: false, last_fault: { code: 'uplink.tls' } });
  });
});

/** The version that a client that takes anything agrees on with a server. */
function protocolOf(options: ConnectionOptions): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
