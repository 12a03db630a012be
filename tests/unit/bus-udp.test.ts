import { createSocket, type Socket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBus, openPorts } from '../../src/buses/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { call, outcome, unit } from '../support/bus-world.ts';
import { freeUdpPort } from '../support/ports.ts';
import { dice, healthNotes, quietLog } from '../support/quiet.ts';
import { until } from '../support/until.ts';

const clock = systemClock('test');
const HOST = '127.0.0.1';
const LONG_MS = 60_000;
type From = { readonly address: string; readonly port: number };

/** A device on a real port of loopback: what it hears, and how it answers. */
async function device(answer: (bytes: Uint8Array, from: From, socket: Socket) => void = () => {}) {
  const socket = createSocket('udp4');
  const heard: { readonly bytes: number[]; readonly from: From }[] = [];
  socket.on('message', (bytes, from) => {
    heard.push({ bytes: [...bytes], from });
    answer(bytes, from, socket);
  });
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  onTestFinished(() => void socket.close());
  const say = (bytes: readonly number[], to: From) =>
    socket.send(Uint8Array.from(bytes), to.port, to.address);
  return { heard, say, port: socket.address().port };
}

async function busFor(port: number, more: { readonly listen_port?: number } = {}) {
  const health = healthNotes();
  const world = { ports: openPorts(), clock, health, log: quietLog, random: dice(1) };
  const bus = openBus({ id: 'net', type: 'udp', host: HOST, port, bind: HOST, ...more }, world);
  onTestFinished(() => bus.close());
  await until('the bus is up', () => bus.stats().state === 'up');
  return { bus, health };
}

const echo = (bytes: Uint8Array, from: From, socket: Socket) =>
  socket.send(Uint8Array.of(...bytes, 0xff), from.port, from.address);
/** The answer to a question begins like it. */
const answering = (first: number) => (datagram: Uint8Array) => datagram[0] === first;

describe('an exchange of datagrams', () => {
  it('gives the first one that answers, and counts what does not', async () => {
    const { port } = await device((bytes, from, socket) => {
      socket.send(Uint8Array.of(9, 9), from.port, from.address);
      echo(bytes, from, socket);
    });
    const { bus } = await busFor(port);
    const link = bus.udp('dut', unit(1, { timeout_ms: LONG_MS }));

    const answer = await link.exchange(Uint8Array.of(1, 2), answering(1), call());

    expect([...answer]).toEqual([1, 2, 255]);
    expect(bus.stats()).toMatchObject({ exchanges: 1, noise_bytes: 2, timeouts: 0 });
  });

  it('without an answer ends with bus.no-reply and is never repeated', async () => {
    const { port, heard } = await device();
    const { bus } = await busFor(port);
    const asked = bus
      .udp('dut', unit(1, { timeout_ms: 50 }))
      .exchange(Uint8Array.of(1), answering(1), call());

    await expect(asked).rejects.toMatchObject({ code: 'bus.no-reply', facts: { sent: true } });

    expect(heard).toHaveLength(1);
  });

  it('that brings only what does not answer is a bad reply', async () => {
    const { port } = await device((_, from, socket) =>
      socket.send(Uint8Array.of(9), from.port, from.address),
    );
    const { bus } = await busFor(port);
    const asked = bus
      .udp('dut', unit(1, { timeout_ms: 1000 }))
      .exchange(Uint8Array.of(1), answering(1), call());

    await expect(asked).rejects.toMatchObject({ code: 'bus.bad-reply', facts: { sent: true } });
  });

  it('is never given the late answer to the one before, though it looks right', async () => {
    const { port, heard, say } = await device();
    const { bus } = await busFor(port);
    const slow = bus.udp('dut', unit(1, { timeout_ms: 50 }));
    await slow.exchange(Uint8Array.of(1, 10), answering(1), call()).catch(() => {});
    const next = outcome(
      bus.udp('dut', unit(1, { timeout_ms: LONG_MS })).exchange(Uint8Array.of(1, 20), answering(1), call()),
    );
    await until('it is asked again', () => heard.length === 2);

    const [first, second] = heard;
    if (!first || !second) throw new Error('both were heard');
    say([1, 10, 255], first.from);
    say([1, 20, 255], second.from);
    await until('it is answered', () => next.done);

    expect(next.value && [...next.value]).toEqual([1, 20, 255]);
    expect(first.from.port).not.toBe(second.from.port);
  });

  it('goes one at a time with one device, a command first; another device does not wait for that', async () => {
    const { port, heard, say } = await device();
    const { bus } = await busFor(port);
    const link = bus.udp('a', unit(1, { timeout_ms: LONG_MS }));
    outcome(link.exchange(Uint8Array.of(1), answering(1), call()));
    outcome(link.exchange(Uint8Array.of(2), answering(2), call()));
    outcome(link.exchange(Uint8Array.of(3), answering(3), call('command')));
    await until('the first is there', () => heard.length === 1);

    outcome(bus.udp('b', unit(1, { timeout_ms: LONG_MS })).exchange(Uint8Array.of(4), answering(4), call()));
    await until('that of the other is there', () => heard.length === 2);
    const [first] = heard;
    if (first) say([1], first.from);
    await until('the next is there', () => heard.length === 3);

    expect(heard.map(({ bytes }) => bytes[0])).toEqual([1, 4, 3]);
  });

  it('whose caller goes away before its turn is not sent', async () => {
    const { port, heard, say } = await device();
    const { bus } = await busFor(port);
    const link = bus.udp('dut', unit(1, { timeout_ms: LONG_MS }));
    outcome(link.exchange(Uint8Array.of(1), answering(1), call()));
    const leaving = new AbortController();
    const gone = outcome(link.exchange(Uint8Array.of(2), answering(2), call('poll', leaving.signal)));
    outcome(link.exchange(Uint8Array.of(3), answering(3), call()));
    await until('the first is there', () => heard.length === 1);

    leaving.abort('enough');
    const [first] = heard;
    if (first) say([1], first.from);
    await until('the next is there', () => heard.length === 2);

    expect(gone.other).toBe('enough');
    expect(heard.map(({ bytes }) => bytes[0])).toEqual([1, 3]);
  });

  it('that is under way or waits is told when the bus is closed', async () => {
    const { port, heard } = await device();
    const { bus } = await busFor(port);
    const link = bus.udp('dut', unit(1, { timeout_ms: LONG_MS }));
    const first = outcome(link.exchange(Uint8Array.of(1), answering(1), call()));
    const second = outcome(link.exchange(Uint8Array.of(2), answering(2), call()));
    await until('the first is there', () => heard.length === 1);

    await bus.close();
    await until('both are told', () => first.done && second.done);

    expect(first.fault).toMatchObject({ code: 'bus.closed', facts: { sent: true } });
    expect(second.fault).toMatchObject({ code: 'bus.closed', facts: { sent: false } });
    await expect(link.exchange(Uint8Array.of(3), answering(3), call())).rejects.toMatchObject({
      code: 'bus.closed',
    });
  });

  it('to a host of its own goes there', async () => {
    const { port, heard } = await device(echo);
    const { bus } = await busFor(port);
    const link = bus.udp('dut', unit(1, { timeout_ms: LONG_MS, host: 'localhost' }));

    await link.exchange(Uint8Array.of(1), answering(1), call());

    expect(heard).toHaveLength(1);
  });
});

