import { describe, expect, it } from 'vitest';
import { startAedes } from '../support/aedes.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startProxy } from '../support/proxy.ts';
import { startStrictBroker } from '../support/strict-broker.ts';
import { until } from '../support/until.ts';
import {
  doorEvent,
  HASTE,
  listener,
  readings,
  testReceiver,
  testUplink,
  waiting,
} from '../support/uplink-world.ts';

const ROUNDS = process.env.GATELODGE_LONG ? 200 : 20;

describe('a dead link (MQ-4)', () => {
  it.each([
    'both',
    'up',
    'down',
  ] as const)('is found although nothing is sent, when bytes vanish (%s)', async (which) => {
    const broker = await startMosquitto();
    const proxy = await startProxy(broker.port);
    const haste = { ...HASTE, keepalive_s: 1, health_ms: 600_000, beat_ms: 600_000 };
    const { uplink, health } = testUplink({ url: `mqtt://127.0.0.1:${proxy.port}`, ...haste });
    await until('the uplink is connected', () => uplink.view().connected);
    await until('all was said', () => uplink.view().under_way === 0);

    proxy.blackHole(which);
    await until('the loss is seen', () => health.now.has('uplink-down'));

    expect(health.now.get('uplink-down')?.evidence).toMatch(
      /nothing was heard|[Kk]eepalive|not acknowledged/,
    );
    proxy.cut();
    proxy.pass();
    await until('it is connected again', () => uplink.view().connected);
  });

  it('of a frozen broker does not hold up closing', async () => {
    const broker = await startMosquitto();
    const outbox = new MemoryOutbox();
    const { uplink } = testUplink(
      { url: broker.url, keepalive_s: 600, puback_timeout_ms: 600_000 },
      { outbox },
    );
    await until('the uplink is connected', () => uplink.view().connected);
    broker.freeze();
    await outbox.append(readings(100));
    await until('records are under way', () => uplink.view().under_way > 0);

    await uplink.close();

    expect(await waiting(outbox)).toBe(100);
    broker.thaw();
  });
});

describe('presence (MQ-5)', () => {
  /** Ways to go, and what the platform must believe in the end. */
  const WAYS = ['killed', 'taken over', 'silent cut', 'clean stop'] as const;

  it(
    `is right in ${ROUNDS} of ${ROUNDS} rounds of kill, takeover, silent cut and clean stop`,
    async () => {
      const broker = await startMosquitto();
      const receiver = await testReceiver({ url: broker.url });
      const online = () => receiver.view().gateways[0]?.online;
      const outbox = new MemoryOutbox();
      for (let round = 0; round < ROUNDS; round += 1) {
        const way = WAYS[round % WAYS.length];
        const proxy = await startProxy(broker.port);
        const url = `mqtt://127.0.0.1:${proxy.port}`;
        const version = round % 8 < 4 ? 5 : 4;
        const haste = { ...HASTE, keepalive_s: 1, connect_timeout_ms: 500, version } as const;
        const { uplink } = testUplink({ url, ...haste }, { outbox });
        await until(`round ${round}: online`, () => uplink.view().connected && online());
        const { connect_id = 0 } = uplink.view();

        if (way === 'killed') {
          proxy.refuse(true);
          proxy.cut();
          await until(`round ${round}: the will is out`, () => online() === false);
        }
        if (way === 'silent cut') {
          // The broker still holds the old connection when the new one comes; the old will must not win.
          proxy.blackHole();
          await until(`round ${round}: the dead link is found`, () => !uplink.view().connected);
          proxy.pass();
          await until(
            `round ${round}: back`,
            () => uplink.view().connected && (uplink.view().connect_id ?? 0) > connect_id,
          );
          await until(
            `round ${round}: online again`,
            () => receiver.view().gateways[0]?.connect_id === uplink.view().connect_id,
          );
          expect(online(), `round ${round}, ${way}`).toBe(true);
        }
        if (way === 'taken over') {
          const other = testUplink({ url: broker.url, ...haste }, { outbox });
          await until(
            `round ${round}: the other is in`,
            () => receiver.view().gateways[0]?.connect_id === other.uplink.view().connect_id,
          );
          proxy.refuse(true);
          await other.uplink.close();
          await until(`round ${round}: offline`, () => online() === false);
        }
        proxy.refuse(true);
        if (way === 'clean stop') {
          await uplink.close();
          await until(`round ${round}: offline`, () => online() === false);
        }
        await uplink.close();
        await until(`round ${round}, ${way}: offline in the end`, () => online() === false);
        await proxy.close();
      }
    },
    10_000 + ROUNDS * 6000,
  );

  it('is told at a clean stop before the line closes, and stays so', async () => {
    const broker = await startStrictBroker();
    const { uplink } = testUplink({ url: broker.url });
    const status = () =>
      JSON.parse(Buffer.from(broker.retained('gl/1/riverside/gate-1/status') ?? '{}').toString());
    await until('it is online', () => status().state === 'online');
    await uplink.close();
    expect(status()).toMatchObject({
      state: 'offline',
      reason: 'stopped',
      connect_id: 1,
      contract: { version: 1, min: 1 },
    });
  });

  it('of two gateways with one identity both say so and neither storms the broker', async () => {
    const broker = await startStrictBroker();
    const settings = { url: broker.url, backoff: { ...HASTE.backoff, long_ms: 600_000 } };
    const one = testUplink(settings);
    await until('one is in', () => one.uplink.view().connected);
    const two = testUplink(settings);
    await until('the other is in', () => two.uplink.view().connected);
    await until('it is told', () => one.health.now.has('uplink-taken-over'));
    expect(one.uplink.view()).toMatchObject({ connected: false, attempts: 1 });
    expect(broker.connections()).toBe(2);
  });
});

