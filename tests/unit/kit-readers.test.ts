import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitsOfNumber, cardBits, numberOfBits, pinEntry, readCardBits } from '../../src/kit/index.ts';

const AUTO = { card: 'auto', parity: 'checked' } as const;
const WIDTHS = { '26-bit': 24, '34-bit': 32, '37-bit': 35 } as const;
const anyFormat = fc.constantFrom<keyof typeof WIDTHS>('26-bit', '34-bit', '37-bit');
const someBits = (count: number) => fc.uint8Array({ minLength: count, maxLength: count, max: 1 });

describe('the bits of a card', () => {
  it('give back the data that was sent, as hex, facility and number', () => {
    fc.assert(
      fc.property(
        anyFormat.chain((format) => fc.tuple(fc.constant(format), someBits(WIDTHS[format]))),
        ([format, data]) => {
          const read = readCardBits(cardBits(data, format), AUTO);
          const digits = Math.ceil(data.length / 4);
          expect(read).toMatchObject({
            format,
            card: numberOfBits(data).toString(16).toUpperCase().padStart(digits, '0'),
          });
          if (typeof read === 'string') return;
          const facility = format === '26-bit' ? 8 : 16;
          expect(bitsOfNumber(read.facility ?? -1, facility)).toEqual(data.slice(0, facility));
          expect(bitsOfNumber(read.number ?? -1, data.length - facility)).toEqual(data.slice(facility));
        },
      ),
    );
  });

  it('are no card when any one of them is turned round', () => {
    fc.assert(
      fc.property(
        anyFormat.chain((format) => fc.tuple(fc.constant(format), someBits(WIDTHS[format]))),
        fc.nat(),
        ([format, data], pick) => {
          const bits = cardBits(data, format);
          // The middle bit of 37 is in both halves: both parities tell it.
          const wrong = bits.map((bit, at) => (at === pick % bits.length ? 1 - bit : bit));
          expect(readCardBits(wrong, AUTO)).toBe('parity');
        },
      ),
    );
  });

  it('are a card in spite of their parities where these are ignored, and never of another count', () => {
    const odd = new Uint8Array(34);
    expect(readCardBits(odd, { card: '34-bit', parity: 'ignored' })).toMatchObject({ card: '00000000' });
    expect(readCardBits(odd.subarray(1), { card: '34-bit', parity: 'ignored' })).toBe('bit-count');
  });

  it('of raw cards count as one number only while that is exact, and always as hex', () => {
    const long = new Uint8Array(60).fill(1);
    const read = readCardBits(long, { card: 'raw', parity: 'checked' });
    expect(read).toEqual({ card: 'F'.repeat(15), format: 'raw', bits: 60 });
    expect(readCardBits(long, { card: 'raw', parity: 'checked', raw_bits: 59 })).toBe('bit-count');
    expect(readCardBits(new Uint8Array(129), { card: 'raw', parity: 'checked' })).toBe('bit-count');
  });
});

describe('a PIN', () => {
  it('is what stands between the last * or # and the next #, whatever is typed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'0123456789*#'), { maxLength: 60 }), (keys) => {
        const entry = pinEntry({ pin_ends: 'hash', pin_timeout_ms: 5000 });
        const pins = keys.flatMap((key, at) => entry.key(key, at * 100));
        const typed = keys.join('').split('#').slice(0, -1);
        const meant = typed.map((text) => text.split('*').at(-1) ?? '');
        expect(pins).toEqual(meant.filter(({ length }) => length > 0 && length <= 16));
      }),
    );
  });

  it('is over after a silence, which counts or not', () => {
    for (const [pin_ends, pins] of [
      ['hash', []],
      ['hash-or-silence', ['12']],
    ] as const) {
      const entry = pinEntry({ pin_ends, pin_timeout_ms: 5000 });
      entry.key('1', 0);
      entry.key('2', 4999);
      expect(entry.tick(9998)).toEqual([]);
      expect(entry.key('3', 9999)).toEqual(pins);
      expect(entry.key('#', 10_000)).toEqual(['3']);
    }
  });
});
