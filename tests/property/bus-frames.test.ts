import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Quarantine } from '../../src/buses/modbus/quarantine.ts';
import type { Request } from '../../src/buses/modbus/request.ts';
import { findEcho, findReply, hasBegun, replyLength } from '../../src/buses/modbus/rtu-frames.ts';
import { rtuFrame } from '../../src/kit/index.ts';

const RUNS = process.env.GATELODGE_LONG === undefined ? {} : { numRuns: 20_000 };

const word = fc.integer({ min: 0, max: 0xffff });
const be = (value: number) => [value >> 8, value & 0xff];
const noise = fc.uint8Array({ maxLength: 60 });

/** A request and a reply that answers it. */
const exchange = fc.oneof(
  fc
    .record({ fn: fc.constantFrom(3, 4), at: word, data: fc.array(word, { minLength: 1, maxLength: 125 }) })
    .map(({ fn, at, data }) => ({
      request: Uint8Array.from([fn, ...be(at), ...be(data.length)]),
      reply: Uint8Array.from([fn, 2 * data.length, ...data.flatMap(be)]),
    })),
  fc
    .record({ fn: fc.constantFrom(1, 2), at: word, data: fc.uint8Array({ minLength: 1, maxLength: 250 }) })
    .map(({ fn, at, data }) => ({
      request: Uint8Array.from([fn, ...be(at), ...be(8 * data.length)]),
      reply: Uint8Array.from([fn, data.length, ...data]),
    })),
  fc.record({ fn: fc.constantFrom(5, 6), at: word, value: word }).map(({ fn, at, value }) => ({
    request: Uint8Array.from([fn, ...be(at), ...be(value)]),
    reply: Uint8Array.from([fn, ...be(at), ...be(value)]),
  })),
  fc.record({ at: word, data: fc.array(word, { minLength: 1, maxLength: 123 }) }).map(({ at, data }) => ({
    request: Uint8Array.from([16, ...be(at), ...be(data.length), 2 * data.length, ...data.flatMap(be)]),
    reply: Uint8Array.from([16, ...be(at), ...be(data.length)]),
  })),
  fc
    .record({ fn: fc.constantFrom(1, 2, 3, 4), at: word, code: fc.integer({ min: 1, max: 11 }) })
    .map(({ fn, at, code }) => ({
      request: Uint8Array.from([fn, ...be(at), 0, 4]),
      reply: Uint8Array.of(fn | 0x80, code),
    })),
);
const unit = fc.integer({ min: 1, max: 247 });
const concat = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('finding a reply in what came from the wire (BU-1)', () => {
  it('finds it behind any noise and in front of any, unless a good one stands before it', () => {
    fc.assert(
      fc.property(exchange, unit, noise, noise, ({ request, reply }, id, before, after) => {
        const frame = rtuFrame(id, reply);
        const bytes = concat(before, frame, after);

        const found = findReply(bytes, { unit: id, request });

        // Noise with a good CRC, the right unit, function and length in front of it is not to be told from a reply.
        expect(found).toBeDefined();
        expect(found?.from).toBeLessThanOrEqual(before.length);
        if (found?.from === before.length) expect(bytes.slice(found.from, found.to)).toEqual(frame);
      }),
      RUNS,
    );
  });

  it('gives it with its last byte and never sooner, in whatever chunks it comes; until then it says that it has begun', () => {
    fc.assert(
      fc.property(exchange, unit, ({ request, reply }, id) => {
        const frame = rtuFrame(id, reply);
        const expected = { unit: id, request };
        for (let length = 1; length < frame.length; length += 1) {
          const part = frame.subarray(0, length);
          expect(findReply(part, expected)).toBeUndefined();
          expect(hasBegun(part, expected)).toBe(true);
        }
        expect(findReply(frame, expected)).toEqual({ from: 0, to: frame.length });
      }),
      RUNS,
    );
  });

  it('takes no frame of another unit, another function or another length', () => {
    fc.assert(
      fc.property(exchange, exchange, unit, unit, (asked, told, id, other) => {
        const frame = rtuFrame(other, told.reply);

        const found = findReply(frame, { unit: id, request: asked.request });

        const sameFunction = (told.reply[0] ?? 0) % 0x80 === asked.request[0];
        const exception = (told.reply[0] ?? 0) >= 0x80;
        const sameLength = exception || frame.length === replyLength(asked.request);
        if (found?.from === 0 && found.to === frame.length)
          expect([other === id, sameFunction, sameLength]).toEqual([true, true, true]);
        // By chance 16 bits of a frame's middle may be a CRC: then it is not the whole frame.
        if (other !== id && found) expect(found.from).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });

  it('takes no frame whose byte count lies, however good its checksum', () => {
    fc.assert(
      fc.property(exchange, unit, fc.integer({ min: 1, max: 255 }), ({ request, reply }, id, lie) => {
        fc.pre((reply[0] ?? 0) <= 4);
        const lying = Uint8Array.from(reply, (byte, index) => (index === 1 ? (byte + lie) & 0xff : byte));

        const found = findReply(rtuFrame(id, lying), { unit: id, request });

        if (found) expect(found.from).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });

  it('takes nothing with one bit wrong', () => {
    fc.assert(
      fc.property(exchange, unit, fc.nat(), ({ request, reply }, id, at) => {
        const frame = rtuFrame(id, reply);
        const bit = at % (8 * frame.length);
        frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7));

        expect(findReply(frame, { unit: id, request })).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('stays quick in the worst noise there is: every byte the beginning of a reply', () => {
    const request = Uint8Array.of(3, 0, 0, 0, 125);
    const flood = new Uint8Array(512).fill(3);

    const looks = Array.from({ length: 200 }, () => findReply(flood, { unit: 3, request }));

    expect(looks.every((found) => found === undefined)).toBe(true);
  });

  it('takes a whole request for an acknowledgement only where it is told so, and only of this very request', () => {
    fc.assert(
      fc.property(exchange, unit, noise, fc.nat(), ({ request, reply }, id, after, place) => {
        fc.pre(request[0] === 16);
        const repeated = rtuFrame(id, request);
        const other = request.slice();
        const at = 1 + (place % (request.length - 1));
        other[at] = (other[at] ?? 0) ^ (1 << (place % 8));
        const asked = { unit: id, request, whole: true };

        expect(findReply(concat(repeated, after), asked)).toEqual({ from: 0, to: repeated.length });
        expect(findReply(concat(rtuFrame(id, reply), after), asked)?.to).toBe(8);
        expect(findReply(rtuFrame(id, other), asked)).toBeUndefined();
        expect(findReply(repeated, { unit: id, request })).toBeUndefined();
        for (let length = 1; length < repeated.length; length += 1)
          expect(hasBegun(repeated.subarray(0, length), asked)).toBe(true);
      }),
      RUNS,
    );
  });

  it('finds its own echo wherever it stands', () => {
    fc.assert(
      fc.property(exchange, unit, noise, noise, ({ request }, id, before, after) => {
        const sent = rtuFrame(id, request);

        const found = findEcho(concat(before, sent, after), sent);

        expect(found?.from).toBeLessThanOrEqual(before.length);
        expect((found?.to ?? 0) - (found?.from ?? 0)).toBe(sent.length);
      }),
      RUNS,
    );
  });
});

describe('units that are left alone after a timeout (BU-1)', () => {
  const requestOf = (id: number, pdu: Uint8Array, priority: Request['priority']): Request => ({
    unit: { unit: id, timeout_ms: 100, gap_ms: 0, reply_delay_ms: 0 },
    pdu,
    whole: false,
    priority,
    sent_up: undefined,
    deadline: 0,
    resolve() {},
    reject() {},
  });
  const priority = fc.constantFrom<Request['priority'][]>('command', 'field', 'poll');
  const anyUnit = fc.oneof(fc.constantFrom(0, 17, 255), fc.integer({ min: 0, max: 255 }));
  /** The next request is often the same again, as polls are. */
  const twoExchanges = fc.oneof(
    exchange.map((same) => [same, same] as const),
    fc.tuple(exchange, exchange),
  );

  it('let nothing pass that the late reply would fit', () => {
    fc.assert(
      fc.property(twoExchanges, anyUnit, anyUnit, priority, ([late, next], id, other, how) => {
        const quarantine = new Quarantine();
        quarantine.hold(requestOf(id, late.request, 'poll'), 1000);
        const mayGo = quarantine.mayGo(requestOf(other, next.request, how), 999);

        const anyone = other === 0 || other >= 248;
        const from = id === 0 || id >= 248 ? 17 : id;
        const taken = findReply(rtuFrame(from, late.reply), {
          unit: anyone ? undefined : other,
          request: next.request,
        });

        if (taken?.from === 0) expect(mayGo).toBe(false);
      }),
      RUNS,
    );
  });

  it('are free when the time is over and not before, also when their reply has come; that is counted once', () => {
    fc.assert(
      fc.property(exchange, unit, noise, ({ request, reply }, id, before) => {
        const held = requestOf(id, request, 'poll');
        const quarantine = new Quarantine();
        quarantine.hold(held, 1000);
        const late = concat(before, rtuFrame(id, reply));

        const seen = [quarantine.recognise(late), quarantine.recognise(late)];

        expect(seen).toEqual([1, 0]);
        expect([quarantine.mayGo(held, 999), quarantine.mayGo(held, 1000)]).toEqual([false, true]);
        expect([quarantine.nextUp(999), quarantine.nextUp(1000)]).toEqual([1000, undefined]);
      }),
      RUNS,
    );
  });
});
