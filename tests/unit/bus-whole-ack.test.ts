import { describe, expect, it } from 'vitest';
import { rtuFrame, tcpFrame } from '../../src/kit/index.ts';
import { busWorld, call, outcome, rtuUnits, unit } from '../support/bus-world.ts';

const PACE = { char_ms: 10 / 9.6, gap_ms: 4.01 };
const SET_ADDRESS = { fn: 16, at: 0, values: [7], answered: 'whole' } as const;
const PDU = Uint8Array.of(16, 0, 0, 0, 1, 2, 0, 7);
const SHORT = PDU.slice(0, 5);
const ANOTHER = Uint8Array.of(16, 0, 0, 0, 1, 2, 0, 8);

/** What comes of the write when the unit answers it with that. */
async function rtu(reply: Uint8Array | undefined, write: object = SET_ADDRESS) {
  const { bus, wire, clock } = await busWorld('modbus-rtu');
  rtuUnits(wire, { 9: () => reply }, PACE);
  // The spread forgets that it is a write.
  const written = outcome(bus.modbus('dut', unit(9)).write({ ...SET_ADDRESS, ...write } as never, call()));
  await clock.advance(400);
  return written;
}

describe('a unit that acknowledges with the whole request, on an RTU line', () => {
  it.each([
    { what: 'the whole request', reply: PDU },
    { what: 'address and count, as the standard says', reply: SHORT },
  ])('is believed when it answers with $what', async ({ reply }) => {
    const written = await rtu(reply);
    expect(written).toMatchObject({ done: true });
    expect(written.fault).toBeUndefined();
  });

  it('is not believed when it repeats another write', async () => {
    expect((await rtu(ANOTHER)).fault?.code).toBe('bus.bad-reply');
  });

  it('is not expected where the write does not say so', async () => {
    expect((await rtu(PDU, { answered: undefined })).fault?.code).toBe('bus.bad-reply');
  });

  it('is not expected of functions whose acknowledgement is the request anyway', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    const requests = rtuUnits(wire, { 9: (pdu) => pdu }, PACE);
    const door = { fn: 5, at: 1, values: [0xff00], answered: 'whole' } as const;
    const written = outcome(bus.modbus('dut', unit(9)).write(door, call()));
    await clock.advance(400);
    expect(written).toMatchObject({ done: true });
    expect(requests).toHaveLength(1);
  });

  it('may come in pieces, slower than the timeout', async () => {
    const { bus, wire, clock } = await busWorld('modbus-rtu');
    wire.hear = () => wire.spell(rtuFrame(9, PDU), 20, 90);
    const written = outcome(bus.modbus('dut', unit(9)).write(SET_ADDRESS, call()));
    await clock.advance(1000);
    expect(written).toMatchObject({ done: true });
    expect(written.fault).toBeUndefined();
  });
});

describe('on an adapter that hears itself', () => {
  /** The adapter gives back what is sent; the unit says this much to writes. */
  async function echoing(answer: Uint8Array | undefined) {
    const { bus, wire, clock } = await busWorld('modbus-rtu', { echo: 'auto' });
    wire.hear = (bytes) => {
      wire.say(bytes, 10);
      const reply = bytes[1] === 16 ? answer : Uint8Array.of(3, 2, 0, 255);
      if (reply) wire.say(rtuFrame(9, reply), 40);
    };
    const written = outcome(bus.modbus('dut', unit(9)).write(SET_ADDRESS, call()));
    await clock.advance(1000);
    return { written, writes: wire.written.filter(({ bytes }) => bytes[1] === 16).length };
  }

  it('the echo of a dead unit is never taken for its acknowledgement', async () => {
    const { written, writes } = await echoing(undefined);
    expect(written.fault?.code).toBe('bus.no-reply');
    expect(writes).toBe(1);
  });

  it('the acknowledgement behind the echo is', async () => {
    const { written, writes } = await echoing(PDU);
    expect(written).toMatchObject({ done: true });
    expect(written.fault).toBeUndefined();
    expect(writes).toBe(1);
  });
});

describe('over Modbus TCP', () => {
  it.each([
    { what: 'the whole request', reply: PDU, code: undefined },
    { what: 'address and count', reply: SHORT, code: undefined },
    { what: 'another write', reply: ANOTHER, code: 'bus.bad-reply' },
  ])('$what ends it as it should', async ({ reply, code }) => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    wire.hear = (frame) => wire.say(tcpFrame(((frame[0] ?? 0) << 8) | (frame[1] ?? 0), 9, reply), 5);
    const written = outcome(bus.modbus('dut', unit(9)).write(SET_ADDRESS, call()));
    await clock.advance(50);
    expect(written.done).toBe(true);
    expect(written.fault?.code).toBe(code);
  });

  it('a whole request is no answer where the write does not say so', async () => {
    const { bus, wire, clock } = await busWorld('modbus-tcp');
    wire.hear = (frame) => wire.say(tcpFrame(((frame[0] ?? 0) << 8) | (frame[1] ?? 0), 9, PDU), 5);
    const written = outcome(bus.modbus('dut', unit(9)).write({ fn: 16, at: 0, values: [7] }, call()));
    await clock.advance(50);
    expect(written.fault?.code).toBe('bus.bad-reply');
  });
});
