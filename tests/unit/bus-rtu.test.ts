import { describe, expect, it } from 'vitest';
import { rtuFrame } from '../../src/kit/index.ts';
import { busWorld, call, outcome, parrot, rtuUnits, unit } from '../support/bus-world.ts';

const CHAR_MS = 10 / 9.6;
const PACE = { char_ms: CHAR_MS, gap_ms: 4.01 };
const RANGE = { table: 'holding', at: 7, count: 2 } as const;
const OPEN_DOOR = { fn: 5, at: 1, values: [0xff00] } as const;
const GOOD = rtuFrame(1, Uint8Array.of(3, 4, 0, 7, 0, 8));
const OTHER = rtuFrame(1, Uint8Array.of(3, 4, 0x55, 0x55, 0x66, 0x66));
const NOTHING = Uint8Array.of();

/** Times on the wire: when each request was written. */
const times = (written: readonly { readonly up: number }[]) => written.map(({ up }) => up);

describe('the silences of an RTU line', () => {
  it.each([
    { baud: 1200, parity: 'none', t35: 32.08 },
    { baud: 9600, parity: 'none', t35: 4.01 },
    { baud: 9600, parity: 'even', t35: 4.01 },
    { baud: 19_200, parity: 'even', t35: 2.0 },
    { baud: 38_400, parity: 'none', t35: 1.75 },
    { baud: 115_200, parity: 'even', t35: 1.75 },
  ] as const)('at $baud baud and parity $parity nothing is sent within t3.5 after a reply', async ({
    baud,
    parity,
    t35,
  }) => {
    const { bus, wire, clock } = await busWorld('modbus-rtu', { baud, parity });
    const link = bus.modbus('dut', unit(1));
    let replied_up = 0;
    wire.hear = () => {
      wire.say(GOOD, 30);
      replied_up = clock.now().up + 30;
    };
    outcome(link.read(RANGE, call()));
    await clock.advance(20);
    outcome(link.read(RANGE, call()));

    await clock.advance(11);
    const first_reply_up = replied_up;
    await clock.advance(100);

    const gap_ms = (wire.written[1]?.up ?? Number.NaN) - first_reply_up;
    expect(gap_ms).toBeGreaterThanOrEqual(t35);
    expect(gap_ms).toBeLessThan(t35 + 1);
  });

  it('counts t3.5 from the last byte that came, whoever said it', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.spell(Uint8Array.of(9, 9, 9, 9, 9), CHAR_MS);
    await clock.advance(3);

    outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    const asked_up = clock.now().up;
    await clock.advance(50);

    expect((wire.written[0]?.up ?? 0) - asked_up).toBeGreaterThan(5 * CHAR_MS - 3 + 4);
  });

  it('keeps the longer gap that a unit asks for after its reply, and only after its own', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.hear = ([id = 0]) => wire.say(rtuFrame(id, Uint8Array.of(3, 4, 0, 7, 0, 8)), 30);
    const slow = bus.modbus('slow', unit(1, { gap_ms: 50 }));
    const quick = bus.modbus('quick', unit(2));
    for (const link of [slow, quick, quick]) outcome(link.read(RANGE, call()));

    await clock.advance(300);

    const [first = 0, second = 0, third = 0] = times(wire.written);
    expect(second - first).toBeGreaterThanOrEqual(30 + 50);
    expect(third - second).toBeLessThan(30 + 6);
  });

  it('uses a line that is never silent all the same, after the time of the longest frame', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.hear = () => wire.say(GOOD, 30);
    const babble = async () => {
      for (;;) {
        wire.say(Uint8Array.of(0));
        await clock.sleep('babble', 2);
      }
    };
    void babble();
    await clock.advance(500);

    const read = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(256 * CHAR_MS + 100 + 50);

    expect(read.value).toEqual([7, 8]);
  });
});

