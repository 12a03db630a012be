import { z } from 'zod';
import { HEALTH_FACTS } from '../model/index.ts';
import { id, pointId, seconds, text, whole } from './schema-words.ts';

const device = id('A device, real or derived.');
const point = pointId('A point of that device.');
const scalar = z.union([z.boolean(), z.number(), z.string()]);
// A list of the words, as the schema library takes it.
const FACTS = Object.keys(HEALTH_FACTS) as [keyof typeof HEALTH_FACTS, ...(keyof typeof HEALTH_FACTS)[]];

const threshold = z.strictObject({
  type: z.literal('threshold').describe('A number is above or below a limit.'),
  device,
  point,
  above: z.number().describe('It is so above this (unit of the point, after scaling).').optional(),
  below: z.number().describe('It is so below this (unit of the point, after scaling).').optional(),
  hysteresis: z
    .number()
    .min(0)
    .default(0)
    .describe('It is over only when the value is back across the limit by so much.'),
});
const state = z.strictObject({
  type: z.literal('state').describe('A flag or state is one of these.'),
  device,
  point,
  is: z.array(scalar).min(1).default([true]).describe('Values for which it is so; of a flag true or false.'),
});
const schedule = z.strictObject({
  type: z.literal('schedule').describe('A schedule holds.'),
  schedule: id('One of schedules.'),
});
const health = z.strictObject({
  type: z
    .literal('health')
    .describe('A health fact stands, such as device-down of a device or bus-down of a bus.'),
  fact: z.enum(FACTS).describe('Which (src/health/FACTS.md).'),
  of: z
    .union([z.literal(''), id('Id of a device, bus or uplink.')])
    .default('')
    .describe('Device, bus or uplink; left out: the gateway itself.'),
});
const doorAlarm = z.strictObject({
  type: z.literal('door-alarm').describe('An alarm of a door stands.'),
  door: id('A door.'),
  alarms: z.array(text('An alarm of doors: forced, held, tamper …')).min(1).describe('Any of these.'),
});
const where = z
  .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
  .default({})
  .describe('Fields it must have, by their names; of a list one of it.');
const event = z.strictObject({
  type: z.literal('event').describe('Something happens: an event of a device or door.'),
  name: text('Name of the event; device-up and device-down have all devices.'),
  of: id('The device or door; left out: zone says which.').optional(),
  zone: id('All devices and doors of this zone that have such an event.').optional(),
  where,
  until: z
    .strictObject({ name: text('Name of the event, of the same device or door.'), where })
    .describe('It is so until this event.')
    .optional(),
  lasts_s: seconds('It is so for at most so long after each event.', 1, 604_800).optional(),
});

const when = z
  .discriminatedUnion('type', [threshold, state, schedule, health, doorAlarm, event])
  .describe('What the rule is about; left out: a preset says it.');
const and = z
  .discriminatedUnion('type', [threshold, state, schedule, health, doorAlarm])
  .describe('Something that must be so too.');

export const actionSchema = z
  .strictObject({
    target: id('A device or load.'),
    command: text('A command that it has (gatelodge drivers ID; of loads on, off, auto).'),
    args: z.record(z.string(), z.json()).default({}).describe('What the command is told.'),
  })
  .describe('A command, as if somebody gave it: through the inbox, with one outcome, audited.');

const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** Rules that many sites want, by their names; what each stands for is in `presets`. */
export const PRESETS = [
  'door-forced',
  'door-held',
  'night-noise',
  'pm2_5-high',
  'bay-overstay',
  'device-silent',
  'enclosure-opened',
  'reader-tampered',
  'mains-lost',
  'battery-low',
] as const;

const ruleSchema = z
  .strictObject({
    id: id('Name of the rule.'),
    preset: z
      .enum(PRESETS)
      .describe('A rule that is known already, in place of when (src/rules/README.md).')
      .optional(),
    of: z
      .array(id('A device or door.'))
      .min(1)
      .describe('Of a preset: the devices or doors it is about; default: all that have what it needs.')
      .optional(),
    points: z
      .array(
        z
          .strictObject({
            device,
            point,
            inverted: z.boolean().default(false).describe('Of a flag: it is so while the flag is false.'),
          })
          .describe('A point of a device.'),
      )
      .min(1)
      .describe('Of a preset about contacts or charge: where to look; default: points of the usual names.')
      .optional(),
    limit: z.number().describe('Of a preset with a limit: another one.').optional(),
    when: when.optional(),
    and: z.array(and).default([]).describe('It counts only while all of these are so.'),
    while: id('It counts only while this schedule holds.').optional(),
    for_s: seconds('It must be so for so long; default: 0, or as its preset says.', 0, 604_800).optional(),
    clear_for_s: seconds('It is over when it has not been so for so long.', 0, 604_800).default(0),
    alarm: z
      .strictObject({
        severity: z.enum(SEVERITIES).describe('How bad; default: warning, or as its preset says.').optional(),
        message: text('A sentence for people; default: made of what the rule is about.').optional(),
      })
      .describe('An alarm stands while it is so. A preset alarms also without this.')
      .optional(),
    do: z.array(actionSchema).default([]).describe('What is done when it begins.'),
    after: z.array(actionSchema).default([]).describe('What is done when it is over.'),
    stop: z
      .boolean()
      .describe(
        'The gateway ends in order when it begins: outputs to their safe state, records on the disk. Default: false, but of battery-low.',
      )
      .optional(),
    gap_s: seconds('So long between two of its actions at least: a relay wears.', 1, 86_400).default(10),
    per_hour: whole('So often in an hour at most, half of that at once.', 1, 3600).default(30),
  })
  .describe('When this, then that.');

export const rulesSchema = z
  .array(ruleSchema)
  .default([])
  .describe(
    'Alarms and actions: when this, then that. gatelodge check --rules shows what presets stand for.',
  );

export type RuleConfig = z.infer<typeof ruleSchema>;
export type WhenConfig = NonNullable<RuleConfig['when']>;
export type AndConfig = RuleConfig['and'][number];
export type RuleActionConfig = z.infer<typeof actionSchema>;
