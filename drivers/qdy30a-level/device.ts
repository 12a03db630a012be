import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({
  unit: z
    .enum(['mm', 'cm', 'm', 'kPa'])
    .default('cm')
    .describe('What its unit register (2) is set to; ask the seller'),
  decimals: z.int().min(0).max(3).default(1).describe('What its decimals register (3) is set to'),
  most: z.number().positive().default(500).describe('Its range, in that unit: more is told as out of range'),
});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'qdy30a-level',
  aliases: ['qdy30a'],
  about: 'QDY30A submersible level transmitters on RS485, and the many relatives of them.',
  category: 'level',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 5000, min: 500 },
  options,
  table: ({ unit, decimals, most }) => ({
    level: quantity(4, unit, [-most / 10, most], 'Level above the probe; below 0 its zero has drifted.', {
      type: 'i16',
      scale: 10 ** -decimals,
      decimals,
    }),
  }),
  settings: {
    address: { about: 'unit address', at: 0, values: { min: 1, max: 247 }, factory: 1, moves: true },
  },
};
