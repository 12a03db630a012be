import { z } from 'zod';

export const options = z.strictObject({
  channel: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe('Video source, counted from 1 in the order of its profiles'),
  stream: z
    .enum(['main', 'sub'])
    .default('main')
    .describe('First or second profile of that source: the large picture, or the small one'),
  profile: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, 'a token as the camera writes it')
    .optional()
    .describe('Token of the profile, in place of channel and stream'),
  output: z
    .union([
      z.int().min(1).max(16),
      z.string().regex(/^[\x21-\x7e]{1,64}$/, 'a token as the camera writes it'),
    ])
    .optional()
    .describe('Relay output that the commands switch: counted from 1, or its token; left out: it has none'),
  rest: z
    .enum(['off', 'hold'])
    .default('off')
    .describe('What becomes of the output when the gateway stops, or begins after it did not end well'),
  service: z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with / and has no blanks')
    .default('/onvif/device_service')
    .describe('Where its device service is; the standard says so'),
  other_host: z
    .enum(['refuse', 'rewrite'])
    .default('refuse')
    .describe(
      'The camera says that its pictures are at another address than that of the bus: refuse them, or ask the address of the bus for them all the same (a camera behind a router)',
    ),
});
export type Options = z.infer<typeof options>;
