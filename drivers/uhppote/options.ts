import { z } from 'zod';
import * as codec from './codec.ts';

export const options = z.strictObject({
  serial: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .default(0)
    .describe('Serial number on the board; 0: the only controller that answers on this bus'),
  doors: z.int().min(1).max(codec.DOORS).default(4).describe('Doors of the controller'),
  history: z
    .enum(['from-now', 'all'])
    .default('from-now')
    .describe(
      'A controller that no gateway has read before: its events from now on, or all that it has kept',
    ),
  rest: z
    .enum(['controlled', 'hold'])
    .default('hold')
    .describe(
      'When the gateway ends, and after it died: hold leaves every door as it is set; controlled gives those that are set to open back to cards and buttons, but not in a fire',
    ),
});
export type Options = z.infer<typeof options>;

const door = z.int().min(1).max(codec.DOORS).describe('Door, counted from 1');
export const openArgs = z.strictObject({
  door,
  ms: z
    .int()
    .min(0)
    .max(codec.LONGEST_DELAY_S * 1000)
    .default(0)
    .describe('How long it is unlocked, rounded up to seconds; the door keeps it. 0: as the door is set'),
});
export const doorArgs = z.strictObject({
  door,
  mode: z
    .enum(['open', 'closed', 'controlled'])
    .describe('Open or closed whatever comes, or as cards and buttons say'),
  delay_s: z.int().min(0).max(codec.LONGEST_DELAY_S).describe('How long it is unlocked when it is opened'),
});
