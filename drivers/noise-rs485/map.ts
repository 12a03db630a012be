import { z } from 'zod';
import { type RegisterTable, registerMap } from '#kit';

export const options = z.strictObject({
  register: z
    .int()
    .min(0)
    .max(65535)
    .default(0)
    .describe('Where the level is: 0 on most, 14 (0x000E) on GEMHO'),
});
export type Options = z.infer<typeof options>;

/** One row: what it is, where it is. */
export const tableFor = ({ register }: Options) =>
  ({
    noise: {
      kind: 'number',
      at: register,
      scale: 0.1,
      unit: 'dB[A]',
      min: 30,
      max: 120,
      about: 'Sound level, slow, indicative (not an IEC 61672 instrument).',
      privacy: 'plain',
    },
  }) as const satisfies RegisterTable;

export const mapFor = (options: Options) => registerMap(tableFor(options));
