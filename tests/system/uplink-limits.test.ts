import { describe, expect, it } from 'vitest';
import { openBatch } from '../../src/receive/batch.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startStrictBroker } from '../support/strict-broker.ts';
import { until } from '../support/until.ts';
import { doorEvent, HASTE, readings, testReceiver, testUplink, waiting } from '../support/uplink-world.ts';

const RECORDS = process.env.GATELODGE_LONG ? 50_000 : 700;
const isBatch = (topic: string) => /\/[abc]$/.test(topic);

describe('the window (MQ-1)', () => {
  it.each([
    1, 2, 20, 65_535,
  ])('never has more than min(20, %i) messages without PUBACK, counting everything', async (receive_maximum) => {
    const broker = await startStrictBroker({ receive_maximum });
    const receiver = await testReceiver({ url: broker.url });
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(RECORDS), ...readings(50, 'b'), doorEvent('opened')]);
    const { uplink } = testUplink(
      { url: broker.url, maximum_packet: 2048, health_ms: 20, beat_ms: 20 },
      { outbox },
    );

    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0, 60_000);

    expect(broker.violations).toEqual([]);
    // The receiver is a client of the same broker and has a window of its own; both keep within the limit.
    expect(broker.mostUnacknowledged()).toBe(Math.min(20, receive_maximum));
    expect(receiver.verdict()).toMatchObject({ whole: true, records: RECORDS + 51 });
    expect(broker.connections()).toBe(2);
    expect(uplink.view().last_fault).toBeUndefined();
  });

  it('drops the connection when a PUBACK does not come in time, and sends again', async () => {
    let withhold = true;
    const broker = await startStrictBroker({
      answer: ({ topic }) => (withhold && isBatch(topic) ? 'withhold' : 0),
    });
    const receiver = await testReceiver({ url: broker.url });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(100));
    const { health } = testUplink({ url: broker.url, puback_timeout_ms: 200 }, { outbox });

    await until('the connection is given up', () =>
      health.ever.some((fact) => fact.includes('was not acknowledged')),
    );
    withhold = false;
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(receiver.verdict()).toMatchObject({ whole: true, records: 100, duplicates: 0 });
  });
});

describe('the largest packet (MQ-2)', () => {
  it.each([
    2048, 131_072,
  ])('is never above the %i bytes the broker announced, and everything arrives', async (maximum_packet) => {
    for (const compress of [true, false]) {
      const broker = await startStrictBroker({ maximum_packet });
      const receiver = await testReceiver({ url: broker.url });
      const outbox = new MemoryOutbox();
      await outbox.append([...readings(RECORDS), doorEvent('opened')]);
      testUplink({ url: broker.url, compress, maximum_packet: 1 << 20 }, { outbox });

      await until('everything is acknowledged', async () => (await waiting(outbox)) === 0, 60_000);

      expect(broker.violations).toEqual([]);
      expect(broker.largestPacket()).toBeLessThanOrEqual(maximum_packet);
      expect(receiver.verdict()).toMatchObject({ whole: true, records: RECORDS + 1 });
      expect(await outbox.quarantine()).toEqual([]);
    }
  });

  it('keeps everything and says so when not even one record fits (256 bytes)', async () => {
    const broker = await startStrictBroker({ maximum_packet: 256 });
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(20), doorEvent('opened')]);
    const { uplink, health } = testUplink({ url: broker.url }, { outbox });

    await until('it is told', () => health.now.get('uplink-refused')?.evidence.includes('256'));
    await until('it was tried again', () => uplink.view().attempts > 2);

    expect(broker.violations).toEqual([]);
    expect(broker.published()).toBe(0);
    expect(await outbox.quarantine()).toEqual([]);
    expect(await waiting(outbox)).toBe(21);
  });

  it('is learnt from mosquitto too', async () => {
    const broker = await startMosquitto({ max_packet: 3000 });
    const receiver = await testReceiver({ url: broker.url });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(2000));
    const { uplink } = testUplink({ url: broker.url, version: 5 }, { outbox });
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);
    expect(uplink.view().attempts).toBe(1);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: 2000 });
  });
});

