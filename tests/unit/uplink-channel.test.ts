import { describe, expect, it } from 'vitest';
import type { MessagePipe, OutMessage, PipeOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { Channel } from '../../src/uplink/channel.ts';
import { openUplink } from '../../src/uplink/index.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { memoryPipe } from '../support/memory-pipe.ts';
import { INVENTORY, PlainHealth, quiet, readings } from '../support/uplink-world.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const message = (topic: string, qos: 0 | 1 = 1): OutMessage => ({
  topic,
  payload: Buffer.from('{}'),
  qos,
  retain: false,
});

/** A broker that answers when the test says so. */
function slowBroker(receive_maximum: number) {
  const open: { readonly topic: string; answer(fault?: Fault): void }[] = [];
  const pongs: { answer(fault?: Fault): void }[] = [];
  const wait = (list: { answer(fault?: Fault): void }[], topic = '') =>
    new Promise<void>((resolve, reject) => {
      const one = { topic, answer: (fault?: Fault) => (fault ? reject(fault) : resolve()) };
      list.push(one);
    });
  const pipe: MessagePipe = {
    ...memoryPipe(),
    limits: { receive_maximum, maximum_packet: 1024 },
    publish: ({ topic, qos }) => (qos === 0 ? Promise.resolve() : wait(open, topic)),
    ping: () => wait(pongs),
  };
  return { pipe, open, pongs };
}
const lost = () => new Fault('uplink.lost', { reason: 'closed by the other side', hung_up: true });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the sending window', () => {
  it.each([
    [1, 1],
    [7, 7],
    [65_535, 20],
  ])('with a Receive Maximum of %i is %i messages, and who waits goes in the order it came', async (receive_maximum, window) => {
    const { pipe, open } = slowBroker(receive_maximum);
    const channel = new Channel(pipe, new VirtualClock(), 20);
    const done: number[] = [];
    for (let index = 0; index < 30; index += 1)
      void channel.publish(message(`t/${index}`)).then(() => done.push(index));

    for (let sent = window; sent <= 30; sent += 1) {
      await turn();
      expect(open.map(({ topic }) => topic)).toEqual(
        Array.from({ length: Math.min(30, sent) }, (_, index) => `t/${index}`),
      );
      expect(channel.free).toBe(0);
      open[sent - window]?.answer();
    }
    for (const one of open) one.answer();
    await turn();

    expect(done).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect([channel.free, channel.oldest()]).toEqual([window, undefined]);
  });

  it('is not used by QoS 0, and a refused message gives its slot back', async () => {
    const { pipe, open } = slowBroker(1);
    const channel = new Channel(pipe, new VirtualClock(), 20);
    const refused = channel.publish(message('t/1')).catch((error) => error.code);
    await channel.publish(message('t/beat', 0));
    expect(channel.free).toBe(0);
    open[0]?.answer(new Fault('uplink.refused', { reason: 'no', reason_code: 0x87 }));
    expect(await refused).toBe('uplink.refused');
    expect(channel.free).toBe(1);
  });

  it('knows since when the oldest message waits', async () => {
    const clock = new VirtualClock({ up: 1000 });
    const { pipe, open } = slowBroker(20);
    const channel = new Channel(pipe, clock, 20);
    void channel.publish(message('t/1'));
    await clock.advance(500);
    void channel.publish(message('t/2'));
    expect(channel.oldest()).toBe(1000);
    open[0]?.answer();
    await turn();
    expect(channel.oldest()).toBe(1500);
  });
});

