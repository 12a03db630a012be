import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type NumberRow, type RegisterType, registerMap, roundTo, wordBank } from '#kit';

const RUNS = process.env.GATELODGE_LONG ? 50_000 : 1000;
vi.setConfig({ testTimeout: 180_000 });

const types: readonly RegisterType[] = ['u16', 'i16', 'u32', 'i32', 'f32'];
const orders = ['high-first', 'low-first'] as const;
const layout = fc.record({
  type: fc.constantFrom(...types),
  word_order: fc.constantFrom(...orders),
  byte_order: fc.constantFrom(...orders),
  at: fc.integer({ min: 0, max: 0xfffe }),
});
const base = { kind: 'number', about: 'A value.', privacy: 'plain', unit: '1', min: -1e9, max: 1e9 } as const;

/** Puts a value into registers and reads it back, as simulator and driver do. */
function roundTrip(row: Partial<NumberRow> & { readonly at: number }, value: number): unknown {
  const map = registerMap({ x: { ...base, ...row } });
  const bank = wordBank();
  map.store('x', value, bank);
  const [range] = map.ranges;
  if (!range) throw new Error('one point has one range');
  const words = Array.from({ length: range.count }, (_, offset) => bank.get(range.table, range.at + offset));
  return map.decodeRange(range, words).x;
}

describe('registers', () => {
  it('give back every value that was put into them, in each type, word order and byte order', () => {
    fc.assert(
      fc.property(
        layout,
        fc.integer({ min: -0x8000_0000, max: 0xffff_ffff }),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (row, whole, float) => {
          const value = {
            u16: whole & 0xffff,
            i16: (whole << 16) >> 16,
            u32: whole >>> 0,
            i32: whole | 0,
            f32: float,
          }[row.type];
          const back = roundTrip(row, value);
          if (row.type === 'f32') expect(Math.fround(Number(back))).toBe(value + 0);
          else expect(back).toBe(value);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('show decimals as they were meant, without the dust of binary fractions', () => {
    fc.assert(
      fc.property(fc.integer({ min: -32768, max: 32767 }), fc.constantFrom(1, 2, 3), (raw, decimals) => {
        const value = roundTo(raw / 10 ** decimals, decimals);
        const back = roundTrip({ at: 0, type: 'i16', scale: 10 ** -decimals }, value);
        expect(back).toBe(value);
        expect(String(back).length).toBeLessThanOrEqual(8);
      }),
      { numRuns: RUNS },
    );
  });

  it('keep fields of one register apart', () => {
    const masks = fc.constantFrom(
      [0x000f, 0xfff0],
      [0x00ff, 0xff00],
      [0x8000, 0x7fff],
      [0x0ff0, 0xf00f & 0xf000],
    );
    fc.assert(
      fc.property(masks, fc.nat(), fc.nat(), ([low = 1, high = 2], x, y) => {
        const map = registerMap({ low: { ...base, at: 3, mask: low }, high: { ...base, at: 3, mask: high } });
        const bank = wordBank();
        const most = (mask: number) => mask / (mask & -mask);
        const values = { low: x % (most(low) + 1), high: y % (most(high) + 1) };
        map.store('low', most(low), bank);
        map.store('high', values.high, bank);
        map.store('low', values.low, bank);
        expect(map.decodeRange({ table: 'holding', at: 3 }, [bank.get('holding', 3)])).toEqual(values);
      }),
      { numRuns: RUNS },
    );
  });
});
