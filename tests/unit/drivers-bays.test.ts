import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#kit';
import { options as bayOptions, statesOf } from '../../drivers/bay-register/bays.ts';
import { openLibrary } from '../../drivers/index.ts';
import { memoryModbus } from '../support/memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'poll' as const };

async function collector(given: JsonObject) {
  const library = await openLibrary();
  const driver = await library.load('bay-register');
  const options = driver.options.parse(given);
  const far = (await library.simulator('bay-register')).open(options, 1);
  if (far.kind !== 'modbus') throw new Error('it is a Modbus unit');
  const link = memoryModbus(far);
  // The link is the Modbus one that the driver names.
  return { driver, far, link, session: driver.open(link as never, options) };
}

describe('a bay', () => {
  it('is unknown while its fault bit is set, whatever its own bit says', async () => {
    const { far, session } = await collector({ bays: 3, faults: { table: 'discrete', at: 16 } });
    far.set({ 'occupied-1': 'occupied', 'occupied-2': 'unknown', 'occupied-3': 'free' });

    expect(await session.sample?.(call)).toEqual({
      'occupied-1': 'occupied',
      'occupied-2': 'unknown',
      'occupied-3': 'free',
    });
  });

  it('is still told when the unit has no such fault bits', async () => {
    const { far, driver } = await collector({ bays: 2 });
    const options = driver.options.parse({ bays: 2, faults: { table: 'coil', at: 900 } });
    far.set({ 'occupied-1': 'occupied', 'occupied-2': 'free' });
    if (far.kind !== 'modbus') throw new Error('it is a Modbus unit');
    const session = driver.open(memoryModbus(far) as never, options);

    expect(await session.sample?.(call)).toEqual({ 'occupied-1': 'occupied', 'occupied-2': 'free' });
  });

  it('is the other one when inverted, unless it is unknown', () => {
    const codes = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(codes, fc.array(codes), fc.array(codes), (code, occupied, unknown) => {
        const state = (invert: boolean) =>
          statesOf({ 'bay-1': code }, bayOptions.parse({ table: 'holding', occupied, unknown, invert }))
            .occupied;

        const pair = [state(false), state(true)];

        if (unknown.includes(code)) expect(pair).toEqual(['unknown', 'unknown']);
        else expect(new Set(pair)).toEqual(new Set(['free', 'occupied']));
      }),
    );
  });

  it('costs one question for each block, sixteen bays in a register when packed', async () => {
    const apart = await collector({ table: 'holding', bays: 32 });
    const packed = await collector({ table: 'holding', bays: 32, packed: true });

    const cost = ({ driver }: typeof apart, given: JsonObject) =>
      driver.cost?.(driver.options.parse(given)).map(({ reply_bytes }) => reply_bytes);

    expect(cost(apart, { table: 'holding', bays: 32 })).toEqual([69]);
    expect(cost(packed, { table: 'holding', bays: 32, packed: true })).toEqual([9]);
  });

  it.each([
    ['beyond the last address', { at: 65_530, bays: 8 }, /beyond address 65535/],
    [
      'whose fault bits lie there',
      { bays: 8, faults: { table: 'coil', at: 65_530 } },
      /beyond address 65535/,
    ],
  ])('is refused %s', async (_, given, text) => {
    const { driver } = await collector({});

    expect(() => driver.options.parse(given)).toThrow(text);
  });
});
