import { z } from 'zod';

export const options = z.strictObject({
  channel: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe('Camera of a recorder, counted from 1; 1 of a single camera'),
  stream: z.enum(['main', 'sub']).default('main').describe('Which picture: the large one, or the small one'),
  counted_from: z
    .union([z.literal('auto'), z.literal(0), z.literal(1)])
    .default('auto')
    .describe('Number of the first channel in addresses of pictures: firmwares differ; auto tries 1, then 0'),
  output: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe('Alarm output that the commands switch, counted from 1; left out: it has none'),
  rest: z
    .enum(['off', 'auto', 'hold'])
    .default('off')
    .describe(
      'What becomes of the output when the gateway stops, or begins after it did not end well; auto gives it back to the events of the camera',
    ),
});
export type Options = z.infer<typeof options>;
