import { z } from 'zod';

export const options = z.strictObject({
  channel: z.int().min(1).max(256).default(1).describe('Camera of a recorder; 1 of a single camera'),
  stream: z.enum(['main', 'sub']).default('main').describe('Which picture: the large one, or the small one'),
  output: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe('Alarm output that the commands switch; left out: it has none'),
  rest: z
    .enum(['off', 'hold'])
    .default('off')
    .describe('What becomes of the output when the gateway stops, or begins after it did not end well'),
});
export type Options = z.infer<typeof options>;
