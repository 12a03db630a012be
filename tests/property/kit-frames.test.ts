import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { FrameRule } from '#kit';
import {
  concat,
  cutFrames,
  delimitedFrame,
  fixedFrame,
  headerFrame,
  idleFrame,
  sum8,
  sum16,
  toHex,
  u16be,
  withCrc16,
} from '#kit';
import { rtuRequests } from '../../src/simulate/requests.ts';

const RUNS = process.env.GATELODGE_LONG ? 50_000 : 1000;
vi.setConfig({ testTimeout: 180_000 });

/** `42 4D len16 … sum16`: a header whose first byte may well stand twice. */
const summed = headerFrame({
  header: [0x42, 0x4d],
  need: 4,
  length: (bytes) => (u16be(bytes, 2) >= 2 && u16be(bytes, 2) < 40 ? 4 + u16be(bytes, 2) : undefined),
  valid: (frame) => u16be(frame, frame.length - 2) === sum16(frame.subarray(0, -2)),
});
const summedFrame = (body: Uint8Array): Uint8Array => {
  const head = concat([0x42, 0x4d, 0, body.length + 2], body);
  return concat(head, [sum16(head) >> 8, sum16(head) & 0xff]);
};
const repeating = fixedFrame({
  header: [0xaa, 0xaa, 0xab],
  length: 6,
  valid: (frame) => sum8(frame.subarray(0, 5)) === frame[5],
});
const repeatingFrame = (body: readonly [number, number]): Uint8Array => {
  const head = concat([0xaa, 0xaa, 0xab], body);
  return concat(head, [sum8(head)]);
};
const lines = delimitedFrame([0x0d, 0x0d, 0x0a], 64);

/** Bytes as they come: pieces of any size, each looked at before the next one is there. */
function inPieces(stream: Uint8Array, sizes: readonly number[], rule: FrameRule): string[] {
  const found: string[] = [];
  let unread: Uint8Array = new Uint8Array();
  let at = 0;
  for (let turn = 0; at < stream.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    unread = concat(unread, stream.subarray(at, at + size));
    at += size;
    const { frames, used } = cutFrames(unread, rule);
    unread = unread.slice(used);
    found.push(...frames.map(toHex));
  }
  return found;
}

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const sizes = fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 8 });
/** Bytes that look like beginnings of frames, which is the garbage that hurts. */
const nasty = fc.array(fc.constantFrom(0x42, 0x4d, 0x00, 0x1c, 0xaa, 0xab, 0x0d, 0x0a, 0x55), {
  maxLength: 40,
});

describe.each([
  ['header, length and checksum', summed],
  ['a header that repeats itself', repeating],
  ['a delimiter that repeats itself', lines],
  ['requests on an RTU wire', rtuRequests],
])('frames by %s', (name, rule) => {
  it('are the same for any chunking of any bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(nasty, fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 30 }))),
        sizes,
        (parts, cuts) => {
          const frames = [
            summedFrame(Uint8Array.of(1, 2)),
            repeatingFrame([7, 8]),
            Uint8Array.of(0x41, 0x0d, 0x0d, 0x0a),
          ];
          const stream = concat(
            ...parts.flatMap((part, index) => [part, frames[index % frames.length] ?? []]),
          );
          // A unit that is asked knows where a request ends only by silence; in pieces it may be found sooner, never otherwise.
          if (name !== 'requests on an RTU wire')
            expect(inPieces(stream, cuts, rule)).toEqual(inPieces(stream, [stream.length || 1], rule));
          for (const frame of inPieces(stream, cuts, rule)) expect(toHex(stream)).toContain(frame);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

const takesAt = (bytes: Uint8Array): boolean => {
  const cut = summed(bytes, 0);
  return cut !== 'more' && 'take' in cut;
};

/** A frame that stopped in the middle: the next one begins inside what it promised. */
const cutShort = fc
  .tuple(fc.uint8Array({ minLength: 4, maxLength: 30 }), fc.nat())
  .map(([body, cut]) => summedFrame(body).subarray(0, 4 + (cut % body.length)));

describe('garbage in front', () => {
  it('never costs a frame with header, length and checksum', () => {
    fc.assert(
      fc.property(
        fc.oneof(bytes(40), nasty, cutShort),
        fc.array(bytes(20), { minLength: 1, maxLength: 4 }),
        sizes,
        (garbage, bodies, cuts) => {
          const frames = bodies.map(summedFrame);
          // Filler ends what the garbage may have begun; a device goes on talking.
          const stream = concat(garbage, ...frames, new Uint8Array(48));
          // Once in a while a frame that begins in the garbage has a good sum by chance, and is one then.
          fc.pre(![...garbage.keys()].some((at) => takesAt(stream.subarray(at))));
          const found = inPieces(stream, cuts, summed);
          const wanted = frames.map(toHex);
          expect(found).toEqual(wanted);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('never costs a frame whose first bytes repeat', () => {
    const body = fc.tuple(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x7f }));
    fc.assert(
      fc.property(fc.array(fc.constant(0xaa), { maxLength: 9 }), body, sizes, (garbage, one, cuts) => {
        expect(inPieces(concat(garbage, repeatingFrame(one)), cuts, repeating)).toEqual([
          toHex(repeatingFrame(one)),
        ]);
      }),
      { numRuns: RUNS },
    );
  });

  it('never costs a request on an RTU wire', () => {
    const request = withCrc16(Uint8Array.of(1, 3, 0, 0, 0, 2));
    fc.assert(
      fc.property(bytes(20), (garbage) => {
        fc.pre(cutFrames(concat(garbage, request.subarray(0, -1)), rtuRequests).frames.length === 0);
        expect(cutFrames(concat(garbage, request), rtuRequests).frames.map(toHex)).toEqual([toHex(request)]);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('time', () => {
  it('gives up a frame that stopped coming, and only then', () => {
    const half = summedFrame(Uint8Array.of(1, 2, 3, 4)).subarray(0, 6);
    expect(summed(half, 499)).toBe('more');
    expect(summed(half, 500)).toEqual({ skip: 1 });
    expect(summed(new Uint8Array(), 9999)).toBe('more');
  });

  it('ends a frame by silence, whatever the pieces were', () => {
    const rule = idleFrame(50, 32);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), sizes, (stream, cuts) => {
        let unread: Uint8Array = new Uint8Array();
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          unread = concat(unread, stream.subarray(at, at + size));
          unread = unread.slice(cutFrames(unread, rule, 49).used);
          at += size;
        }
        expect(cutFrames(unread, rule, 50).frames).toEqual([stream.slice(-32)]);
      }),
      { numRuns: Math.min(RUNS, 5000) },
    );
  });
});
