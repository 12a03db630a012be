import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { FrameRule } from '#kit';
import {
  concat,
  cutFrames,
  encodeWords,
  Fault,
  framesByFirst,
  nineByteFrame,
  nineBytes,
  openNineBytes,
  openShdlcReply,
  openShdlcRequest,
  openWords,
  shdlcFrame,
  shdlcReply,
  shdlcRequest,
  toHex,
  wordFrame,
} from '#kit';

const RUNS = process.env.GATELODGE_LONG ? 200_000 : 1000;
vi.setConfig({ testTimeout: 600_000 });

const byte = fc.integer({ min: 0, max: 255 });
/** Bytes that stuffing is about come as often as all others together. */
const stuffy = fc.oneof(fc.constantFrom(0x7e, 0x7d, 0x11, 0x13, 0x5e, 0x5d, 0x31, 0x33), byte);
const FRAMES: Readonly<Record<string, fc.Arbitrary<Uint8Array>>> = {
  nine: fc.array(byte, { minLength: 1, maxLength: 7 }).map((body) => nineBytes(...body)),
  words: fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 9, maxLength: 9 }).map(encodeWords),
  shdlc: fc
    .tuple(byte, byte, fc.array(stuffy, { maxLength: 60 }))
    .map(([command, state, data]) => shdlcReply(command, state, data)),
};
/** Of two kinds, in any order. */
const several = fc.oneof(
  FRAMES.nine ?? fc.constant(new Uint8Array()),
  FRAMES.words ?? fc.constant(new Uint8Array()),
);
const RULES: Readonly<Record<string, FrameRule>> = {
  nine: nineByteFrame,
  words: wordFrame([24]),
  shdlc: shdlcFrame,
  several: framesByFirst(
    new Map([
      [0xff, nineByteFrame],
      [0x42, wordFrame([24])],
    ]),
  ),
};

/** Bytes as they come: in pieces of any size, each looked at before the next one is there. */
function inPieces(stream: Uint8Array, sizes: readonly number[], rule: FrameRule): string[] {
  const found: string[] = [];
  let unread: Uint8Array = new Uint8Array();
  for (let at = 0, turn = 0; at < stream.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    unread = concat(unread, stream.subarray(at, at + size));
    at += size;
    const { frames, used } = cutFrames(unread, rule);
    unread = unread.slice(used);
    found.push(...frames.map(toHex));
  }
  return found;
}

const sizes = fc.array(fc.integer({ min: 1, max: 23 }), { minLength: 1, maxLength: 8 });
const nasty = fc.array(fc.constantFrom(0xff, 0x42, 0x4d, 0x00, 0x14, 0x7e, 0x7d, 0x11, 0x01), {
  maxLength: 50,
});
const garbage = fc.oneof(nasty, fc.array(byte, { maxLength: 50 })).map((bytes) => Uint8Array.from(bytes));

describe.each(['nine', 'words', 'shdlc', 'several'])('frames of kind %s', (kind) => {
  const rule: FrameRule = RULES[kind] ?? (() => 'more');
  const frame = FRAMES[kind] ?? several;

  it('are the same for any chunking of any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(frame, garbage), { maxLength: 6 }), sizes, (parts, cuts) => {
        const stream = concat(...parts);
        expect(inPieces(stream, cuts, rule)).toEqual(inPieces(stream, [stream.length || 1], rule));
      }),
      { numRuns: RUNS },
    );
  });

  it('are all found behind any garbage', () => {
    fc.assert(
      fc.property(garbage, fc.array(frame, { minLength: 1, maxLength: 4 }), sizes, (noise, frames, cuts) => {
        // The rule is alone with the noise first: once in a while noise holds a frame by chance, or begins one that reaches over.
        const stream = concat(noise, ...frames, new Uint8Array(600));
        fc.pre(!startsWithin(noise, stream, rule));
        expect(inPieces(stream, cuts, rule)).toEqual(frames.map(toHex));
      }),
      { numRuns: RUNS },
    );
  });
});

/** Whether what begins in the noise is a frame by chance. */
const startsWithin = (noise: Uint8Array, stream: Uint8Array, rule: FrameRule): boolean =>
  [...noise.keys()].some((at) => {
    const cut = rule(stream.subarray(at), 0);
    return cut !== 'more' && 'take' in cut;
  });

describe('opening frames', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(byte, byte, fc.array(stuffy, { maxLength: 255 }), (command, state, data) => {
        expect(openShdlcReply(shdlcReply(command, state, data), 'x')).toEqual({
          address: 0,
          command,
          state,
          data: Uint8Array.from(data),
        });
        expect(openShdlcRequest(shdlcRequest(command, data), 'x')).toMatchObject({ command });
      }),
      { numRuns: Math.min(RUNS, 20_000) },
    );
  });

  it('throws nothing but faults, whatever the bytes are', () => {
    const openers = [
      (bytes: Uint8Array) => openNineBytes(bytes, 'x'),
      (bytes: Uint8Array) => openWords(bytes, { driver: 'x', lengths: [24, 32] }),
      (bytes: Uint8Array) => openShdlcReply(bytes, 'x'),
      (bytes: Uint8Array) => openShdlcRequest(bytes, 'x'),
    ];
    fc.assert(
      fc.property(
        fc.oneof(garbage, FRAMES.shdlc ?? garbage, FRAMES.words ?? garbage),
        fc.nat(),
        byte,
        (bytes, at, flip) => {
          const copy = bytes.slice();
          if (copy.length) copy[at % copy.length] = flip;
          for (const open of openers) {
            try {
              open(copy);
            } catch (error) {
              expect(error).toBeInstanceOf(Fault);
            }
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