describe('access rules of the broker (MQ-9)', () => {
  const rules = (...topics: readonly string[]) => [
    'user gate',
    ...topics.map((topic) => `topic ${topic}`),
    'user town',
    'topic readwrite #',
  ];
  const users = { gate: 'g', town: 't' };
  const gate = { username: 'gate', password: 'g' };
  const town = { username: 'town', password: 't' };

  it('that refuse one lane do not stop the others, and are told (MQTT 5)', async () => {
    const acl = rules('write gl/1/+/+/status', 'write gl/1/+/+/a', 'write gl/1/+/+/c', 'read gl/1/+/+/ack');
    const broker = await startMosquitto({ users, acl });
    const receiver = await testReceiver({ url: broker.url, ...town });
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(200), ...readings(10, 'b'), doorEvent('opened')]);
    const { uplink, health } = testUplink({ url: broker.url, version: 5, ...gate }, { outbox });

    await until('the others are acknowledged', async () => (await waiting(outbox)) === 10);

    await until('it is told', () => health.ever.some((fact) => fact.startsWith('uplink-refused')));
    expect(receiver.verdict().records).toBe(201);
    expect(await outbox.quarantine()).toEqual([]);
    expect(uplink.view()).toMatchObject({ connected: true, attempts: 1 });
  });

  it('that drop records without a word are seen by the missing acks (MQTT 3.1.1)', async () => {
    const broker = await startMosquitto({ users, acl: rules('write gl/1/+/+/status', 'read gl/1/+/+/ack') });
    const outbox = new MemoryOutbox();
    await outbox.append(readings(200));
    const { health } = testUplink({ url: broker.url, version: 4, ...gate, ack_timeout_ms: 200 }, { outbox });
    await until('it is told', () => health.now.has('uplink-unacknowledged'));
    expect(await waiting(outbox)).toBe(200);
  });

  it('that close the connection (aedes, MQTT 3.1.1) are found out topic by topic, and the other lanes go on', async () => {
    const forbidden = ['gl/1/riverside/gate-1/b', 'gl/1/riverside/gate-1/beat'];
    const broker = await startAedes({
      authorizePublish: (_, { topic }, done) =>
        done(forbidden.includes(topic) ? new Error('forbidden') : null),
    });
    const receiver = await testReceiver({ url: broker.url, version: 4 });
    const outbox = new MemoryOutbox();
    await outbox.append([...readings(200), ...readings(10, 'b'), doorEvent('opened')]);
    // Nothing that is forbidden is tried again within the test.
    const { uplink, health } = testUplink({ url: broker.url, version: 4, hold_ms: 600_000 }, { outbox });

    await until('the others are acknowledged', async () => (await waiting(outbox)) === 10);
    await until('both are told', () =>
      forbidden.every((topic) =>
        health.now.get('uplink-refused')?.evidence.includes(`${topic}: the broker closes`),
      ),
    );
    await until('it is connected', () => uplink.view().connected);
    const { attempts } = uplink.view();
    await outbox.append([doorEvent('closed'), ...readings(5, 'b')]);
    await until('new ones go', async () => (await waiting(outbox)) === 15);

    expect(uplink.view()).toMatchObject({ connected: true, attempts });
    expect(receiver.verdict()).toMatchObject({ records: 202, bad: 0 });
    expect(await outbox.quarantine()).toEqual([]);
  });

  it('a wrong password is told by its reason', async () => {
    const broker = await startMosquitto({ users });
    const { health } = testUplink({ url: broker.url, username: 'gate', password: 'wrong' });
    await until('it is told', () =>
      health.now.get('uplink-refused')?.evidence.match(/not authorized|bad user name/),
    );
  });
});

