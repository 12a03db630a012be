import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'bg-ws100',
  aliases: ['ws100'],
  about: 'B+G e-tech WS100 energy meter, one phase.',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 500 },
  options,
  dense: true,
  table: () => ({
    voltage: quantity(0x100, 'V', [0, 500], 'Voltage to neutral.', { type: 'u32', scale: 0.001 }),
    current: quantity(0x102, 'A', [-1000, 1000], 'Current.', { type: 'i32', scale: 0.001 }),
    power: quantity(0x104, 'W', [-250000, 250000], 'Active power; negative when energy flows out.', {
      type: 'i32',
    }),
    apparent: quantity(0x106, 'VA', [0, 250000], 'Apparent power.', { type: 'u32' }),
    reactive: quantity(0x108, 'var', [-250000, 250000], 'Reactive power.', { type: 'i32' }),
    frequency: quantity(0x10a, 'Hz', [40, 70], 'Mains frequency.', { scale: 0.1 }),
    power_factor: quantity(0x10b, '1', [-1, 1], 'Power factor.', { type: 'i16', scale: 0.001 }),
    import: quantity(0x10e, 'kW.h', [0, 42000000], 'Active energy drawn.', { type: 'u32', scale: 0.01 }),
    export: quantity(0x118, 'kW.h', [0, 42000000], 'Active energy fed in.', { type: 'u32', scale: 0.01 }),
    total: quantity(0x122, 'kW.h', [0, 42000000], 'Active energy in both directions.', {
      type: 'u32',
      scale: 0.01,
    }),
  }),
};
