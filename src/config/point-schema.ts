import { z } from 'zod';
import { POINT_PATTERN } from '../model/index.ts';

const pointSchema = z
  .strictObject({
    lane: z
      .enum(['b', 'c'])
      .optional()
      .describe('b: within 0.5 s; c: with the telemetry. Numbers go to c, changes of state to b.'),
    deadband: z
      .number()
      .min(0)
      .optional()
      .describe('Changes up to this are not sent (unit of the point, after scaling).'),
    deadband_percent: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe('The same in percent of the value sent last.'),
    min_interval_s: z
      .number()
      .min(0)
      .max(86_400)
      .optional()
      .describe('Not more often than this; the latest value is sent then.'),
    max_interval_s: z
      .number()
      .min(1)
      .max(86_400)
      .optional()
      .describe('At least this often, changed or not, while it answers.'),
    scale: z.number().optional().describe('value × scale + offset.'),
    offset: z.number().optional().describe('value × scale + offset.'),
    range: z
      .tuple([z.number(), z.number()])
      .optional()
      .describe('Plausible lowest and highest value; outside it is marked.'),
  })
  .describe('What happens to the readings of one point.');

/** By the names of the points; of a device, real or derived. */
export const pointRules = z
  .record(z.string().regex(POINT_PATTERN, 'one of its points'), pointSchema)
  .default({})
  .describe('Rules for single points.');

export type PointConfig = z.infer<typeof pointSchema>;
