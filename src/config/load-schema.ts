import { z } from 'zod';
import { id, pointId, seconds, text, whole } from './schema-words.ts';

const step = (about: string) =>
  z
    .strictObject({
      command: text('A command of the device.'),
      args: z.record(z.string(), z.json()).default({}).describe('What the command is told.'),
    })
    .describe(about);

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
          })
          .describe('A relay that feeds a part of it.'),
      )
      .default([])
      .describe('Relays that are switched together.'),
    outputs: z
      .array(
        z
          .strictObject({
            device: id('A device that is switched by commands of its own, such as an I/O module.'),
            on: step('What switches it on.'),
            off: step('What switches it off.'),
            point: pointId('A flag of that device that shows whether it is on.').optional(),
          })
          .describe('A part of it that is no relay of a board.'),
      )
      .default([])
      .describe('Other outputs that are switched with them.'),
    schedule: id('It is on while this schedule holds.').optional(),
    dusk: z
      .strictObject({
        device: id('A device that measures light, real or derived.'),
        point: pointId('A number of that device.'),
        below: z.number().describe('It is dark below this (unit of the point).'),
        hysteresis: z.number().min(0).default(0).describe('It is light again above the limit by so much.'),
        for_s: seconds(
          'It must be dark or light for so long: a cloud or a lamp is no evening.',
          0,
          7200,
        ).default(300),
      })
      .describe('It is on while it is dark; with a schedule: while it is dark and the schedule holds.')
      .optional(),
    button: z
      .strictObject({
        device: id('Device of a push button.'),
        point: pointId('A flag of that device; true: pressed.'),
        inverted: z.boolean().default(false).describe('It is pressed while the flag is false.'),
      })
      .describe('Switches it over by hand, on or off, and back to automatic after override_s.')
      .optional(),
    override_s: seconds('What was switched by hand is automatic again after so long.', 1, 604_800).default(
      14_400,
    ),
  })
  .describe('Lights or another load, switched by relays.');

export const loadsSchema = z
  .array(loadSchema)
  .default([])
  .describe('Lights and other loads: on by schedule or in the dark, and by hand (commands on, off, auto).');

export type LoadConfig = z.infer<typeof loadSchema>;
