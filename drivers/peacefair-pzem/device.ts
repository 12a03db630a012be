import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'peacefair-pzem',
  aliases: ['pzem-004t', 'pzem-014', 'pzem-016'],
  about: 'Peacefair energy modules PZEM-004T v3, PZEM-014 and PZEM-016.',
  category: 'meter',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 5000, min: 1000 },
  options,
  table: () => ({
    voltage: quantity(0x0, 'V', [0, 300], 'Voltage.', { scale: 0.1 }),
    current: quantity(0x1, 'A', [0, 150], 'Current.', { type: 'u32', word_order: 'low-first', scale: 0.001 }),
    power: quantity(0x3, 'W', [0, 45000], 'Active power.', {
      type: 'u32',
      word_order: 'low-first',
      scale: 0.1,
    }),
    energy: quantity(0x5, 'W.h', [0, 9999990], 'Active energy since it was last reset.', {
      type: 'u32',
      word_order: 'low-first',
    }),
    frequency: quantity(0x7, 'Hz', [40, 70], 'Mains frequency.', { scale: 0.1 }),
    power_factor: quantity(0x8, '1', [0, 1], 'Power factor.', { scale: 0.01 }),
    alarm: {
      kind: 'state',
      at: 9,
      states: { none: 0, overload: 0xffff },
      about: 'Its power alarm threshold is exceeded.',
      privacy: 'plain',
    },
  }),
  defaults: { table: 'input' },
  settings: {
    address: { about: 'unit address', at: 2, values: { min: 1, max: 247 }, factory: 1, moves: true },
    'alarm-watts': {
      about: 'power alarm threshold in W',
      at: 1,
      values: { min: 0, max: 25000 },
      factory: 23000,
    },
  },
};
