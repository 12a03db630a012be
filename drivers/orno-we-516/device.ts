import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'orno-we-516',
  aliases: ['or-we-516'],
  about: 'ORNO energy meter OR-WE-516, three phases.',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'even', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 500 },
  options,
  dense: true,
  table: () => ({
    voltage_l1: quantity(0xe, 'V', [0, 500], 'Voltage of L1 to neutral.', { type: 'f32', decimals: 1 }),
    voltage_l2: quantity(0x10, 'V', [0, 500], 'Voltage of L2 to neutral.', { type: 'f32', decimals: 1 }),
    voltage_l3: quantity(0x12, 'V', [0, 500], 'Voltage of L3 to neutral.', { type: 'f32', decimals: 1 }),
    frequency: quantity(0x14, 'Hz', [40, 70], 'Mains frequency.', { type: 'f32', decimals: 2 }),
    current_l1: quantity(0x16, 'A', [-1000, 1000], 'Current of L1.', { type: 'f32', decimals: 3 }),
    current_l2: quantity(0x18, 'A', [-1000, 1000], 'Current of L2.', { type: 'f32', decimals: 3 }),
    current_l3: quantity(0x1a, 'A', [-1000, 1000], 'Current of L3.', { type: 'f32', decimals: 3 }),
    power: quantity(
      0x1c,
      'W',
      [-250000, 250000],
      'Active power of all phases; negative when energy flows out.',
      { type: 'f32', scale: 1000, decimals: 0 },
    ),
    power_l1: quantity(0x1e, 'W', [-250000, 250000], 'Active power of L1; negative when energy flows out.', {
      type: 'f32',
      scale: 1000,
      decimals: 0,
    }),
    power_l2: quantity(0x20, 'W', [-250000, 250000], 'Active power of L2; negative when energy flows out.', {
      type: 'f32',
      scale: 1000,
      decimals: 0,
    }),
    power_l3: quantity(0x22, 'W', [-250000, 250000], 'Active power of L3; negative when energy flows out.', {
      type: 'f32',
      scale: 1000,
      decimals: 0,
    }),
    total: quantity(0x100, 'kW.h', [0, 100000000], 'Active energy in both directions.', {
      type: 'f32',
      decimals: 3,
    }),
    import: quantity(0x108, 'kW.h', [0, 100000000], 'Active energy drawn.', { type: 'f32', decimals: 3 }),
    export: quantity(0x110, 'kW.h', [0, 100000000], 'Active energy fed in.', { type: 'f32', decimals: 3 }),
  }),
};
