import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({
  energy_at: z
    .union([z.literal(0x101e), z.literal(0x401e)])
    .default(0x101e)
    .describe('Where the energies begin: 4126 (0x101E) or 16414 (0x401E); public lists differ by firmware'),
});
export type Options = z.infer<typeof options>;

/** Floats that still have to be scaled, as counts of a display without its point. */
const ROWS = {
  voltage_l1: quantity(0x2006, 'V', [0, 500], 'Voltage of L1 to neutral.', {
    type: 'f32',
    scale: 0.1,
    decimals: 1,
  }),
  voltage_l2: quantity(0x2008, 'V', [0, 500], 'Voltage of L2 to neutral.', {
    type: 'f32',
    scale: 0.1,
    decimals: 1,
  }),
  voltage_l3: quantity(0x200a, 'V', [0, 500], 'Voltage of L3 to neutral.', {
    type: 'f32',
    scale: 0.1,
    decimals: 1,
  }),
  current_l1: quantity(0x200c, 'A', [-1000, 1000], 'Current of L1.', {
    type: 'f32',
    scale: 0.001,
    decimals: 3,
  }),
  current_l2: quantity(0x200e, 'A', [-1000, 1000], 'Current of L2.', {
    type: 'f32',
    scale: 0.001,
    decimals: 3,
  }),
  current_l3: quantity(0x2010, 'A', [-1000, 1000], 'Current of L3.', {
    type: 'f32',
    scale: 0.001,
    decimals: 3,
  }),
  power: quantity(
    0x2012,
    'W',
    [-250000, 250000],
    'Active power of all phases; negative when energy flows out.',
    { type: 'f32', scale: 0.1, decimals: 1 },
  ),
  power_l1: quantity(0x2014, 'W', [-250000, 250000], 'Active power of L1; negative when energy flows out.', {
    type: 'f32',
    scale: 0.1,
    decimals: 1,
  }),
  power_l2: quantity(0x2016, 'W', [-250000, 250000], 'Active power of L2; negative when energy flows out.', {
    type: 'f32',
    scale: 0.1,
    decimals: 1,
  }),
  power_l3: quantity(0x2018, 'W', [-250000, 250000], 'Active power of L3; negative when energy flows out.', {
    type: 'f32',
    scale: 0.1,
    decimals: 1,
  }),
  reactive: quantity(0x201a, 'var', [-250000, 250000], 'Reactive power of all phases.', {
    type: 'f32',
    scale: 0.1,
    decimals: 1,
  }),
  power_factor: quantity(0x202a, '1', [-1, 1], 'Power factor.', { type: 'f32', scale: 0.001, decimals: 3 }),
  frequency: quantity(0x2044, 'Hz', [40, 70], 'Mains frequency.', { type: 'f32', scale: 0.01, decimals: 2 }),
};

export const device: RegisterDevice<Options> = {
  id: 'chint-dtsu666',
  aliases: ['dtsu666'],
  about: 'Chint DTSU666 energy meter, three phases.',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 500 },
  options,
  dense: true,
  table: ({ energy_at }) => ({
    ...ROWS,
    import: quantity(energy_at, 'kW.h', [0, 100000000], 'Active energy drawn.', { type: 'f32', decimals: 2 }),
    export: quantity(energy_at + 10, 'kW.h', [0, 100000000], 'Active energy fed in.', {
      type: 'f32',
      decimals: 2,
    }),
  }),
};