describe('a late reply on an RTU line', () => {
  it.each([1.05, 1.5, 1.99])('at %f times the timeout is not given to the next request', async (late) => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const link = bus.modbus('dut', unit(1, { timeout_ms: 100 }));
    wire.hear = () => {
      wire.say(OTHER, 8 * CHAR_MS + 100 * late);
      wire.hear = () => wire.say(GOOD, 30);
    };

    const first = outcome(link.read(RANGE, call()));
    await clock.advance(101);
    const second = outcome(link.read(RANGE, call()));
    await clock.advance(400);

    expect(first.fault?.code).toBe('bus.no-reply');
    expect(second.value).toEqual([7, 8]);
    expect(bus.stats().late_frames).toBe(1);
  });

  it('keeps its own unit waiting for another timeout, and nobody else', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const mute = bus.modbus('mute', unit(1, { timeout_ms: 1000 }));
    const other = bus.modbus('other', unit(2));
    outcome(mute.read(RANGE, call()));
    await clock.advance(1010);
    wire.hear = ([id = 0]) => wire.say(rtuFrame(id, Uint8Array.of(3, 4, 0, 7, 0, 8)), 30);

    const again = outcome(mute.read(RANGE, call()));
    const between = outcome(other.read(RANGE, call()));
    await clock.advance(980);
    const before = again.done;
    await clock.advance(100);

    expect(between.value).toEqual([7, 8]);
    expect(before).toBe(false);
    expect(again.value).toEqual([7, 8]);
  });

  it('is still feared when something that looks like it has come: that may be another unit with a wrong address', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const link = bus.modbus('dut', unit(1, { timeout_ms: 100 }));
    wire.hear = () => {
      wire.say(rtuFrame(1, Uint8Array.of(3, 4, 2, 2, 2, 2)), 120);
      wire.say(OTHER, 180);
      wire.hear = () => wire.say(GOOD, 30);
    };

    outcome(link.read(RANGE, call()));
    await clock.advance(110);
    const next = outcome(link.read(RANGE, call()));
    await clock.advance(400);

    expect(next.value).toEqual([7, 8]);
  });

  it('of another unit, in one piece with the right one, costs nothing', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const stranger = rtuFrame(2, Uint8Array.of(3, 4, 1, 1, 1, 1));
    wire.hear = () => wire.say(Uint8Array.from([...stranger, ...GOOD]), 30);

    const read = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(100);

    expect(read.value).toEqual([7, 8]);
  });

  it('is never mistaken when the same unit answers twice', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const link = bus.modbus('dut', unit(1));
    wire.hear = () => {
      wire.spell(Uint8Array.from([...OTHER, ...OTHER]), CHAR_MS, 30);
      wire.hear = () => wire.say(GOOD, 30);
    };

    const first = outcome(link.read(RANGE, call()));
    await clock.advance(32);
    const second = outcome(link.read(RANGE, call()));
    await clock.advance(200);

    expect(first.value).toEqual([0x5555, 0x6666]);
    expect(second.value).toEqual([7, 8]);
  });
});

