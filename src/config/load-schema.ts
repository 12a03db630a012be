import { z } from 'zod';
import { id, pointId, seconds, text, whole } from './schema-words.ts';

const loadSchema = z
  .strictObject({
    id: id('Id of the load for ever; no device or door has it.'),
    name: text('Name for people.').optional(),
    zone: id('Where it is.').optional(),
    relays: z
      .array(
        z
          .strictObject({
            device: id('A relay board.'),
            channel: whole('Relay of that board, counted from 1.', 1, 64).default(1),
            contact: z
              .enum(['normally-open', 'normally-closed'])
              .default('normally-open')
              .describe('Contact it is wired to. normally-closed: it is on while the relay is off.'),
          })
          .describe('A relay that switches a part of it.'),
      )
      .min(1)
      .describe('Relays that are switched together, in this order.'),
    stagger_ms: whole('Between two relays: lamps draw most when they are switched on.', 0, 60_000).default(
      500,
    ),
    schedule: id('It is on while this schedule holds; left out: only by command or switch.').optional(),
    switch: z
      .strictObject({
        device: id('Device of a switch or button at the place.'),
        point: pointId('A flag of that device; true: closed, pressed.'),
        inverted: z.boolean().default(false).describe('It is closed while the flag is false.'),
        type: z
          .enum(['momentary', 'maintained'])
          .default('momentary')
          .describe(
            'momentary: each press turns it over, until the schedule changes. maintained: it is on while the switch is closed.',
          ),
        lasts_s: seconds(
          'What was switched there lasts so long at most; left out: until the schedule changes, or the switch is opened.',
          1,
          604_800,
        ).optional(),
      })
      .describe('A switch at the place; its word goes before the schedule.')
      .optional(),
    on_stop: z
      .enum(['hold', 'rest'])
      .default('hold')
      .describe(
        'When the gateway ends: hold, it stays as it is and nothing flickers at a restart; rest, its relays go to the safe state of their board.',
      ),
  })
  .describe('Lights or another load, switched by relays.');

export const loadsSchema = z
  .array(loadSchema)
  .default([])
  .describe('Lights and other loads: by schedule, by a switch at the place, by commands (on, off, auto).');

export type LoadConfig = z.infer<typeof loadSchema>;
