import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'carlo-gavazzi-em340',
  aliases: ['em330', 'em340', 'et340'],
  about: 'Carlo Gavazzi energy meters EM330, EM340, ET330 and ET340, three phases.',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 500 },
  options,
  dense: true,
  table: () => ({
    voltage_l1: quantity(0x0, 'V', [0, 500], 'Voltage of L1 to neutral.', { type: 'i32', scale: 0.1 }),
    voltage_l2: quantity(0x2, 'V', [0, 500], 'Voltage of L2 to neutral.', { type: 'i32', scale: 0.1 }),
    voltage_l3: quantity(0x4, 'V', [0, 500], 'Voltage of L3 to neutral.', { type: 'i32', scale: 0.1 }),
    current_l1: quantity(0xc, 'A', [-1000, 1000], 'Current of L1.', { type: 'i32', scale: 0.001 }),
    current_l2: quantity(0xe, 'A', [-1000, 1000], 'Current of L2.', { type: 'i32', scale: 0.001 }),
    current_l3: quantity(0x10, 'A', [-1000, 1000], 'Current of L3.', { type: 'i32', scale: 0.001 }),
    power_l1: quantity(0x12, 'W', [-250000, 250000], 'Active power of L1; negative when energy flows out.', {
      type: 'i32',
      scale: 0.1,
    }),
    power_l2: quantity(0x14, 'W', [-250000, 250000], 'Active power of L2; negative when energy flows out.', {
      type: 'i32',
      scale: 0.1,
    }),
    power_l3: quantity(0x16, 'W', [-250000, 250000], 'Active power of L3; negative when energy flows out.', {
      type: 'i32',
      scale: 0.1,
    }),
    power: quantity(
      0x28,
      'W',
      [-250000, 250000],
      'Active power of all phases; negative when energy flows out.',
      { type: 'i32', scale: 0.1 },
    ),
    power_factor: quantity(0x31, '1', [-1, 1], 'Power factor.', { type: 'i16', scale: 0.001 }),
    frequency: quantity(0x33, 'Hz', [40, 70], 'Mains frequency.', { type: 'i16', scale: 0.1 }),
    import: quantity(0x34, 'kW.h', [0, 214000000], 'Active energy drawn.', { type: 'i32', scale: 0.1 }),
    export: quantity(0x4e, 'kW.h', [0, 214000000], 'Active energy fed in.', { type: 'i32', scale: 0.1 }),
  }),
  defaults: { table: 'input', word_order: 'low-first' },
};