describe('a reply on an RTU line', () => {
  it('that comes byte by byte, slower than the timeout, is waited for', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu', { baud: 1200 });
    const link = bus.modbus('dut', unit(1, { timeout_ms: 100 }));
    wire.hear = () => wire.spell(GOOD, 8.3, 8 * 8.3 + 50);

    const read = outcome(link.read(RANGE, call()));
    await clock.advance(500);

    expect(read.value).toEqual([7, 8]);
  });

  it('may come late by the reply delay of its unit', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const link = bus.modbus('dut', unit(1, { timeout_ms: 50, reply_delay_ms: 300 }));
    wire.hear = () => wire.say(GOOD, 340);

    const read = outcome(link.read(RANGE, call()));
    await clock.advance(400);

    expect(read.value).toEqual([7, 8]);
  });

  it('with a bad checksum is counted and dropped, never a value; the fault says what came', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const bad = Uint8Array.from(GOOD, (byte, index) => (index === 4 ? byte ^ 0x10 : byte));
    wire.hear = () => wire.say(bad, 30);

    const read = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(300);

    expect(read.fault).toMatchObject({ code: 'bus.bad-reply', facts: { sent: true } });
    expect(bus.stats()).toMatchObject({ bad_checksum: 1, noise_bytes: bad.length });
  });

  it('that cannot be the one ends the wait in time: noise keeps no request alive', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const link = bus.modbus('dut', unit(1, { timeout_ms: 100 }));
    // Each byte might be the first one of the reply.
    wire.hear = () => wire.spell(new Uint8Array(2000).fill(1), CHAR_MS);

    const read = outcome(link.read(RANGE, call()));
    await clock.advance(320);

    expect(read.fault?.code).toBe('bus.bad-reply');
  });

  it('is found in a flood of noise, whose bytes are not kept', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.hear = () => {
      for (let part = 0; part < 40; part += 1) wire.say(new Uint8Array(1000).fill(1), 10 + part);
      wire.say(GOOD, 60);
    };

    const read = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(55);
    const letGo = bus.stats().noise_bytes;
    await clock.advance(50);

    expect(letGo).toBeGreaterThan(39_000);
    expect(read.value).toEqual([7, 8]);
    expect(bus.stats().noise_bytes).toBe(40_000);
  });

  it('that is an exception is told with its name, and counted', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 1: () => Uint8Array.of(0x83, 2) }, PACE);

    const read = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(100);

    expect(read.fault).toMatchObject({ code: 'bus.exception', facts: { exception: 2, fn: 3, at: 7 } });
    expect(bus.stats().exceptions).toBe(1);
  });

  it('to a factory address is taken from whoever answers, noise in front or not', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.hear = () => wire.say(Uint8Array.from([0, 0xff, ...GOOD]), 30);

    const read = outcome(bus.modbus('new', unit(255)).read(RANGE, call()));
    await clock.advance(100);

    expect(read.value).toEqual([7, 8]);
  });
});

describe('writes on an RTU line', () => {
  it('are sent once; without a reply the fault says that it may have arrived', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');

    const write = outcome(bus.modbus('door', unit(1)).write(OPEN_DOOR, call('command')));
    await clock.advance(10_000);

    expect(wire.written.map(({ bytes }) => [...bytes.subarray(0, 6)])).toEqual([[1, 5, 0, 1, 0xff, 0]]);
    expect(write.fault).toMatchObject({ code: 'bus.no-reply', facts: { sent: true } });
  });

  it('that never left say so', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const link = bus.modbus('door', unit(1));
    outcome(bus.modbus('d', unit(2)).read(RANGE, call()));
    await clock.advance(5);
    const waiting = outcome(link.write(OPEN_DOOR, call('command')));

    wire.refusal = undefined;
    wire.pull();
    await bus.close();
    const afterwards = outcome(link.write(OPEN_DOOR, call('command')));
    await clock.advance(100);

    expect(wire.written).toHaveLength(1);
    expect(waiting.fault).toMatchObject({ code: 'bus.closed', facts: { sent: false } });
    expect(afterwards.fault).toMatchObject({ code: 'bus.closed', facts: { sent: false } });
  });

  it('to everybody wait for no reply but for the turnaround, and drain what comes', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu', { turnaround_ms: 100 });
    wire.hear = ([id = 0]) => {
      if (id === 0) wire.say(rtuFrame(3, Uint8Array.of(5, 0, 1, 0xff, 0)), 30);
      else wire.say(GOOD, 30);
    };
    const everybody = outcome(bus.modbus('all', unit(0)).write(OPEN_DOOR, call('command')));
    const next = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(100);
    const early = everybody.done;

    await clock.advance(100);

    expect(early).toBe(false);
    expect(everybody).toMatchObject({ done: true });
    expect(everybody.fault).toBeUndefined();
    expect((wire.written[1]?.up ?? 0) - (wire.written[0]?.up ?? 0)).toBeGreaterThanOrEqual(100);
    expect(next.value).toEqual([7, 8]);
  });

  it('carry the value of function 5 as it is, since pulse lengths stand there', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 1: parrot }, PACE);

    const pulse = outcome(
      bus.modbus('door', unit(1)).write({ fn: 5, at: 0x0200, values: [7] }, call('command')),
    );
    await clock.advance(100);

    expect([...(wire.written[0]?.bytes ?? [])].slice(0, 6)).toEqual([1, 5, 2, 0, 0, 7]);
    expect(pulse).toMatchObject({ done: true });
  });

  it('that a stuck port does not take are dropped with it, so that no door opens later', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.stuck = true;

    const write = outcome(bus.modbus('door', unit(1)).write(OPEN_DOOR, call('command')));
    await clock.advance(300);

    expect(write.fault?.code).toBe('bus.no-reply');
    expect(wire.closings).toEqual([true]);
    expect(wire.openings).toBe(2);
  });

  it('that a serial server does not answer are dropped with the connection', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu-tcp');
    rtuUnits(wire, { 2: parrot }, PACE);
    outcome(bus.modbus('d', unit(2)).read(RANGE, call()));
    await clock.advance(100);

    outcome(bus.modbus('door', unit(1)).write(OPEN_DOOR, call('command')));
    const behind = outcome(bus.modbus('d', unit(2)).read(RANGE, call()));
    await clock.advance(500);

    expect(wire.closings).toEqual([true]);
    expect(wire.openings).toBe(2);
    expect(behind.value).toEqual([7, 8]);
    expect(bus.stats().state).toBe('up');
  });
});

