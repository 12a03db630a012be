import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Receiver } from '../../src/contracts/index.ts';
import { inventoryPages } from '../../src/uplink/messages.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startProxy } from '../support/proxy.ts';
import { type StrictBroker, startStrictBroker } from '../support/strict-broker.ts';
import { until } from '../support/until.ts';
import { BOOT, INVENTORY, listener, testReceiver } from '../support/uplink-world.ts';

const EPOCH = '00112233445566aa';
const LATER = 'ffeeddccbbaa9988';
const root = 'gl/1/riverside/gate-1';
const AT = { boot: BOOT, up: 1000, rev: 1 };

const column = (values: readonly unknown[]) => [
  'air-1',
  'pm2_5',
  values.map((_, index) => index),
  values.map(() => 0),
  values,
];
const batch = (seq: number, values: readonly unknown[], more: object = {}) => ({
  v: 1,
  gateway: 'gate-1',
  site: 'riverside',
  epoch: EPOCH,
  lane: 'c',
  covers: [seq, seq + values.length - 1],
  historical: false,
  sent: { unix_ms: 1_794_000_000_000, clock: 'synced' },
  base: [{ boot: BOOT, unix_ms: 1_794_000_000_000, clock: 'synced' }],
  parts: [{ ...AT, first: seq, n: values.length, points: [column(values)], events: [] }],
  ...more,
});
const event = (seq: number, kind: string, fields: object, more: object = {}) => ({
  ...batch(seq, [0], more),
  lane: 'a',
  parts: [{ ...AT, first: seq, n: 1, points: [], events: [[0, 0, kind, '', kind, fields]] }],
});
const status = (more: object = {}) => ({
  v: 1,
  gateway: 'gate-1',
  state: 'online',
  connect_id: 1,
  uplink: 'town',
  contract: { version: 1, min: 1 },
  versions: {},
  epoch: EPOCH,
  boot: BOOT,
  clock: 'synced',
  ...more,
});
const digest = (from: number, to: number) => ({
  v: 1,
  gateway: 'gate-1',
  epoch: EPOCH,
  lane: 'c',
  from,
  to,
  count: 3,
  sha256: '0'.repeat(64),
  head: to,
});

/** A receiver on a broker through which the test speaks as anybody. */
async function platform(): Promise<{ broker: StrictBroker; receiver: Receiver; say: Say }> {
  const broker = await startStrictBroker();
  const receiver = await testReceiver({ url: broker.url });
  const say: Say = (rest, message, retain = false) =>
    broker.publish(
      `${root}/${rest}`,
      typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
      retain,
    );
  return { broker, receiver, say };
}
type Say = (rest: string, message: object | string | Uint8Array, retain?: boolean) => void;

const epochOf = (receiver: Receiver, epoch = EPOCH) =>
  receiver.verdict().gateways[0]?.epochs.find((one) => one.epoch === epoch);
const latest = (receiver: Receiver) => receiver.view().gateways[0]?.devices[0]?.points[0]?.value;

