import { z } from 'zod';
import { quantity, type RegisterDevice, type RegisterTable } from '#kit';

export const options = z.strictObject({
  model: z
    .enum(['sdm120', 'sdm230', 'sdm630'])
    .default('sdm630')
    .describe('SDM120 and SDM230 have one phase, SDM630 three'),
});
export type Options = z.infer<typeof options>;

/** Input registers, floats of two registers. */
const onePhase: RegisterTable = {
  voltage: quantity(0x0, 'V', [0, 500], 'Voltage to neutral.', { type: 'f32', decimals: 1 }),
  current: quantity(0x6, 'A', [-1000, 1000], 'Current.', { type: 'f32', decimals: 3 }),
  power: quantity(0xc, 'W', [-250000, 250000], 'Active power; negative when energy flows out.', {
    type: 'f32',
    decimals: 1,
  }),
  apparent: quantity(0x12, 'VA', [-250000, 250000], 'Apparent power.', { type: 'f32', decimals: 1 }),
  reactive: quantity(0x18, 'var', [-250000, 250000], 'Reactive power.', { type: 'f32', decimals: 1 }),
  power_factor: quantity(0x1e, '1', [-1, 1], 'Power factor.', { type: 'f32', decimals: 3 }),
  frequency: quantity(0x46, 'Hz', [40, 70], 'Mains frequency.', { type: 'f32', decimals: 2 }),
  import: quantity(0x48, 'kW.h', [0, 100000000], 'Active energy drawn.', { type: 'f32', decimals: 3 }),
  export: quantity(0x4a, 'kW.h', [0, 100000000], 'Active energy fed in.', { type: 'f32', decimals: 3 }),
  total: quantity(0x156, 'kW.h', [0, 100000000], 'Active energy in both directions.', {
    type: 'f32',
    decimals: 3,
  }),
};

const threePhases: RegisterTable = {
  voltage_l1: quantity(0x0, 'V', [0, 500], 'Voltage of L1 to neutral.', { type: 'f32', decimals: 1 }),
  voltage_l2: quantity(0x2, 'V', [0, 500], 'Voltage of L2 to neutral.', { type: 'f32', decimals: 1 }),
  voltage_l3: quantity(0x4, 'V', [0, 500], 'Voltage of L3 to neutral.', { type: 'f32', decimals: 1 }),
  current_l1: quantity(0x6, 'A', [-1000, 1000], 'Current of L1.', { type: 'f32', decimals: 3 }),
  current_l2: quantity(0x8, 'A', [-1000, 1000], 'Current of L2.', { type: 'f32', decimals: 3 }),
  current_l3: quantity(0xa, 'A', [-1000, 1000], 'Current of L3.', { type: 'f32', decimals: 3 }),
  power_l1: quantity(0xc, 'W', [-250000, 250000], 'Active power of L1; negative when energy flows out.', {
    type: 'f32',
    decimals: 1,
  }),
  power_l2: quantity(0xe, 'W', [-250000, 250000], 'Active power of L2; negative when energy flows out.', {
    type: 'f32',
    decimals: 1,
  }),
  power_l3: quantity(0x10, 'W', [-250000, 250000], 'Active power of L3; negative when energy flows out.', {
    type: 'f32',
    decimals: 1,
  }),
  power: quantity(
    0x34,
    'W',
    [-250000, 250000],
    'Active power of all phases; negative when energy flows out.',
    { type: 'f32', decimals: 1 },
  ),
  apparent: quantity(0x38, 'VA', [-250000, 250000], 'Apparent power.', { type: 'f32', decimals: 1 }),
  reactive: quantity(0x3c, 'var', [-250000, 250000], 'Reactive power of all phases.', {
    type: 'f32',
    decimals: 1,
  }),
  power_factor: quantity(0x3e, '1', [-1, 1], 'Power factor.', { type: 'f32', decimals: 3 }),
  frequency: quantity(0x46, 'Hz', [40, 70], 'Mains frequency.', { type: 'f32', decimals: 2 }),
  import: quantity(0x48, 'kW.h', [0, 100000000], 'Active energy drawn.', { type: 'f32', decimals: 3 }),
  export: quantity(0x4a, 'kW.h', [0, 100000000], 'Active energy fed in.', { type: 'f32', decimals: 3 }),
  total: quantity(0x156, 'kW.h', [0, 100000000], 'Active energy in both directions.', {
    type: 'f32',
    decimals: 3,
  }),
};

export const device: RegisterDevice<Options> = {
  id: 'eastron-sdm',
  aliases: ['eastron'],
  about: 'Eastron energy meters SDM120, SDM230 (one phase) and SDM630 (three phases).',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 500 },
  options,
  dense: true,
  table: ({ model }) => (model === 'sdm630' ? threePhases : onePhase),
  defaults: { table: 'input' },
};
