import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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
  });

  it('says when the broker does not accept our certificate', async () => {
    const authority = makeAuthority(tempFolder());
    const broker = await startMosquitto({ tls: { ...authority.issue('broker'), ca: authority.ca } });
    const stranger = makeAuthority(tempFolder(), 'stranger').issue('gate');
    const { uplink } = testUplink({ url: broker.url, ca: authority.text(), ...pem(stranger) });
    await until('it was refused', () => uplink.view().last_fault !== undefined);
    expect(uplink.view().last_fault?.code).toMatch(/uplink\.(tls|unreachable|lost)/);
    expect(uplink.view().connected).toBe(false);
  });
});