describe('poison in front of good records (SF-12)', () => {
  const GOOD = 1000;

  it('is found and set aside: what is too large for the broker, without a disconnect', async () => {
    const broker = await startStrictBroker({ maximum_packet: 4096 });
    const receiver = await testReceiver({ url: broker.url });
    const outbox = new MemoryOutbox();
    await outbox.append([
      doorEvent('long', { text: 'x'.repeat(9000) + Math.random() }),
      doorEvent('opened'),
      ...readings(GOOD),
    ]);
    const { health } = testUplink({ url: broker.url, compress: false }, { outbox });

    await until('the good ones are acknowledged', async () => (await waiting(outbox)) === 0);

    expect(await outbox.quarantine()).toMatchObject([{ record: { name: 'long' } }]);
    expect(health.now.get('uplink-quarantine')?.evidence).toContain('above the broker limit of 4096');
    expect(broker.connections()).toBe(2);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: GOOD + 2 });
  });

  it.each([
    [0x99, 'payload format invalid'],
    [0x83, 'implementation specific error'],
    [0x80, 'unspecified error'],
  ])('is found and set aside: what the broker refuses with %i', async (code, reason) => {
    const answer = ({ topic, payload }: { topic: string; payload: Uint8Array }) =>
      isBatch(topic) && openBatch(payload).text.includes('poison') ? code : 0;
    const broker = await startStrictBroker({ answer });
    const receiver = await testReceiver({ url: broker.url });
    const outbox = new MemoryOutbox();
    const poison = { ...readings(1)[0], point: 'poison' } as ReturnType<typeof readings>[number];
    await outbox.append([...readings(10), poison, ...readings(GOOD)]);
    testUplink({ url: broker.url }, { outbox });

    await until('the good ones are acknowledged', async () => (await waiting(outbox)) === 0);

    expect(await outbox.quarantine()).toMatchObject([{ record: { seq: 11 }, reason }]);
    expect(broker.connections()).toBe(2);
    // The good ones and the gap record that tells of the poison.
    expect(receiver.verdict()).toMatchObject({ whole: true, records: GOOD + 11 });
  });

  it('is found and set aside although the broker only closes the connection over it (MQTT 3.1.1)', async () => {
    const answer = ({ topic, payload }: { topic: string; payload: Uint8Array }) =>
      isBatch(topic) && openBatch(payload).text.includes('poison') ? 'close' : 0;
    const broker = await startStrictBroker({ answer });
    const receiver = await testReceiver({ url: broker.url, version: 4 });
    const outbox = new MemoryOutbox();
    const poison = { ...readings(1)[0], point: 'poison' } as ReturnType<typeof readings>[number];
    const { uplink, health } = testUplink({ url: broker.url, version: 4 }, { outbox });
    await outbox.append(readings(10));
    await until('the lane is known to be allowed', async () => (await waiting(outbox)) === 0);

    await outbox.append([...readings(GOOD / 2), poison, ...readings(GOOD / 2)]);
    await until('the good ones are acknowledged', async () => (await waiting(outbox)) === 0);

    expect(await outbox.quarantine()).toMatchObject([
      { record: { seq: 11 + GOOD / 2 }, reason: 'the broker closes the connection when it is sent' },
    ]);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: GOOD + 11 });
    await until('only the quarantine is told', () => [...health.now.keys()].join() === 'uplink-quarantine');
    expect(uplink.view().attempts).toBeLessThan(20);
  });

  it('is not what only was too much at once: a limit that the broker does not tell (MQTT 3.1.1) is found', async () => {
    const answer = ({ payload }: { payload: Uint8Array }) => (payload.length > 3000 ? 'close' : 0);
    const broker = await startStrictBroker({ answer });
    const receiver = await testReceiver({ url: broker.url, version: 4 });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(RECORDS));
    testUplink({ url: broker.url, version: 4 }, { outbox });

    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(await outbox.quarantine()).toEqual([]);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: RECORDS });
  });

  it.each([
    [0x87, 'not authorized'],
    [0x97, 'quota exceeded'],
    [0x90, 'topic name invalid'],
  ])('is not what somebody else has to put right: with %i everything is kept and tried again', async (code, reason) => {
    let refuse = true;
    const broker = await startStrictBroker({ answer: ({ topic }) => (refuse && isBatch(topic) ? code : 0) });
    const receiver = await testReceiver({ url: broker.url });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(GOOD));
    const { health } = testUplink({ url: broker.url, ack_timeout_ms: 300 }, { outbox });

    await until('it is told', () => health.now.get('uplink-refused')?.evidence.includes(reason));
    expect(await waiting(outbox)).toBe(GOOD);
    refuse = false;
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(await outbox.quarantine()).toEqual([]);
    expect(health.facts()).toEqual([]);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: GOOD });
  });
});

describe('reason codes of the connection (MQ-8)', () => {
  const CONNACK = [
    0x80, 0x81, 0x82, 0x83, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
    0x9c, 0x9d, 0x9f,
  ];
  it.each(CONNACK)('a CONNECT refused with %i is survived', async (code) => {
    const broker = await startStrictBroker({ admit: (connection) => (connection < 2 ? code : 0) });
    const { uplink } = testUplink({ url: broker.url, backoff: { ...HASTE.backoff, long_ms: 100 } });
    await until('it is connected', () => uplink.view().connected);
    expect(uplink.view().attempts).toBe(3);
  });

  it('a broker that knows only 3.1.1 is answered in 3.1.1 at once', async () => {
    const broker = await startStrictBroker({ admit: (connection) => (connection === 0 ? 0x84 : 0) });
    const { uplink } = testUplink({ url: broker.url });
    await until('it is connected', () => uplink.view().connected);
    expect(uplink.view()).toMatchObject({ version: 4, attempts: 1 });
  });

  it('a refusal that somebody has to put right is a health fact until it is', async () => {
    const broker = await startStrictBroker({ admit: (connection) => (connection < 2 ? 0x86 : 0) });
    const { uplink, health } = testUplink({ url: broker.url });
    await until('it is connected', () => uplink.view().connected);
    expect(health.ever).toContainEqual(expect.stringMatching(/^uplink-refused: .*bad user name or password/));
    expect(health.facts()).toEqual([]);
  });

  const DISCONNECT = [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ];
  it('a DISCONNECT with any reason is survived, and only a taken-over session says that there are two', async () => {
    const broker = await startStrictBroker();
    const { uplink, health } = testUplink({ url: broker.url, backoff: { ...HASTE.backoff, long_ms: 60 } });
    for (const code of DISCONNECT) {
      await until(`connected before ${code}`, () => uplink.view().connected);
      const before = uplink.view().attempts;
      broker.disconnect(code);
      await until(
        `it is back after ${code}`,
        () => uplink.view().connected && uplink.view().attempts > before,
      );
    }
    const twins = health.ever.filter((fact) => fact.startsWith('uplink-taken-over'));
    expect(twins).toHaveLength(1);
    expect(twins[0]).toContain('session taken over');
  });
});
