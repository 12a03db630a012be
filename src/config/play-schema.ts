import { z } from 'zod';
import { HEALTH_FACTS } from '../model/index.ts';
import { id, pointId, seconds, text, whole } from './schema-words.ts';

const scalar = z.union([z.number(), z.boolean(), z.string()]);
// A list of the words, as the schema library takes it.
const FACTS = Object.keys(HEALTH_FACTS) as [keyof typeof HEALTH_FACTS, ...(keyof typeof HEALTH_FACTS)[]];
const CLOCK = /^(\d{4}-\d{2}-\d{2} )?\d{1,2}:\d{2}(:\d{2})?$/;

const wish = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('rule').describe('A rule stands, or does not.'),
      rule: id('Id of a rule.'),
      of: z.string().describe('About this; left out: about anything.').optional(),
      part: pointId('About this point or bay of it.').optional(),
      stands: z.boolean().default(true).describe('It has begun and is not over; false: it is not so.'),
    }),
    z.strictObject({
      type: z.literal('command').describe('Rules have told a device something since the beginning.'),
      target: id('What was told.'),
      command: text('The command.'),
      args: z.record(z.string(), z.json()).default({}).describe('Arguments it had; there may be more.'),
      times: whole('So often; left out: once or oftener.', 0, 1_000_000).optional(),
    }),
    z.strictObject({
      type: z.literal('stop').describe('A rule has ended the gateway.'),
      stands: z.boolean().default(true).describe('false: none has.'),
    }),
  ])
  .describe('Something that must be so.');

const common = {
  at: z
    .string()
    .regex(CLOCK, 'a time such as 22:05, or 2026-11-24 22:05')
    .describe(
      'When, by the clocks of the site: 22:05, 22:05:30, or with its day; a time of day is the next one. Left out: with the step before.',
    )
    .optional(),
  after_s: seconds('So long after the step before, in place of at.', 0, 31_622_400).optional(),
  expect: z.array(wish).min(1).describe('What must be so once this was played.').optional(),
};

const step = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('readings').describe('Values come.'),
      ...common,
      values: z
        .record(z.string(), z.union([scalar, z.null()]))
        .describe('By DEVICE.POINT, in the unit of the point, after scaling; null: it has no value.'),
      quality: z
        .enum(['good', 'stale', 'out-of-range', 'suspect', 'simulated'])
        .default('good')
        .describe('What they are worth.'),
    }),
    z.strictObject({
      type: z.literal('event').describe('A device or door tells something.'),
      ...common,
      of: id('The device or door.'),
      name: text('Name of the event.'),
      fields: z.record(z.string(), z.json()).default({}).describe('What it says.'),
    }),
    z.strictObject({
      type: z.literal('door').describe('Alarms of a door stand from now on, and no others.'),
      ...common,
      door: id('The door.'),
      alarms: z.array(text('An alarm of doors: forced, held, tamper …')).describe('Which; [] none.'),
    }),
    z.strictObject({
      type: z.literal('health').describe('A health fact stands, or no longer does.'),
      ...common,
      fact: z.enum(FACTS).describe('Which (src/health/FACTS.md).'),
      of: z
        .union([z.literal(''), id('Id of a device, bus or uplink.')])
        .default('')
        .describe('Of what; left out: of the gateway itself.'),
      stands: z.boolean().default(true).describe('false: it is over.'),
    }),
    z.strictObject({
      type: z.literal('silent').describe('Devices no longer answer: what was known of them is stale.'),
      ...common,
      devices: z.array(id('A device.')).min(1).describe('Which.'),
    }),
    z.strictObject({
      type: z.literal('answers').describe('Devices answer again.'),
      ...common,
      devices: z.array(id('A device.')).min(1).describe('Which.'),
    }),
    z.strictObject({
      type: z.literal('clock').describe('The time of day becomes known, or is no longer.'),
      ...common,
      known: z.boolean().describe('Whether it is known.'),
    }),
    z.strictObject({ type: z.literal('wait').describe('Time passes, and nothing comes.'), ...common }),
  ])
  .describe('Something that happens.');

/** A file of events for `check --dry-run`. */
export const playSchema = z.strictObject({
  start: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2} \d{1,2}:\d{2}(:\d{2})?$/, 'a day and a time such as 2026-11-24 21:30')
    .describe('When it begins, by the clocks of the site: 2026-11-24 21:30.'),
  steps: z.array(step).min(1).describe('What happens, one after the other.'),
});

export type PlayConfig = z.infer<typeof playSchema>;
export type StepConfig = PlayConfig['steps'][number];
export type WishConfig = z.infer<typeof wish>;
