import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';

/** A louver box is asked for eight registers at once: eight bytes there, 21 back. */
async function budgetAt(baud: number, line = '') {
  const site = [
    'version: 1',
    'site: { id: yard, name: Yard, time_zone: Asia/Shanghai }',
    `buses: [{ id: wire, type: modbus-rtu, path: /dev/ttyUSB0, baud: ${baud}${line} }]`,
    'devices: [{ id: air, driver: louver-box, bus: wire, unit: 1 }]',
  ];
  const library = await openLibrary();
  const { budgets } = await loadSite(site.join('\n'), {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
    secrets: { env: {}, readText: () => undefined, here: true },
  });
  return budgets[0]?.loads[0];
}

describe('the time that a look takes on the wire', () => {
  it('at 4800 baud is 60.4 ms for eight registers', async () => {
    const load = await budgetAt(4800);

    expect(load).toMatchObject({ driver: 'louver-box', wire_ms: 60.4 });
  });

  it('counts the bits of a character as the line has them', async () => {
    const load = await budgetAt(4800, ', parity: even');

    // 29 characters of eleven bits.
    expect(load?.wire_ms).toBe(66.5);
  });

  it.each([
    [1200, 32.083],
    [2400, 16.042],
    [4800, 8.021],
    [9600, 4.01],
    [19_200, 2.005],
    [115_200, 1.75],
  ])('at %i baud has a silence of %f ms before the question and before the answer', async (baud, t35_ms) => {
    const load = await budgetAt(baud);

    // Shown to a tenth.
    expect(Math.abs((load?.silence_ms ?? 0) - 2 * t35_ms)).toBeLessThanOrEqual(0.051);
  });
});
