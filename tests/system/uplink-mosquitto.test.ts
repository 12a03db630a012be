import { createServer } from 'node:net';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Batch, readLog } from '../../src/receive/index.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startProxy } from '../support/proxy.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { doorEvent, HASTE, readings, testReceiver, testUplink, waiting } from '../support/uplink-world.ts';

const CUTS = process.env.GATELODGE_LONG ? 100 : 6;

async function startAedes(): Promise<{ readonly url: string }> {
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    server.close();
  });
  const address = server.address();
  return { url: `mqtt://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` };
}

const BROKERS = [
  { name: 'mosquitto with MQTT 5', start: () => startMosquitto(), version: 5, spoken: 5 },
  { name: 'mosquitto with MQTT 3.1.1', start: () => startMosquitto(), version: 4, spoken: 4 },
  { name: 'mosquitto, finding out the version', start: () => startMosquitto(), version: 'auto', spoken: 5 },
  { name: 'aedes with MQTT 3.1.1', start: startAedes, version: 4, spoken: 4 },
  { name: 'aedes, finding out the version', start: startAedes, version: 'auto', spoken: 4 },
] as const;

describe.each(BROKERS)('over $name', ({ start, version, spoken }) => {
  it('brings backlog and live records of all lanes to the platform once, and settles them by its acks', async () => {
    const broker = await start();
    const db = join(tempFolder(), 'received.jsonl');
    const outbox = new MemoryOutbox();
    await outbox.append([doorEvent('opened'), ...readings(1500), ...readings(30, 'b')]);
    const receiver = await testReceiver({ url: broker.url, db });

    const { uplink, health } = testUplink({ url: broker.url, version }, { outbox });
    await until('the uplink is connected', () => uplink.view().connected);
    await outbox.append([...readings(200, 'c', 1500), doorEvent('closed')]);
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(uplink.view().version).toBe(spoken);
    expect(receiver.verdict()).toMatchObject({ whole: true, records: 1732, duplicates: 0, bad: 0 });
    const stored = await readLog(db);
    expect(stored.map(({ record }) => record).sort((x, y) => x.seq - y.seq)).toEqual(outbox.records);
    const [gateway] = receiver.view().gateways;
    expect(gateway).toMatchObject({ gateway: 'gate-1', site: 'riverside', online: true, records: 1732 });
    expect(gateway?.devices[0]?.points[0]).toMatchObject({ point: 'pm2_5', unit: 'ug/m3', clock: 'synced' });
    expect(health.facts()).toEqual([]);
  });
});

