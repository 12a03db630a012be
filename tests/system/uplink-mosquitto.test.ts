import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SeqRange } from '../../src/model/index.ts';
import { type Batch, readLog } from '../../src/receive/index.ts';
import { startAedes } from '../support/aedes.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startProxy } from '../support/proxy.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { doorEvent, HASTE, readings, testReceiver, testUplink, waiting } from '../support/uplink-world.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const CUTS = LONG ? 100 : 6;
const RECORDS = LONG ? 20_000 : 4000;

const BROKERS = [
  { name: 'mosquitto with MQTT 5', start: () => startMosquitto(), version: 5, spoken: 5 },
  { name: 'mosquitto with MQTT 3.1.1', start: () => startMosquitto(), version: 4, spoken: 4 },
  { name: 'mosquitto, finding out the version', start: () => startMosquitto(), version: 'auto', spoken: 5 },
  { name: 'aedes with MQTT 3.1.1', start: () => startAedes(), version: 4, spoken: 4 },
  { name: 'aedes, finding out the version', start: () => startAedes(), version: 'auto', spoken: 4 },
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
  it('settles a record only by the platform’s ack of its range, whatever the broker took (SF-4)', async () => {
    const broker = await startMosquitto();
    const lost: SeqRange[] = [];
    let arrived = 0;
    let losing = true;
    const lose = ({ head }: Batch) => {
      arrived += 1;
      const loses = losing && arrived % 10 === 3;
      if (loses) lost.push(head.covers);
      return loses;
    };
    const receiver = await testReceiver({ url: broker.url }, { lose });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(RECORDS));
    // Nothing is sent a second time meanwhile: what is settled is settled by the acks and by nothing else.
    const settings = { url: broker.url, maximum_packet: 4096, compress: false, ack_timeout_ms: 600_000 };
    const first = testUplink(settings, { outbox });
    await until(
      'all but the lost is acknowledged',
      async () => lost.length > 5 && (await waiting(outbox)) === lostRecords(lost),
      60_000,
    );
    expect(first.uplink.view()).toMatchObject({ sent_records: RECORDS, under_way: lost.length });
    const settled = outbox.settled.flatMap(({ ack }) => ack.ranges);
    for (const [from, to] of lost)
      expect(
        settled.some(([low, high]) => low <= to && from <= high),
        `${from}–${to}`,
      ).toBe(false);

    losing = false;
    await first.uplink.close();
    const second = testUplink(settings, { outbox });
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(receiver.verdict()).toMatchObject({ whole: true, records: RECORDS, duplicates: 0 });
    expect(second.uplink.view().sent_records).toBe(lostRecords(lost));
  });

  it('sends again over the same connection what the platform does not acknowledge in time', async () => {
    const broker = await startMosquitto();
    let losing = true;
    const receiver = await testReceiver({ url: broker.url }, { lose: () => losing });
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(500), doorEvent('opened')]);
    const { uplink, health } = testUplink({ url: broker.url, ack_timeout_ms: 200 }, { outbox });
    await until(
      'it went twice, and it is told',
      () => uplink.view().sent_records >= 2 * 501 && health.now.has('uplink-unacknowledged'),
    );

    losing = false;
    await until('everything is acknowledged', async () => (await waiting(outbox)) === 0);

    expect(receiver.verdict()).toMatchObject({ whole: true, records: 501 });
    expect(uplink.view()).toMatchObject({ connected: true, attempts: 1 });
    await until('nothing is told any more', () => health.facts().length === 0);
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
    const lost: SeqRange[] = [];
    let arrived = 0;
    const lose = ({ head }: Batch) => {
      if (head.lane !== 'c') return false;
      arrived += 1;
      const loses = arrived === 2 || arrived === 5;
      if (loses) lost.push(head.covers);
      return loses;
    };
    const receiver = await testReceiver({ url: broker.url }, { lose });
    const outbox = new MemoryOutbox();
    await outbox.append([doorEvent('opened'), ...readings(40, 'b'), ...readings(500)]);
    // Nothing goes again by itself: what comes after this came because it was asked for.
    const settings = { maximum_packet: 4096, compress: false, ack_timeout_ms: 600_000, digest_ms: 300 };
    const { uplink } = testUplink({ url: broker.url, ...settings }, { outbox });
    await until(
      'all but the lost is acknowledged',
      async () => lost.length === 2 && (await waiting(outbox)) === lostRecords(lost),
    );
    await until('what is acknowledged is digested', () => receiver.verdict().digests >= 3);
    expect(receiver.verdict()).toMatchObject({ digest_mismatches: 0, records: 541 - lostRecords(lost) });

    // An ack too many, as of a platform that restored an old copy of its database.
    await outbox.settle('town', { epoch: outbox.epoch, lane: 'c', ranges: lost, nacks: [] });
    await until('the digest shows it and they come', () => receiver.verdict().records === 541);

    await until('all is digested', async () => (await outbox.digests('town')).length === 0);
    expect(receiver.verdict()).toMatchObject({ whole: true, digest_mismatches: 0, duplicates: 0 });
    expect(uplink.view().sent_records).toBe(541 + lostRecords(lost));
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

const lostRecords = (lost: readonly SeqRange[]): number =>
  lost.reduce((sum, [from, to]) => sum + to - from + 1, 0);