describe('asking everybody', () => {
  it('collects what comes until the time is over', async () => {
    const { port } = await device((bytes, from, socket) => {
      for (const name of [1, 2, 3]) socket.send(Uint8Array.of(...bytes, name), from.port, from.address);
      socket.send(Uint8Array.of(9), from.port, from.address);
    });
    const { bus } = await busFor(port);

    const all = await bus
      .udp('dut', unit(1, { timeout_ms: 1000 }))
      .collect(Uint8Array.of(7), answering(7), call());

    expect(all.map((each) => each[1]).sort()).toEqual([1, 2, 3]);
  });
});

describe('what devices say unasked', () => {
  it('comes to the listening port, to each the own', async () => {
    const { port, say } = await device();
    const listen_port = await freeUdpPort();
    const { bus } = await busFor(port, { listen_port });
    const heard: Record<string, number[][]> = { a: [], b: [] };
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    for (const [name, first] of [
      ['a', 1],
      ['b', 2],
    ] as const)
      void (async () => {
        for await (const packet of bus.udp(name, unit(1)).packets(answering(first), stop.signal))
          heard[name]?.push([...packet]);
      })();

    const to = await bus.udp('a', unit(1)).listener(call());
    expect(to).toEqual({ host: HOST, port: listen_port });
    await until('both are heard', () => {
      for (const bytes of [
        [1, 1],
        [2, 2],
        [3, 3],
      ])
        say(bytes, { address: HOST, port: listen_port });
      return (heard.a?.length ?? 0) > 0 && (heard.b?.length ?? 0) > 0;
    });

    expect(heard.a?.every(([first]) => first === 1)).toBe(true);
    expect(heard.b?.every(([first]) => first === 2)).toBe(true);
  });

  it('ends with bus.closed when the bus is closed', async () => {
    const { port } = await device();
    const { bus } = await busFor(port, { listen_port: await freeUdpPort() });
    const ended = outcome(
      (async () => {
        for await (const _ of bus.udp('dut', unit(1)).packets(() => true, new AbortController().signal));
      })(),
    );

    await bus.close();
    await until('it ends', () => ended.done);

    expect(ended.fault?.code).toBe('bus.closed');
  });

  it('has no port where none is configured', async () => {
    const { port } = await device();
    const { bus } = await busFor(port);
    expect(await bus.udp('dut', unit(1)).listener(call())).toBeUndefined();
  });

  it('needs a port that nobody else holds: until then the bus is down and says why', async () => {
    const { port } = await device();
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, HOST, resolve));
    const health = healthNotes();
    const world = { ports: openPorts(), clock, health, log: quietLog, random: dice(1) };
    const listen_port = other.address().port;
    const bus = openBus({ id: 'net', type: 'udp', host: HOST, port, bind: HOST, listen_port }, world);
    onTestFinished(() => bus.close());
    await until('it is told', () => health.raised.has('bus-down net'));

    const asked = bus.udp('dut', unit(1)).exchange(Uint8Array.of(1), answering(1), call());
    await expect(asked).rejects.toMatchObject({ code: 'bus.down', facts: { sent: false } });
    other.close();

    await until('the bus is up', () => bus.stats().state === 'up');
  });
});

describe('a bus of datagrams', () => {
  it('has no Modbus units, bytes or lines', async () => {
    const { bus } = await busFor(1);
    expect(() => bus.modbus('dut', unit(1))).toThrow(/needs a modbus bus/);
    expect(() => bus.bytes('dut', unit(1))).toThrow(/needs a bytes bus/);
    expect(() => bus.lines('dut', {})).toThrow(/needs a line bus/);
  });

  it('knows the address by which this machine is seen', async () => {
    expect(await openPorts().routeTo(HOST)).toBe(HOST);
  });
});
