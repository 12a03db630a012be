import { describe, expect, it } from 'vitest';
import { tcpFrame } from '../../src/kit/index.ts';
import { busWorld, call, outcome, parrot, tcpUnits, unit } from '../support/bus-world.ts';

const RANGE = { table: 'holding', at: 7, count: 2 } as const;
const OPEN_DOOR = { fn: 5, at: 1, values: [0xff00] } as const;
const VALUES = Uint8Array.of(3, 4, 0, 7, 0, 8);

const transactionOf = (request: Uint8Array) => ((request[0] ?? 0) << 8) | (request[1] ?? 0);
const replyTo = (request: Uint8Array, pdu: Uint8Array = VALUES) =>
  tcpFrame(transactionOf(request), request[6] ?? 0, pdu);

describe('Modbus TCP', () => {
  it('has one request on its way unless told otherwise, as serial servers bear no more', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    for (let id = 1; id <= 5; id += 1) outcome(bus.modbus('d', unit(id)).read(RANGE, call()));

    await clock.advance(50);

    expect(wire.written).toHaveLength(1);
  });

  it('with more in flight gives each caller its own reply, in whatever order and pieces they come', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp', { in_flight: 4 });
    const requests: Uint8Array[] = [];
    wire.hear = (bytes) => {
      requests.push(bytes);
      if (requests.length < 4) return;
      const replies = requests.toReversed().map((request) => replyTo(request, parrot(request.subarray(7))));
      const stream = Uint8Array.from(replies.flatMap((reply) => [...reply]));
      for (let from = 0; from < stream.length; from += 7) wire.say(stream.subarray(from, from + 7), 5 + from);
    };

    const reads = [10, 20, 30, 40].map((at) =>
      outcome(bus.modbus('d', unit(1)).read({ table: 'holding', at, count: 2 }, call())),
    );
    await clock.advance(150);

    expect(reads.map(({ value }) => value)).toEqual([
      [10, 11],
      [20, 21],
      [30, 31],
      [40, 41],
    ]);
  });

  it.each([
    { what: 'another unit', reply: (request: Uint8Array) => tcpFrame(transactionOf(request), 9, VALUES) },
    {
      what: 'another function',
      reply: (request: Uint8Array) => replyTo(request, Uint8Array.of(4, 4, 0, 7, 0, 8)),
    },
    { what: 'another count', reply: (request: Uint8Array) => replyTo(request, Uint8Array.of(3, 2, 0, 7)) },
    {
      what: 'a byte count that lies',
      reply: (request: Uint8Array) => replyTo(request, Uint8Array.of(3, 6, 0, 7, 0, 8)),
    },
  ])('a reply with $what is a fault, never a value', async ({ reply }) => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    wire.hear = (request) => wire.say(reply(request), 5);

    const read = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(10);

    expect(read.fault).toMatchObject({ code: 'bus.bad-reply', facts: { sent: true } });
  });

  it('a write that is acknowledged with another value is a fault', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    wire.hear = (request) => wire.say(replyTo(request, Uint8Array.of(5, 0, 1, 0, 0)), 5);

    const write = outcome(bus.modbus('door', unit(1)).write(OPEN_DOOR, call('command')));
    await clock.advance(10);

    expect(write.fault?.code).toBe('bus.bad-reply');
  });

  it('late and doubled replies are counted and dropped, whatever is asked meanwhile', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    const link = bus.modbus('dut', unit(1));
    wire.hear = (request) => {
      wire.say(replyTo(request, Uint8Array.of(3, 4, 9, 9, 9, 9)), 210);
      wire.hear = (next) => {
        wire.say(replyTo(next), 20);
        wire.say(replyTo(next), 20);
      };
    };

    const first = outcome(link.read(RANGE, call()));
    await clock.advance(201);
    const second = outcome(link.read(RANGE, call()));
    await clock.advance(100);

    expect(first.fault?.code).toBe('bus.no-reply');
    expect(second.value).toEqual([7, 8]);
    expect(bus.stats().late_frames).toBe(2);
  });

  it.each([
    { what: 'a length of 0', bytes: [0, 1, 0, 0, 0, 0] },
    { what: 'a length of 0x4000', bytes: [0, 1, 0, 0, 0x40, 0] },
    { what: 'another protocol', bytes: [0, 1, 0, 1, 0, 7] },
    { what: 'a greeting in text', bytes: [...new TextEncoder().encode('SSH-2.0')] },
  ])('$what ends the connection at once, and the next request goes over a new one', async ({ bytes }) => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    const link = bus.modbus('dut', unit(1));
    wire.hear = (request) => wire.say(replyTo(request), 1);
    outcome(link.read(RANGE, call()));
    await clock.advance(5);
    wire.hear = () => {
      wire.say(Uint8Array.from(bytes), 1);
      wire.hear = (request) => wire.say(replyTo(request), 1);
    };

    const spoilt = outcome(link.read(RANGE, call()));
    const waiting = outcome(link.read(RANGE, call()));
    await clock.advance(10);

    expect(spoilt.fault).toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(waiting.value).toEqual([7, 8]);
    expect(wire.openings).toBe(2);
  });

  it('a reply that stops in its middle ends the connection, and does not spoil the next one', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    const link = bus.modbus('dut', unit(1));
    wire.hear = (request) => wire.say(replyTo(request), 1);
    outcome(link.read(RANGE, call()));
    await clock.advance(5);
    wire.hear = (request) => {
      wire.say(replyTo(request).subarray(0, 10), 5);
      wire.hear = (next) => wire.say(replyTo(next), 5);
    };

    const cut = outcome(link.read(RANGE, call()));
    const next = outcome(link.read(RANGE, call()));
    await clock.advance(250);

    expect(cut.fault?.code).toBe('bus.no-reply');
    expect(wire.openings).toBe(2);
    expect(next.value).toEqual([7, 8]);
  });

  it('a write is sent once; unanswered, what may hang in the connection is dropped with it', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');

    const write = outcome(bus.modbus('door', unit(1)).write(OPEN_DOOR, call('command')));
    await clock.advance(5000);

    expect(wire.written).toHaveLength(1);
    expect(write.fault).toMatchObject({ code: 'bus.no-reply', facts: { sent: true } });
    expect(wire.closings).toEqual([true]);
  });

  it('others in flight are heard before the connection is renewed for a write that was not answered', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp', { in_flight: 3 });
    wire.hear = (request) => {
      if (request[7] === 3) wire.say(replyTo(request), 300);
    };
    const write = outcome(bus.modbus('door', unit(1)).write(OPEN_DOOR, call('command')));
    const read = outcome(bus.modbus('slow', unit(2, { timeout_ms: 400 })).read(RANGE, call()));

    await clock.advance(350);

    expect(write.fault?.code).toBe('bus.no-reply');
    expect(read.value).toEqual([7, 8]);
    expect(wire.closings).toEqual([true]);
  });

  it('a connection over which four requests in a row are not answered is made anew, without an alarm', async () => {
    const { bus, wire, clock, health } = await busWorld('modbus-tcp');
    const link = bus.modbus('dut', unit(1));
    for (let count = 0; count < 4; count += 1) outcome(link.read(RANGE, call('field')));

    await clock.advance(4 * 200 + 600);

    expect(wire.openings).toBe(2);
    expect(bus.stats().state).toBe('up');
    expect(health.ever.size).toBe(0);
  });

  it('reads and writes every table of a unit', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    const answers: Record<number, number[]> = {
      1: [1, 2, 0b1010_0101, 0b10],
      2: [2, 1, 0b101],
      3: [3, 2, 0x12, 0x34],
      4: [4, 2, 0xff, 0xff],
    };
    tcpUnits(wire, {
      1: (pdu) => Uint8Array.from(answers[pdu[0] ?? 0] ?? [...pdu.subarray(0, 5)]),
    });
    const link = bus.modbus('dut', unit(1));

    const read = (table: 'coil' | 'discrete' | 'holding' | 'input', count: number) =>
      outcome(link.read({ table, at: 0, count }, call()));
    const reads = [read('coil', 10), read('discrete', 3), read('holding', 1), read('input', 1)];
    const writes = [
      outcome(link.write({ fn: 5, at: 3, values: [0xff00] }, call())),
      outcome(link.write({ fn: 6, at: 3, values: [500] }, call())),
      outcome(link.write({ fn: 15, at: 3, values: [1, 0, 1] }, call())),
      outcome(link.write({ fn: 16, at: 3, values: [1, 2] }, call())),
    ];
    await clock.advance(100);

    expect(reads.map(({ value }) => value)).toEqual([
      [1, 0, 1, 0, 0, 1, 0, 1, 0, 1],
      [1, 0, 1],
      [0x1234],
      [0xffff],
    ]);
    expect(writes.map(({ done, fault }) => done && fault === undefined)).toEqual([true, true, true, true]);
  });
});
