import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildFrame, frameRule, parseFrame, replyRule } from '../../drivers/osdp-reader/frame.ts';
import * as words from '../../drivers/osdp-reader/words.ts';
import { concat, cutFrames } from '../../src/kit/index.ts';

const reply = (more: object = {}) =>
  buildFrame({ address: 5, reply: true, sequence: 2, check: 'crc', code: 0x40, ...more });
const heard = (bytes: Uint8Array) => cutFrames(bytes, replyRule(5, 2)).frames;

describe('the reply that a panel waits for', () => {
  it('is that of its unit to its question, in whatever stands around it', () => {
    const right = reply();
    expect(heard(concat([0x53, 0x53, 0xff], right))).toEqual([right]);
  });

  it('is none of another unit, to an earlier question, or an echo of the question', () => {
    for (const other of [{ address: 6 }, { sequence: 1 }, { sequence: 3 }, { reply: false }, { sequence: 0 }])
      expect(heard(reply(other)), JSON.stringify(other)).toEqual([]);
  });

  it('may be that the unit is busy, which has no number', () => {
    const busy = reply({ sequence: 0, code: words.REPLY.BUSY });
    expect(heard(busy)).toEqual([busy]);
  });
});

describe('frames', () => {
  const anyParts = fc.record({
    address: fc.nat(126),
    reply: fc.boolean(),
    sequence: fc.nat(3),
    check: fc.constantFrom('crc' as const, 'sum' as const),
    block: fc.option(fc.array(fc.integer({ min: 0x11, max: 0x14 }), { minLength: 1, maxLength: 3 }), {
      nil: undefined,
    }),
    code: fc.nat(255),
    data: fc.uint8Array({ maxLength: 80 }),
  });

  it('are read as they were built', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const { block, ...rest } = parts;
        const { block: read, ...frame } = parseFrame(buildFrame(parts));
        expect(frame).toMatchObject(rest);
        expect(read && [...read]).toEqual(block);
      }),
    );
  });

  it('are found one after the other between noise, by their length and check', () => {
    fc.assert(
      fc.property(fc.array(anyParts, { maxLength: 5 }), fc.uint8Array({ maxLength: 4 }), (all, noise) => {
        // Noise that begins like a frame may swallow what follows until it is given up.
        const quiet = noise.map((byte) => (byte === 0x53 ? 0 : byte));
        const frames = all.map((parts) => buildFrame(parts));
        const stream = concat(...frames.flatMap((frame) => [quiet, frame]));
        expect(cutFrames(stream, frameRule).frames).toEqual(frames);
      }),
    );
  });
});

describe('what readers say of cards and keys', () => {
  it('comes back as it was sent, for any number of bits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 130, max: 1 }), (bits) => {
        expect(words.rawBits(words.rawBytes(bits, 1))).toEqual({ bits, parities: true });
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789*#'), maxLength: 20 }), (keys) => {
        expect(words.keysOf(words.keysBytes(keys))).toBe(keys);
      }),
    );
  });

  it('is nothing when its own count is wrong', () => {
    const raw = words.rawBytes(new Uint8Array(26), 0);
    expect(words.rawBits(raw.subarray(0, -1))).toBeUndefined();
    expect(words.rawBits(concat(raw, [0]))).toBeUndefined();
    expect(words.keysOf(words.keysBytes('12').subarray(0, -1))).toBeUndefined();
  });
});