describe('what is not of the contract', () => {
  const part = { ...AT, first: 1, n: 2, points: [column([1, 2])], events: [] };
  const bad: readonly (readonly [string, string, object | string | Uint8Array])[] = [
    ['a text', 'c', 'hello'],
    ['half a message', 'c', JSON.stringify(batch(1, [1, 2])).slice(0, 80)],
    ['bytes', 'c', Buffer.from([0, 1, 2, 255])],
    ['what looks like zlib', 'c', Buffer.from([0x78, 0x01, 3, 4, 5])],
    ['zlib that is cut off', 'c', deflateSync(JSON.stringify(batch(1, [1, 2]))).subarray(0, 40)],
    ['64 MiB of nothing in few bytes', 'c', deflateSync(Buffer.alloc(64 << 20))],
    ['a list nested 100,000 times', 'c', '['.repeat(100_000)],
    ['another major version', 'c', batch(1, [1, 2], { v: 2 })],
    ['another lane', 'c', batch(1, [1, 2], { lane: 'b' })],
    ['another gateway', 'c', batch(1, [1, 2], { gateway: 'gate-2' })],
    ['another site', 'c', batch(1, [1, 2], { site: 'hillside' })],
    ['covers that end before they begin', 'c', batch(1, [1, 2], { covers: [2, 1] })],
    ['records outside of covers', 'c', batch(1, [1, 2], { covers: [1, 1] })],
    ['a part without its base', 'c', batch(1, [1, 2], { base: [] })],
    ['more records than a part says', 'c', batch(1, [1, 2], { parts: [{ ...part, n: 1 }] })],
    ['fewer records than a part says', 'c', batch(1, [1, 2], { covers: [1, 3], parts: [{ ...part, n: 3 }] })],
    [
      'lists of different length',
      'c',
      batch(1, [1, 2], { parts: [{ ...part, points: [['x', 'y', [0, 1], [0], [1, 2]]] }] }),
    ],
    ['a value that is an object', 'c', batch(1, [1, {}])],
    [
      'an offset beyond the part',
      'c',
      batch(1, [1, 2], { parts: [{ ...part, points: [['x', 'y', [0, 9], [0, 0], [1, 2]]] }] }),
    ],
    ['a status of another gateway', 'status', status({ gateway: 'gate-2' })],
    ['a status without an epoch', 'status', status({ epoch: undefined })],
    ['a beat without a nonce', 'beat', { v: 1, connect_id: 1, boot: BOOT, up: 1 }],
    ['health without facts', 'health', { v: 1, gateway: 'gate-1' }],
    ['a digest without a sum', 'digest', { ...digest(1, 2), sha256: 'x' }],
    [
      'an inventory that is not what its hash says',
      'inventory/0',
      { ...inventoryPages(INVENTORY, 'gate-1', 60_000)[0], hash: '0'.repeat(64) },
    ],
    ['a result without an id', 'cmd/result', { v: 1, result: 'done', facts: {} }],
  ];

  it('is counted, stored nowhere, acknowledged never, and harms nothing', async () => {
    const { broker, receiver, say } = await platform();

    for (const [index, [what, rest, message]] of bad.entries()) {
      say(rest, message);
      await until(`${what} is counted`, () => receiver.verdict().bad === index + 1);
    }

    expect(receiver.verdict()).toMatchObject({ records: 0, batches: 0, whole: false });
    const before = broker.published();
    say('c', batch(1, [1, 2]));
    await until('a good one is taken and acknowledged', () => broker.published() > before);
    expect(receiver.verdict()).toMatchObject({ records: 2, batches: 1, bad: bad.length });
  });

  it('is passed over when it only is newer: fields, kinds, states and topics nobody knows', async () => {
    const { receiver, say } = await platform();
    say('status', status({ state: 'online', clock: 'atomic', mood: 'good' }));
    say('weather', { v: 1 });
    say('a', event(1, 'eclipse', { of: 'the moon' }));
    say(
      'c',
      batch(2, [7], {
        covers: [1, 2],
        base: [{ boot: BOOT, unix_ms: null, clock: 'atomic', drift: 3 }],
        since: 'v1.4',
      }),
    );

    await until('both records came', () => receiver.verdict().records === 2);

    expect(receiver.verdict()).toMatchObject({ whole: true, bad: 0 });
    expect(receiver.view().gateways[0]?.devices[0]?.points[0]).toMatchObject({ value: 7, clock: 'unsynced' });
  });

  it('costs nothing however large its numbers are', async () => {
    const { receiver, say } = await platform();
    const far = Number.MAX_SAFE_INTEGER - 10;
    say('c', batch(1, [1, 2]));
    say('c', batch(far, [3]));
    say('digest', digest(1, far));

    await until('all were taken', () => receiver.verdict().digests === 1 && receiver.verdict().records === 3);

    expect(epochOf(receiver)?.holes).toEqual([[3, far - 1]]);
    expect(receiver.verdict()).toMatchObject({ whole: false, digest_mismatches: 1 });
  });
});

