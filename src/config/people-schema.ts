import { z } from 'zod';
import { calendarSchema, schedulesSchema } from './door-schema.ts';
import { id } from './schema-words.ts';

/** With its offset: a time of day without one is another moment at every place. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/;
const time = (about: string) =>
  z.string().regex(TIME, 'a time with its offset such as 2026-12-01T18:00+08:00').describe(about);
const word = (about: string) => z.string().min(1).max(120).describe(about);

const right = z.union([
  id('A door, with all of it.'),
  z.strictObject({
    door: id('A door.'),
    side: z.enum(['in', 'out']).describe('Only this way.').optional(),
    floors: z.array(id('A floor.')).min(1).max(200).describe('Of a lift: these floors.').optional(),
  }),
]);

const group = z
  .strictObject({
    id: word('Its name in the list.'),
    doors: z.array(right).min(1).max(1000).describe('What it opens.'),
    schedule: word('When; left out: always.').optional(),
    keep: z.boolean().default(false).describe('It stays when the list is past offline_until.'),
    without_clock: z
      .boolean()
      .default(false)
      .describe('It opens what is dated or scheduled also while nobody has told the gateway the time.'),
  })
  .describe('What several people open, and when.');

const credential = z
  .strictObject({
    id: word('Its own for ever; what revokes it names this.'),
    who: word('A pseudonym; events carry it.'),
    card: word('The number as the reader tells it. Kept as a token only.').optional(),
    pin: z
      .string()
      .regex(/^\d{4,12}$/, '4 to 12 digits in quotes')
      .describe('A PIN that opens by itself or, beside a card, goes with it.')
      .optional(),
    groups: z.array(word('A group.')).max(64).default([]).describe('What it opens.'),
    from: time('It opens nothing before.').optional(),
    until: time('It opens nothing from then on.').optional(),
    visitor: z.boolean().default(false).describe('A visitor: not while nobody has told the time.'),
    extended: z.boolean().default(false).describe('For somebody who needs longer.'),
    override: z.boolean().default(false).describe('It opens in a lockdown too.'),
  })
  .describe('A card, a PIN, or both.');

/** Who opens what, as a person or a platform writes it down to have it signed. */
export const peopleSchema = z.strictObject({
  offline_until: time('Without a newer list by then only groups marked keep open.').optional(),
  groups: z.array(group).default([]).describe('Groups.'),
  schedules: schedulesSchema,
  calendar: calendarSchema,
  credentials: z.array(credential).default([]).describe('Cards and PINs.'),
  revoked: z
    .array(word('An id of a credential or visitor token.'))
    .max(10_000)
    .default([])
    .describe('They open nothing from the first page on.'),
  removed: z
    .strictObject({
      groups: z.array(word('Its name.')).default([]),
      schedules: z.array(word('Its name.')).default([]),
      credentials: z.array(word('Its id.')).default([]),
      days: z.array(z.string()).default([]),
    })
    .describe('Of changes only: what is not in the list any more.')
    .optional(),
});

export type PeopleConfig = z.infer<typeof peopleSchema>;
