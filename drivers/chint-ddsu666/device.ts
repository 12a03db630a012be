import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({
  table: z
    .enum(['holding', 'input'])
    .default('holding')
    .describe('Public code reads it with function 3 (holding) or 4 (input); most meters take both'),
});
export type Options = z.infer<typeof options>;

/** Floats; power in kW and kvar on the wire. */
const ROWS = {
  voltage: quantity(0x2000, 'V', [0, 500], 'Voltage to neutral.', { type: 'f32', decimals: 1 }),
  current: quantity(0x2002, 'A', [-1000, 1000], 'Current.', { type: 'f32', decimals: 3 }),
  power: quantity(0x2004, 'W', [-250000, 250000], 'Active power; negative when energy flows out.', {
    type: 'f32',
    scale: 1000,
    decimals: 1,
  }),
  reactive: quantity(0x2006, 'var', [-250000, 250000], 'Reactive power.', {
    type: 'f32',
    scale: 1000,
    decimals: 1,
  }),
  power_factor: quantity(0x200a, '1', [-1, 1], 'Power factor.', { type: 'f32', decimals: 3 }),
  frequency: quantity(0x200e, 'Hz', [40, 70], 'Mains frequency.', { type: 'f32', decimals: 2 }),
  import: quantity(0x4000, 'kW.h', [0, 100000000], 'Active energy drawn.', { type: 'f32', decimals: 3 }),
  export: quantity(0x400a, 'kW.h', [0, 100000000], 'Active energy fed in.', { type: 'f32', decimals: 3 }),
};

export const device: RegisterDevice<Options> = {
  id: 'chint-ddsu666',
  aliases: ['ddsu666'],
  about: 'Chint DDSU666 energy meter, one phase.',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 500 },
  options,
  dense: true,
  table: ({ table }) =>
    Object.fromEntries(Object.entries(ROWS).map(([name, row]) => [name, { ...row, table }])),
};
