import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'orno-we-514',
  aliases: ['or-we-514', 'or-we-515'],
  about: 'ORNO energy meters OR-WE-514 and OR-WE-515, one phase.',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'even', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 500 },
  options,
  dense: true,
  table: () => ({
    frequency: quantity(0x130, 'Hz', [40, 70], 'Mains frequency.', { scale: 0.01 }),
    voltage: quantity(0x131, 'V', [0, 500], 'Voltage to neutral.', { scale: 0.01 }),
    current: quantity(0x139, 'A', [-1000, 1000], 'Current.', { type: 'i32', scale: 0.001 }),
    power: quantity(0x140, 'W', [-250000, 250000], 'Active power; negative when energy flows out.', {
      type: 'i32',
    }),
    reactive: quantity(0x148, 'var', [-250000, 250000], 'Reactive power.', { type: 'i32' }),
    apparent: quantity(0x150, 'VA', [-250000, 250000], 'Apparent power.', { type: 'i32' }),
    power_factor: quantity(0x158, '1', [0, 1], 'Power factor.', { scale: 0.001 }),
    total: quantity(0xa000, 'kW.h', [0, 42000000], 'Active energy in both directions.', {
      type: 'u32',
      scale: 0.01,
    }),
  }),
};