describe('what comes down', () => {
  const ack = 'gl/1/riverside/gate-1/ack';
  const cmd = 'gl/1/riverside/gate-1/cmd';
  const command = { id: 'c-1', target: 'gate', name: 'open', issuer: 'desk' };

  it('is counted and dropped when it is not of the contract, and harms nothing', async () => {
    const broker = await startStrictBroker();
    const outbox = new MemoryOutbox();
    await outbox.append(readings(10));
    broker.publish(ack, JSON.stringify({ epoch: outbox.epoch, lane: 'c', ranges: [[1, 10]] }), true);
    const { uplink } = testUplink({ url: broker.url }, { outbox });
    await until('the retained ack was dropped', () => uplink.view().bad_messages === 1);
    const bad = [
      '',
      'nonsense',
      '{}',
      '[]',
      '{"epoch":"x","lane":"c","ranges":[]}',
      '{"epoch":"00112233445566aa","lane":"d","ranges":[]}',
      '{"epoch":"00112233445566aa","lane":"c","ranges":[[5,1]]}',
      '{"epoch":"00112233445566aa","lane":"c","ranges":[[0,4]]}',
      '\xff\xfe',
    ];
    for (const text of bad) broker.publish(ack, text);
    await until('all were counted', () => uplink.view().bad_messages === 1 + bad.length);
    expect(outbox.settled).toEqual([]);
    broker.publish(
      ack,
      JSON.stringify({ epoch: outbox.epoch, lane: 'c', ranges: [[1, 10]], later: 'an addition' }),
    );
    await until('a good one is taken', async () => (await waiting(outbox)) === 0);
  });

  it('a command reaches whoever takes commands, with the last beats, and its answer goes up', async () => {
    const broker = await startStrictBroker();
    const answers: string[] = [];
    const beats: string[] = [];
    const pipe = await listener(broker.url, 'gl/1/riverside/gate-1/cmd/result', (text) => answers.push(text));
    const other = await listener(broker.url, 'gl/1/riverside/gate-1/beat', (text) =>
      beats.push(JSON.parse(text).nonce),
    );
    const { uplink } = testUplink(
      { url: broker.url, beat_ms: 20 },
      {
        commands: (incoming, came) => {
          expect(came.beats).toHaveLength(3);
          expect(beats).toEqual(expect.arrayContaining(came.beats.slice(1)));
          expect(incoming.claims).toMatchObject({ ...command, args: {}, ttl_ms: 10_000 });
          void incoming.answer({ id: 'c-1', result: 'confirmed', facts: { pulse_ms: 500 } });
        },
      },
    );
    await until('a few beats came', () => uplink.view().connected && beats.length > 5);
    broker.publish(cmd, JSON.stringify({ ...command, beat: beats.at(-1) }));
    await until('the answer is there', () => answers.length === 1);
    expect(JSON.parse(answers[0] ?? '')).toEqual({
      v: 1,
      id: 'c-1',
      result: 'confirmed',
      facts: { pulse_ms: 500 },
    });
    await pipe.close();
    await other.close();
  });
});