describe('store and forward', () => {
  it('settles a record only by the platform’s ack of its range, and sends again what the platform lost (SF-4)', async () => {
    const broker = await startMosquitto();
    const lost: (readonly [number, number])[] = [];
    let arrived = 0;
    const lose = ({ head }: Batch) => {
      arrived += 1;
      if (arrived % 10 !== 3 || arrived > 300) return false;
      lost.push(head.covers);
      return true;
    };
    const receiver = await testReceiver({ url: broker.url }, { lose });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(20_000));
    const small = { maximum_packet: 4096, compress: false, ack_timeout_ms: 4000 };
    const { uplink } = testUplink({ url: broker.url, ...small }, { outbox });

    // What is settled before anything is sent a second time: the platform's acks and nothing else.
    await until(
      'all but the lost is acknowledged',
      async () => (await waiting(outbox)) === lostRecords(lost) && lost.length > 5,
    );
    expect(lost.length).toBeGreaterThan(10);
    for (const [from, to] of lost) {
      for (const { ack } of outbox.settled)
        for (const [low, high] of ack.ranges) expect(low <= from && to <= high).toBe(false);
    }
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(receiver.verdict()).toMatchObject({ whole: true, records: 20_000, duplicates: 0 });
    expect(uplink.view().sent_records).toBeGreaterThan(20_000);
  });

  it('drains a backlog after a reconnect by itself, with nothing new stored (SF-6)', async () => {
    const broker = await startMosquitto();
    const outbox = new MemoryOutbox();
    const { uplink, health } = testUplink({ url: broker.url }, { outbox });
    await until('the uplink is connected', () => uplink.view().connected);
    await broker.kill();
    await until('the loss is seen', () => health.now.has('uplink-down'));
    await outbox.append([...readings(3000), doorEvent('opened')]);
    await broker.start();
    const receiver = await testReceiver({ url: broker.url });

    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(receiver.verdict()).toMatchObject({ whole: true, records: 3001 });
    expect(health.facts()).toEqual([]);
  });

  it('loses nothing when the line is cut silently in mid-drain, again and again (SF-5)', async () => {
    const broker = await startMosquitto();
    const proxy = await startProxy(broker.port);
    const receiver = await testReceiver({ url: broker.url });
    const outbox = new MemoryOutbox();
    const haste = {
      ...HASTE,
      puback_timeout_ms: 300,
      connect_timeout_ms: 500,
      ack_timeout_ms: 800,
      keepalive_s: 1,
      maximum_packet: 2048,
    };
    const { uplink } = testUplink({ url: `mqtt://127.0.0.1:${proxy.port}`, ...haste }, { outbox });

    for (let cut = 0; cut < CUTS; cut += 1) {
      await outbox.append(readings(400, 'c', cut * 400));
      await until('records flow', () => uplink.view().connected && uplink.view().under_way > 0);
      proxy.blackHole();
      await until('the dead link is found', () => !uplink.view().connected);
      proxy.cut();
      proxy.pass();
    }
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(receiver.verdict()).toMatchObject({ whole: true, records: 400 * CUTS });
  });

  it('tells a digest that agrees on both sides, and replays exactly what the platform misses (SF-20)', async () => {
    const broker = await startMosquitto();
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(500), ...readings(40, 'b'), doorEvent('opened')]);
    const settings = { url: broker.url, digest_ms: 700, maximum_packet: 4096 };
    const first = await testReceiver({ url: broker.url });
    const { uplink } = testUplink(settings, { outbox });
    await until('digests came', () => first.verdict().digests >= 3);
    expect(first.verdict()).toMatchObject({ whole: true, digest_mismatches: 0 });
    await first.close();

    // Another platform that was given everything but two batches' worth, and an ack too many.
    let losing = true;
    const lying = await testReceiver({ url: broker.url }, { lose: () => losing });
    await outbox.append(readings(300, 'c', 500));
    await until('they were sent', () => uplink.view().sent_records >= 841);
    await outbox.settle('town', { epoch: outbox.epoch, lane: 'c', ranges: [[501, 841]], nacks: [] });
    losing = false;
    await until('the digest shows it and they are replayed', () => lying.verdict().records === 300);

    await until('the digest agrees now', () => lying.verdict().digest_mismatches === 0);
    const [ledger] = lying.verdict().gateways[0]?.epochs ?? [];
    expect(ledger?.holes).toEqual([[1, 541]]);
  });

  it('quarantines what the platform refuses, and the rest arrives', async () => {
    const broker = await startMosquitto();
    const nack = (record: { readonly kind: string }) =>
      record.kind === 'event' ? 'no such door' : undefined;
    const receiver = await testReceiver({ url: broker.url }, { nack });
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(100), doorEvent('opened'), ...readings(100)]);
    const { health } = testUplink({ url: broker.url }, { outbox });

    await until('everything is answered', async () => (await waiting(outbox)) === 0);

    expect(await outbox.quarantine()).toMatchObject([
      { uplink: 'town', reason: 'no such door', record: { seq: 101 } },
    ]);
    expect(receiver.verdict()).toMatchObject({ records: 200, nacked: 1 });
    expect(health.now.get('uplink-quarantine')?.evidence).toBe('no such door');
  });

  it('with the weaker promise settles what the broker took', async () => {
    const broker = await startMosquitto();
    const outbox = new MemoryOutbox();
    await outbox.append(readings(1000));
    const { uplink } = testUplink({ url: broker.url, ack: 'broker' }, { outbox });
    await until('everything is settled', async () => (await waiting(outbox)) === 0);
    expect(uplink.view()).toMatchObject({ ack: 'broker', under_way: 0 });
  });
});

const lostRecords = (lost: readonly (readonly [number, number])[]): number =>
  lost.reduce((sum, [from, to]) => sum + to - from + 1, 0);