describe('the books of the receiver', () => {
  it('keep two epochs apart, and what is left of the old one does not hide a newer value', async () => {
    const { receiver, say } = await platform();
    say('status', status());
    say('c', batch(1, [10]));
    await until('the first came', () => latest(receiver) === 10);

    say('status', status({ epoch: LATER, connect_id: 1 }));
    say('c', batch(1, [20], { epoch: LATER }));
    say('c', batch(2, [11]));
    await until('all came', () => receiver.verdict().records === 3);

    expect(latest(receiver)).toBe(20);
    expect(epochOf(receiver, EPOCH)).toMatchObject({ records: 2, holes: [] });
    expect(epochOf(receiver, LATER)).toMatchObject({ records: 1, holes: [] });
    say('status', status({ state: 'offline', connect_id: 9 }));
    say('c', batch(2, [21], { epoch: LATER }));
    await until('the last came', () => latest(receiver) === 21);
    expect(receiver.view().gateways[0]?.online).toBe(true);
  });

  it('take a gap record for an explanation only when it names this uplink, whenever they learn who they are', async () => {
    const { receiver, say } = await platform();
    const gap = (seq: number, from: number, uplinks: readonly string[]) =>
      event(seq, 'gap', { epoch: EPOCH, lane: 'c', from, to: from, count: 1, reason: 'quota', uplinks });
    say('c', batch(1, [1]));
    say('a', gap(4, 2, ['town']));
    say('a', gap(5, 3, ['county']));
    await until('all came', () => receiver.verdict().records === 3);
    expect(epochOf(receiver)?.holes).toEqual([]);

    say('status', status());
    await until('it is known who we are', () => receiver.view().gateways[0]?.online);
    expect(epochOf(receiver)).toMatchObject({ holes: [[3, 3]], gaps: [[2, 2]] });

    say('a', gap(6, 3, ['county', 'town']));
    await until('it is explained now', () => epochOf(receiver)?.holes.length === 0);
  });

  it('show units when all pages of an inventory came, in any order, and never mix revisions', async () => {
    const { receiver, say } = await platform();
    const devices = Array.from({ length: 40 }, (_, index) => ({
      ...INVENTORY.devices[0],
      id: `air-${index + 1}`,
      driver: 'pms5003',
      about: 'x'.repeat(100),
      points: { pm2_5: { kind: 'number', about: 'Fine particles.', unit: 'ug/m3' } },
    }));
    const old = inventoryPages({ revision: 1, devices }, 'gate-1', 2000);
    const now = inventoryPages(
      { revision: 2, devices: devices.map((one) => ({ ...one, name: one.id })) },
      'gate-1',
      2000,
    );
    say('c', batch(1, [5]));
    say('inventory/1', old[1] ?? {}, true);
    for (const [page, message] of [...now.entries()].reverse().slice(0, -1))
      say(`inventory/${page}`, message, true);
    await until('the value came', () => latest(receiver) === 5);
    expect(receiver.view().gateways[0]?.devices[0]?.points[0]?.unit).toBe('');

    say('inventory/0', now[0] ?? {}, true);
    await until(
      'the unit is known',
      () => receiver.view().gateways[0]?.devices[0]?.points[0]?.unit === 'ug/m3',
    );

    expect(old.length).toBeGreaterThan(3);
    expect(receiver.verdict().bad).toBe(0);
  });

  it('ask again for what a digest showed, when the first asking was lost with its connection', async () => {
    const { broker, receiver, say } = await platform();
    const asked: string[] = [];
    const ear = await listener(broker.url, `${root}/ack`, (text) => asked.push(text));
    say('status', status());
    say('c', batch(1, [1]));
    say('digest', digest(1, 3));
    const replays = () => asked.filter((text) => JSON.parse(text).replay !== undefined);
    await until('it was asked', () => replays().length === 1);

    say('status', status({ connect_id: 2 }));
    await until('it is asked again', () => replays().length === 2);

    expect(replays().map((text) => JSON.parse(text).replay)).toEqual([[[2, 3]], [[2, 3]]]);
    say('c', batch(2, [2, 3]));
    await until('they came', () => receiver.verdict().records === 3);
    await ear.close();
  });
});

describe('the line of the receiver', () => {
  it('comes back by itself when it is cut, and again', async () => {
    const broker = await startMosquitto();
    const proxy = await startProxy(broker.port);
    const receiver = await testReceiver({ url: `mqtt://127.0.0.1:${proxy.port}` });
    for (const round of [1, 2]) {
      proxy.refuse(true);
      proxy.cut();
      await until(
        `the loss is seen (${round})`,
        () => !receiver.view().connected && receiver.view().trouble !== '',
      );
      proxy.refuse(false);
      await until(`it is back (${round})`, () => receiver.view().connected);
    }
    expect(proxy.open()).toBe(1);
  });

  it('is let go when the broker refuses what it asks for, and tried again', async () => {
    let refusals = 3;
    const grant = () => {
      refusals -= 1;
      return refusals < 0 ? 1 : 0x87;
    };
    const broker = await startStrictBroker({ grant });

    const receiver = await testReceiver({ url: broker.url });

    expect(broker.connections()).toBeGreaterThan(1);
    await until('only one connection is open', () => broker.open() === 1);
    expect(receiver.view().trouble).toBe('');
  });
});
