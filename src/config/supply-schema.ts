import { z } from 'zod';
import { id, seconds, whole } from './schema-words.ts';

export const supplySchema = z
  .strictObject({
    id: id('Name of the supply, for powered_by of the devices that it feeds.'),
    relay: id('The relay board its current goes through: a device with relays that show how they stand.'),
    channel: whole('Relay of that board, counted from 1.', 1, 64).default(1),
    contact: z
      .enum(['normally-closed', 'normally-open'])
      .default('normally-closed')
      .describe(
        'Contact it is wired to. normally-closed: current flows while the relay is off, also without board or gateway. normally-open: the relay must rest on.',
      ),
    silent_s: seconds('Its devices must be silent so long before it is cut.', 60, 86_400).default(600),
    when: z
      .enum(['all', 'any'])
      .default('all')
      .describe(
        'With several devices: all of them must be silent, or one is enough (the others lose their power too).',
      ),
    off_s: seconds('It is cut for so long; boards that time in steps round up.', 1, 600).default(10),
    most_per_day: whole('So many times in any 24 hours at most; then somebody must look.', 1, 24).default(3),
  })
  .describe('A supply that the gateway may cut and give again when what it feeds is silent.');

export type SupplyConfig = z.infer<typeof supplySchema>;