describe('a careful channel', () => {
  it('sends one message at a time, QoS 0 too, and the next when a ping behind it was answered', async () => {
    const { pipe, open, pongs } = slowBroker(20);
    const channel = new Channel(pipe, new VirtualClock(), 20);
    channel.beCareful(true);
    void channel.publish(message('t/1'));
    void channel.publish(message('t/2'), { records: 3, epoch: 'e', seq: 9 });
    await turn();
    expect(open.map(({ topic }) => topic)).toEqual(['t/1']);
    open[0]?.answer();
    await turn();
    expect(open).toHaveLength(1);
    expect(channel.suspect).toEqual({ topic: 't/1' });
    pongs[0]?.answer();
    await turn();
    expect(open.map(({ topic }) => topic)).toEqual(['t/1', 't/2']);
    expect(channel.suspect).toEqual({ topic: 't/2', batch: { records: 3, epoch: 'e', seq: 9 } });
  });

  it.each([
    'the message',
    'the ping behind it',
  ])('keeps accusing the first when the line is closed over %s', async (over) => {
    const { pipe, open, pongs } = slowBroker(20);
    const channel = new Channel(pipe, new VirtualClock(), 20);
    channel.beCareful(true);
    const outcomes = ['t/1', 't/2'].map((topic) =>
      channel.publish(message(topic)).then(
        () => 'taken',
        (error) => error.code,
      ),
    );
    await turn();
    if (over === 'the message') open[0]?.answer(lost());
    else {
      open[0]?.answer();
      await turn();
      pongs[0]?.answer(lost());
    }
    await turn();
    open[1]?.answer(lost());
    expect(await Promise.all(outcomes)).toEqual(['uplink.lost', 'uplink.lost']);
    expect(channel.suspect).toEqual({ topic: 't/1' });
  });

  it('opens its window again when it need not be careful any more', async () => {
    const { pipe } = slowBroker(20);
    const channel = new Channel(pipe, new VirtualClock(), 20);
    channel.beCareful(true);
    expect(channel.free).toBe(1);
    channel.beCareful(false);
    expect([channel.free, channel.suspect]).toEqual([20, undefined]);
  });
});

describe('a dead link in virtual time (MQ-4)', () => {
  function connected(pipe: MessagePipe, keepalive_s: number) {
    const clock = new VirtualClock({ up: 0 });
    const health = new PlainHealth();
    const outbox = new MemoryOutbox();
    const open: PipeOpener = async () => pipe;
    const uplink = openUplink(
      { id: 'town', type: 'native', url: 'mqtt://broker', keepalive_s, backoff: { first_ms: 0 } },
      {
        identity: { gateway: 'gate-1', site: 'riverside' },
        outbox,
        clock,
        wall: clock,
        health,
        healthView: health,
        log: quiet,
        random: () => 0.5,
        randomBytes: (count) => new Uint8Array(count),
        pipe: open,
        inventory: () => INVENTORY,
        status: () => ({ versions: {} }),
        commands: () => {},
      },
    );
    return { clock, health, outbox, uplink };
  }

  it.each([
    5, 15, 60,
  ])('is found within 45 s when nothing is heard any more (keepalive %i s)', async (keepalive_s) => {
    let heard = 0;
    const pipe = { ...memoryPipe(), heard: () => heard, ping: () => new Promise<void>(() => {}) };
    const { clock, health, uplink } = connected(pipe, keepalive_s);
    for (let second = 0; second < 100; second += 1) {
      heard += 1;
      await clock.advance(1000);
    }
    expect(health.ever).toEqual([]);

    await clock.advance(45_000);

    expect(health.ever[0]).toMatch(/^uplink-down: .*nothing was heard/);
    const closed = uplink.close();
    await clock.advance(2000);
    await closed;
  });

  it('is found within 45 s when the broker answers pings and takes nothing', async () => {
    let heard = 0;
    const pipe: MessagePipe = {
      ...memoryPipe(),
      heard: () => heard,
      ping: async () => {
        heard += 1;
      },
      publish: ({ topic }) => (topic.endsWith('/c') ? new Promise(() => {}) : Promise.resolve()),
    };
    const { clock, health, outbox, uplink } = connected(pipe, 15);
    await clock.advance(10_000);
    await outbox.append(readings(3));

    await clock.advance(45_000);

    expect(health.ever[0]).toMatch(/^uplink-down: .*not acknowledged/);
    const closed = uplink.close();
    await clock.advance(2000);
    await closed;
  });

  it('holds up closing for a second and no longer', async () => {
    const mute = () => new Promise<void>(() => {});
    let says = true;
    const inner = memoryPipe();
    const pipe: MessagePipe = {
      ...inner,
      publish: (one) => (says ? inner.publish(one) : mute()),
      close: mute,
    };
    const { clock, uplink } = connected(pipe, 15);
    await clock.advance(5000);
    says = false;
    let closed = false;
    const closing = uplink.close().then(() => {
      closed = true;
    });
    await clock.advance(999);
    expect(closed).toBe(false);
    await clock.advance(1);
    await closing;
  });
});
