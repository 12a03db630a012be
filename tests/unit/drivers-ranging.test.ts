import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { memoryModbus } from '../support/memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'poll' as const };

async function modbusUnit(id: string, given: JsonObject = {}) {
  const library = await openLibrary();
  const driver = await library.load(id);
  const options = driver.options.parse(given);
  const far = (await library.simulator(id)).open(options, 1);
  if (far.kind !== 'modbus') throw new Error(`${id} is a Modbus unit`);
  const link = memoryModbus(far);
  // The link is the Modbus one that the driver names.
  return { driver, far, link, session: driver.open(link as never, options) };
}

describe('a DYP sensor with a UART output', () => {
  it('obeys Modbus only in the first half second after it got power', async () => {
    const { far, link, session } = await modbusUnit('dyp-modbus-ultrasonic');
    far.set({ uart_model: true });

    const soon = await session.act?.('set-angle-grade', { 'angle-grade': 2 }, call);
    link.up += 500;
    const late = await session.act?.('set-angle-grade', { 'angle-grade': 3 }, call);
    far.set({ power: true });
    const again = await session.act?.('angle-grade', {}, call);

    expect(soon?.result).toBe('done');
    expect(late).toEqual({ result: 'unknown', facts: { fault: 'bus.no-reply' } });
    expect(again?.facts).toEqual({ 'angle-grade': 2 });
  });
});

describe('a distance sensor that sees nothing', () => {
  it.each([['dyp-modbus-ultrasonic']])('%s answers, and has no value', async (id) => {
    const { far, session } = await modbusUnit(id);
    far.set({ distance: null });

    expect(await session.sample?.(call)).toEqual({ distance: null });
  });
});