describe('local echo on an RS-485 adapter', () => {
  /** Gives back what it hears, then the reply. */
  async function echoing(echo: 'auto' | 'drop' | 'none', reply: (request: Uint8Array) => Uint8Array) {
    const world = await busWorld('modbus-rtu', { echo });
    world.wire.hear = (bytes) => {
      world.wire.say(bytes, 8 * CHAR_MS);
      const out = reply(bytes);
      if (out.length) world.wire.say(out, 40);
    };
    return { ...world, link: world.bus.modbus('dut', unit(1)) };
  }
  const units = (request: Uint8Array) => rtuFrame(1, parrot(request.subarray(1, -2)));
  const onlyReads = (request: Uint8Array) => (request[1] === 3 ? units(request) : NOTHING);

  it.each(['auto', 'drop'] as const)('is dropped (%s)', async (echo) => {
    const { link, clock, bus } = await echoing(echo, units);

    const read = outcome(link.read(RANGE, call()));
    const write = outcome(link.write(OPEN_DOOR, call('command')));
    await clock.advance(500);

    expect(read.value).toEqual([7, 8]);
    expect(write).toMatchObject({ done: true });
    expect(write.fault).toBeUndefined();
    expect(bus.stats().echoes).toBeGreaterThanOrEqual(2);
  });

  it('is never taken for the acknowledgement of a dead unit, not even by the first request of all', async () => {
    const { link, clock } = await echoing('auto', () => NOTHING);

    const write = outcome(link.write(OPEN_DOOR, call('command')));
    await clock.advance(2000);

    expect(write.fault).toMatchObject({ facts: { sent: true } });
  });

  it('is found out by a read before the first write, which then goes out once', async () => {
    const { link, clock, wire } = await echoing('auto', units);

    const write = outcome(link.write(OPEN_DOOR, call('command')));
    await clock.advance(500);

    expect(wire.written.map(({ bytes }) => bytes[1])).toEqual([3, 5]);
    expect(write.fault).toBeUndefined();
    expect(write.done).toBe(true);
  });

  it('costs no such read where it is told that there is none', async () => {
    const { wire, clock, bus } = await busWorld('modbus-rtu', { echo: 'none' });
    rtuUnits(wire, { 1: parrot }, PACE);

    const write = outcome(bus.modbus('dut', unit(1)).write(OPEN_DOOR, call('command')));
    await clock.advance(100);

    expect(wire.written).toHaveLength(1);
    expect(write).toMatchObject({ done: true });
  });

  it('is not expected from an adapter that has none', async () => {
    const { wire, clock, bus } = await busWorld('modbus-rtu', { echo: 'auto' });
    rtuUnits(wire, { 1: parrot }, PACE);
    const link = bus.modbus('dut', unit(1));

    const read = outcome(link.read(RANGE, call()));
    const write = outcome(link.write(OPEN_DOOR, call('poll')));
    await clock.advance(300);

    expect(read.value).toEqual([7, 8]);
    expect(write.done && write.fault === undefined).toBe(true);
    expect(wire.written).toHaveLength(2);
  });

  it('that looks like a whole reply is still told apart', async () => {
    // Function 1 at 0x0310, 20 coils: the request has the shape of its own reply.
    const range = { table: 'coil', at: 0x0310, count: 20 } as const;
    const answer = rtuFrame(1, Uint8Array.of(1, 3, 0xff, 0xff, 0x0f));
    const { link, clock } = await echoing('auto', () => answer);

    const read = outcome(link.read(range, call()));
    await clock.advance(200);

    expect(read.value).toEqual(Array(20).fill(1));
  });

  it('is forgotten with the adapter: the next one is found out anew', async () => {
    const { link, clock, wire, bus } = await echoing('auto', onlyReads);
    outcome(link.read(RANGE, call()));
    await clock.advance(300);
    rtuUnits(wire, { 1: parrot }, PACE);
    await bus.restart();
    await clock.advance(1000);

    const write = outcome(link.write(OPEN_DOOR, call('command')));
    await clock.advance(500);

    expect(write.done && write.fault === undefined).toBe(true);
  });
});

