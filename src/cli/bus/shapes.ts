import { z } from 'zod';

const text = (about: string) => z.string().describe(about);
const number = (about: string) => z.number().describe(about);
const flag = (about: string) => z.boolean().describe(about);
const units = (about: string) => z.array(z.number()).describe(about);
const value = z.union([z.number(), z.boolean(), z.string()]).nullable();
const options = z.record(z.string(), z.json()).describe('Options with which the driver fits').optional();

const setting = z.looseObject({
  baud: number('Speed'),
  parity: z.enum(['none', 'even', 'odd']).describe('Parity'),
});
const place = z.looseObject({ unit: number('Address'), setting });

const unit = z.looseObject({
  unit: number('Address'),
  setting,
  answers: z
    .enum(['reply', 'exception', 'damaged'])
    .describe(
      'exception: it refused what it was asked, and is there all the same; damaged: never a whole answer',
    ),
  answer_ms: number('From the end of a question to the beginning of its answer'),
  shared: flag('More than one unit answers at this address'),
  any_address: z.literal(true).describe('It answers at every address (Modbus TCP)').optional(),
  says: z.record(z.string(), z.string()).describe('vendor, product, revision, as it says itself').optional(),
  looks_like: z
    .array(
      z.looseObject({
        driver: text('Driver id'),
        options,
        certainty: z.enum(['strong', 'fair', 'weak']).describe('How sure'),
        relays: z.literal(true).describe('It moves something').optional(),
        evidence: z.array(text('What shows it')),
      }),
    )
    .describe('The likeliest first'),
  device: text('Device of the site file that is there').optional(),
});

const stream = z.looseObject({
  setting,
  driver: text('Driver id'),
  options,
  frames: number('Frames heard'),
  share: number('Share of what was heard that is frames of it, 1 = all'),
  values: z.record(z.string(), value).describe('What it said last, by point'),
});

const tried = z.looseObject({
  setting,
  how: z.enum(['listened', 'likely', 'swept']).describe('likely: likely addresses; swept: one by one'),
  units: z.array(z.array(z.number())).describe('Addresses that were asked, as [from, to]'),
  asked: number('Questions'),
  answered: number('Answers'),
  ms: number('How long that took'),
});

export const scanShape = z.looseObject({
  found: z.array(unit).describe('Who answers'),
  streams: z.array(stream).describe('Who speaks unasked'),
  heard: z.array(
    z.looseObject({
      setting,
      what: z.enum(['master', 'noise', 'damaged']).describe('master: another one asks units here'),
      bytes: number('How much'),
      units: units('Whom it is about'),
    }),
  ),
  tried: z.array(tried),
  not_tried: z.array(text('What was not done, and why')),
  silent: z.array(text('Device of the site file that did not answer')),
  advice: z
    .array(
      z.looseObject({
        code: z
          .enum([
            'shared-address',
            'other-speed',
            'other-parity',
            'exchanged',
            'other-address',
            'other-relays',
            'other-driver',
            'nowhere',
            'mixed-speeds',
            'echo',
          ])
          .describe('What does not fit'),
        text: text('The same as a sentence'),
        remedy: text('What to do'),
        devices: z.array(z.string()).describe('Devices of the site file'),
        units: units('Addresses'),
      }),
    )
    .describe('The gravest first'),
  echo: flag('The adapter hears what it says'),
  asked: number('Questions in all'),
  ms: number('How long all of it took'),
});

export const moveShape = z.looseObject({
  state: z
    .enum(['moved', 'pending', 'unseen'])
    .describe(
      'pending: it needs a power cycle, or hands; unseen: this wire cannot follow it to its new speed',
    ),
  driver: text('Driver id'),
  from: place.describe('Where it was'),
  to: place.describe('Where it is to be'),
  evidence: z.array(text('What was seen, in order')),
  next: z.array(text('What is to be done now')),
  device: text('Device of the site file that it is').optional(),
  back: text('The command that undoes it'),
});
