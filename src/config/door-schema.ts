import { z } from 'zod';
import { ID_PATTERN } from '../model/index.ts';
import { ID_FORM, id, millis, pointId, seconds, text, whole } from './schema-words.ts';

/** A flag of a device as an input of a door. */
const input = (about: string) =>
  z
    .strictObject({
      device: id('Device of this gateway.'),
      point: pointId('A flag of that device.'),
      inverted: z.boolean().default(false).describe('It is so while the flag is false.'),
    })
    .describe(about);

const relay = (about: string) =>
  z
    .strictObject({
      device: id('A relay board; its locks name this relay too.'),
      channel: whole('Relay of that board, counted from 1.', 1, 64).default(1),
      wiring: z
        .enum(['fail-secure', 'fail-safe'])
        .default('fail-secure')
        .describe(
          'fail-secure: power unlocks. fail-safe (every magnet): power locks, so the relay is on at rest and must rest on or hold.',
        ),
    })
    .describe(about);

const exit = (about: string) =>
  z
    .strictObject({
      ...input(about).shape,
      mode: z
        .enum(['unlock', 'shunt'])
        .default('unlock')
        .describe('unlock: it opens. shunt: it only says that the opening is no break-in.'),
    })
    .describe(about);

const reader = (about: string) =>
  z
    .strictObject({
      device: id('A reader.'),
      needs: z
        .enum(['card', 'card-and-pin', 'card-or-pin', 'pin'])
        .default('card')
        .describe('What it takes to be let through.'),
    })
    .describe(about);

const sides = <T extends z.ZodType>(of: (about: string) => T, what: string) =>
  z
    .strictObject({
      in: of(`${what} of the outside, for going in.`).optional(),
      out: of(`${what} of the inside, for going out.`).optional(),
    })
    .prefault({});

const common = {
  id: id('Id of the door for ever; no device has it.'),
  name: text('Name for people.').optional(),
  zone: id('Where it is.').optional(),
  readers: sides(reader, 'Reader').describe('Who asks to be let through.'),
  unlock_s: seconds('It is unlocked for so long.', 0.5, 300).default(5),
  extended_s: seconds('For people who need longer.', 1, 600).default(15),
  fire: z
    .strictObject({
      inputs: z
        .array(id('One of fire_inputs.'))
        .default([])
        .describe('It is released while one of them is active.'),
      unreadable: z
        .enum(['release', 'hold'])
        .optional()
        .describe('When one cannot be read; default: release on an escape route, else hold.'),
      after: z
        .enum(['relock', 'stay'])
        .default('relock')
        .describe('When the fire is over: as before, or released until somebody resets it.'),
    })
    .prefault({})
    .describe('Fire inputs it follows. The release in hardware stays the safety path.'),
  schedule: id('It is unlocked while this schedule says so.').optional(),
  tampers: z.array(input('A tamper contact; true: open.')).default([]).describe('Tamper contacts.'),
};

const passage = {
  contacts: sides(input, 'Contact').describe(
    'True: open. A door has one or two (leaves), a turnstile one by side.',
  ),
  debounce_ms: millis('A level of the contact counts when it lasts so long.', 0, 1000).default(50),
  held_s: seconds('Open longer than this is an alarm. 0: never.', 0, 3600).default(30),
  extended_held_s: seconds('The same for people who need longer.', 0, 3600).default(60),
  prealarm_s: seconds('So long before the alarm it is told. 0: not.', 0, 600).default(10),
  exits: sides(exit, 'Exit button').describe('Exit buttons; true: pressed.'),
  escape_route: z
    .boolean()
    .default(false)
    .describe(
      'Exit buttons open it in lockdown and against the interlock, and a fire input that cannot be read releases it.',
    ),
  lockdown_exit: z.boolean().default(true).describe('Exit buttons open it in a lockdown.'),
  interlock: id('Doors that name the same word are open one at a time.').optional(),
  areas: z
    .strictObject({ outside: id('Area one comes from.'), inside: id('Area one goes into.') })
    .optional()
    .describe('For anti-passback: where its sides lead. It is soft: told, and opens.'),
};

const doorSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      ...common,
      type: z.literal('door').describe('A door with one lock.'),
      lock: relay('The lock.'),
      relock: z
        .enum(['on-close', 'on-open', 'on-time'])
        .default('on-close')
        .describe('What locks it before its time is over: closing, opening, or nothing.'),
      ...passage,
    }),
    z.strictObject({
      ...common,
      type: z.literal('turnstile').describe('A turnstile: each side is freed by itself, for one person.'),
      lock_in: relay('Frees the way in.'),
      lock_out: relay('Frees the way out.'),
      ...passage,
    }),
    z.strictObject({
      ...common,
      type: z.literal('barrier').describe('A barrier for vehicles.'),
      open: relay('Opens it.'),
      close: relay('Closes it; left out: it closes when the other falls.').optional(),
      stop: relay('Stops it.').optional(),
      presence: input('Whether a vehicle stands below; true: one does. It never closes then.').optional(),
      on_presence: z
        .enum(['open', 'stop'])
        .default('open')
        .describe('When a vehicle comes below while it closes.'),
      close_delay_s: seconds('It closes so long after nothing stands below.', 0, 60).default(2),
      travel_s: seconds('It needs so long to move.', 1, 60).default(6),
      ...passage,
    }),
    z.strictObject({
      ...common,
      type: z.literal('lift').describe('A lift: each card frees its floors for a time.'),
      floors: z
        .record(z.string().regex(ID_PATTERN, ID_FORM), relay('Frees this floor.'))
        .describe('Its floors, by the names that groups of credentials use.'),
    }),
  ])
  .describe('A door, and what belongs to it. All of it hangs on this gateway.');

export const doorsSchema = z.array(doorSchema).default([]).describe('Doors, turnstiles, barriers and lifts.');

export const fireInputsSchema = z
  .array(
    z
      .strictObject({ id: id('Name of the fire input.'), ...input('').shape })
      .describe(
        'A contact of the fire panel; true: fire. Wired normally closed (inverted) a cut wire is seen.',
      ),
  )
  .default([])
  .describe('Contacts of the fire panel that doors follow.');

const TIME = 'a time such as 08:30, up to 24:00';
const time = (about: string) =>
  z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, TIME)
    .describe(about);
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'holiday'] as const;

const scheduleSchema = z
  .strictObject({
    id: id('Name of the schedule.'),
    spans: z
      .array(
        z
          .strictObject({
            days: z
              .array(z.enum(DAYS))
              .min(1)
              .describe('Days on which it begins; holiday takes the place of the weekday.'),
            from: time('It begins then, by the clocks of the site.'),
            to: time('It ends then; not after from: on the next day.'),
          })
          .describe('A time of day.'),
      )
      .min(1)
      .describe('When it holds.'),
  })
  .describe('Times of the week.');

export const schedulesSchema = z
  .array(scheduleSchema)
  .default([])
  .describe('Times of the week, for doors, loads and rules.');

export const calendarSchema = z
  .record(
    z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'a date such as 2026-10-01'),
    z.enum(DAYS).describe('What this day counts as.'),
  )
  .default({})
  .describe('Days that are not what their weekday says: holidays, and days on which one works for them.');

/** A schedule as it is written → in minutes of the day, as access and the contract have it. */
export const scheduleOf = ({ id, spans }: z.infer<typeof scheduleSchema>) => ({
  id,
  spans: spans.map(({ days, from, to }) => ({ days, from_min: minutes(from), to_min: minutes(to) })),
});

function minutes(time: string): number {
  const [hours, rest] = time.split(':');
  return Number(hours) * 60 + Number(rest);
}

export type DoorConfig = z.infer<typeof doorSchema>;
export type FireInputConfig = z.infer<typeof fireInputsSchema>[number];
export type DoorRelayConfig = Extract<DoorConfig, { type: 'door' }>['lock'];
export type DoorPointConfig = Pick<FireInputConfig, 'device' | 'point' | 'inverted'>;