describe('callers of an RTU line', () => {
  it('that go away before their turn are not sent, and let go at once', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 1: parrot, 2: parrot }, PACE);
    const leaving = new AbortController();
    outcome(bus.modbus('a', unit(1)).read(RANGE, call()));
    const gone = outcome(bus.modbus('b', unit(2)).read(RANGE, call('poll', leaving.signal)));
    await clock.advance(1);

    leaving.abort('enough');
    await clock.advance(0);
    const told = gone.other;
    await clock.advance(500);

    expect(told).toBe('enough');
    expect(wire.written).toHaveLength(1);
  });

  it('that go away later are let go at once, and the exchange is seen through', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const leaving = new AbortController();
    const link = bus.modbus('dut', unit(1));
    wire.hear = () => {
      wire.say(OTHER, 100);
      wire.hear = () => wire.say(GOOD, 30);
    };
    const gone = outcome(link.read(RANGE, call('poll', leaving.signal)));
    await clock.advance(20);

    leaving.abort('enough');
    await clock.advance(0);
    const told = gone.other;
    const next = outcome(link.read(RANGE, call()));
    await clock.advance(300);

    expect(told).toBe('enough');
    expect(next.value).toEqual([7, 8]);
  });

  it('two links of one unit take turns and get each their own', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 1: parrot }, PACE);
    const links = [bus.modbus('a', unit(1)), bus.modbus('b', unit(1))];

    const reads = Array.from({ length: 20 }, (_, at) =>
      outcome(
        (links[at % 2] ?? links[0])?.read({ table: 'holding', at, count: 2 }, call()) ?? Promise.reject(),
      ),
    );
    await clock.advance(2000);

    expect(reads.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, at) => [at, at + 1]));
  });

  it('ask for what Modbus cannot carry: refused, and nothing is sent', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const link = bus.modbus('dut', unit(1));

    const bad = [
      outcome(link.read({ table: 'holding', at: 0, count: 126 }, call())),
      outcome(link.read({ table: 'coil', at: 65_535, count: 2 }, call())),
      outcome(link.readAll([{ table: 'input', at: -1, count: 1 }], call())),
      outcome(link.write({ fn: 16, at: 0, values: Array(124).fill(0) }, call())),
      outcome(link.write({ fn: 6, at: 0, values: [65_536] }, call())),
    ];
    await clock.advance(10);

    expect(bad.map(({ fault }) => fault?.code)).toEqual(Array(5).fill('bus.bad-request'));
    expect(wire.written).toHaveLength(0);
  });
});

describe('the watchdog of an RTU line', () => {
  it('is told when the bus will turn again, and that an idle one waits for what may never come', async () => {
    const { bus, wire, clock, beats } = await busWorld('modbus-rtu');
    rtuUnits(wire, { 1: parrot }, PACE);

    const read = outcome(bus.modbus('dut', unit(1)).read(RANGE, call()));
    await clock.advance(5);
    const during = beats.get('bus bus') ?? 0;
    await clock.advance(100);

    expect(during).toBeLessThan(clock.now().up + 70_000);
    expect(read.done).toBe(true);
    expect(beats.get('bus bus')).toBe(Number.POSITIVE_INFINITY);
    expect(beats.get('port of bus')).toBe(Number.POSITIVE_INFINITY);
  });
});
