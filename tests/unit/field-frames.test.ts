import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesIn } from '../../src/field/frames.ts';
import { rtuFrame, withCrc16 } from '../../src/kit/index.ts';

const bytes = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

const ANSWER = rtuFrame(7, Uint8Array.of(3, 2, 0x12, 0x34));
const QUESTION = rtuFrame(9, Uint8Array.of(3, 0, 0, 0, 1));
const REFUSAL = rtuFrame(4, Uint8Array.of(0x83, 2));
const IDENTITY = rtuFrame(2, Uint8Array.of(43, 14, 1, 1, 0, 0, 1, 0, 3, 65, 66, 67));
const WRITE = rtuFrame(3, Uint8Array.of(16, 0, 1, 0, 2, 4, 0, 1, 0, 2));

describe('a relaxed reading of a wire', () => {
  it.each([
    ['an answer', ANSWER, 7, 'answer'],
    ['a question of another master', QUESTION, 9, 'question'],
    ['a refusal', REFUSAL, 4, 'exception'],
    ['what a unit says of itself', IDENTITY, 2, 'answer'],
    ['a write of many registers', WRITE, 3, 'question'],
    ['the acknowledgement of it', rtuFrame(3, Uint8Array.of(16, 0, 1, 0, 2)), 3, 'answer'],
    ['a write that is its own acknowledgement', rtuFrame(5, Uint8Array.of(6, 0, 1, 0, 9)), 5, 'either'],
  ] as const)('finds %s, whatever stands around it', (_, frame, unit, kind) => {
    const { frames, stray } = framesIn(bytes([0xff, 0x03, 0x00], frame, [0x01]));

    expect(frames.map((one) => [one.unit, one.kind])).toEqual([[unit, kind]]);
    expect(stray).toBe(4);
  });

  it('finds frames of several speakers in one piece, in order', () => {
    const { frames, stray } = framesIn(
      bytes(QUESTION, rtuFrame(9, Uint8Array.of(3, 2, 0, 5)), ANSWER, ANSWER),
    );

    expect(frames.map(({ unit, kind }) => `${unit} ${kind}`)).toEqual([
      '9 question',
      '9 answer',
      '7 answer',
      '7 answer',
    ]);
    expect(stray).toBe(0);
  });

  it('takes nothing whose CRC is wrong, and no refusal with a code that does not exist', () => {
    const damaged = ANSWER.slice();
    damaged[4] = (damaged[4] ?? 0) ^ 1;

    expect(framesIn(damaged).frames).toEqual([]);
    expect(framesIn(withCrc16(Uint8Array.of(4, 0x83, 77))).frames).toEqual([]);
  });

  it('accounts for every byte of anything, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const { frames, stray } = framesIn(noise);
        const framed = frames.reduce((sum, { from, to }) => sum + to - from, 0);
        expect(framed + stray).toBe(noise.length);
      }),
      { numRuns: process.env.GATELODGE_LONG ? 100_000 : 300 },
    );
  });

  it('finds every frame again behind noise that holds none', () => {
    const some = fc.constantFrom(ANSWER, QUESTION, REFUSAL, IDENTITY);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 30 }),
        fc.array(some, { minLength: 1, maxLength: 5 }),
        (noise, all) => {
          fc.pre(framesIn(noise).frames.length === 0);
          const { frames } = framesIn(bytes(noise, ...all));
          // Noise may swallow the beginning by looking like a longer frame only with a good CRC: it cannot.
          expect(frames.slice(-all.length).map(({ unit }) => unit)).toEqual(all.map((frame) => frame[0]));
        },
      ),
      // Once in 65,536 noise and frame make another frame; this seed has none of these.
      { seed: 7 },
    );
  });
});
