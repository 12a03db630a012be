import { z } from 'zod';
import { POLLUTANTS } from '../model/index.ts';
import { pointRules } from './point-schema.ts';
import { id, pointId, seconds, text, whole } from './schema-words.ts';

const source = (about: string) =>
  z
    .strictObject({ device: id('Device it comes from.'), point: pointId('Point of that device.') })
    .describe(about);

const common = {
  id: id('Id of the derived device for ever; no real device has it.'),
  name: text('Name for people.').optional(),
  zone: id('Where it is.').optional(),
  points: pointRules,
};

const baySchema = z
  .strictObject({
    device: id('Its detector.'),
    point: text(
      'Point of the detector: a flag, a state (free, occupied, unknown), or a distance. A * stands for any text: each point that fits is a bay.',
    ),
    id: text('Id of the bay; default: device and point. A * is what the * of point stood for.').optional(),
    occupied_below_mm: whole(
      'For distances, must be given there: nearer than this a vehicle stands.',
      30,
      20_000,
    ).optional(),
    hysteresis_mm: whole('For distances: so much farther it must be before it has gone.', 0, 5000).default(
      300,
    ),
    inverted: z.boolean().default(false).describe('For flags: true means free.'),
    fault_point: text(
      'A flag of the same device that is true while the detector has a fault; its * is that of point.',
    ).optional(),
    presence_limit_s: seconds(
      'The detector forgets a vehicle after so long (its manual says it): presence that ends just then makes the bay unknown, not free.',
      10,
      86_400,
    ).optional(),
  })
  .describe('A bay, or several alike.');

const parking = z.strictObject({
  ...common,
  type: z
    .literal('parking')
    .describe('Bays of one zone: each free, occupied or unknown, and how many are of each.'),
  bays: z.array(baySchema).min(1).describe('The bays.'),
  enter_s: seconds('A vehicle must be seen so long before the bay is occupied.', 0, 600).default(3),
  leave_s: seconds('It must be gone so long before the bay is free.', 0, 600).default(5),
  agreeing: whole('So many looks must agree in a row; default: 3 for distances, else 1.', 1, 100).optional(),
  unknown_after_s: seconds(
    'Without a valid value for so long a bay is unknown. 0: silence is no fault (detectors that tell only changes).',
    0,
    86_400,
  ).default(60),
});

const noise = z.strictObject({
  ...common,
  type: z
    .literal('noise')
    .describe(
      'Sound levels: LAeq, largest, L10, L50 and L90 of windows; levels of day, evening, night and the whole day.',
    ),
  source: source('The sound level, in dB(A).'),
  window_s: whole('Length of a window.', 10, 3600).default(900),
  gap_s: seconds(
    'A value stands at most so long for the time after it; default: three times poll_ms of its device.',
    0.1,
    3600,
  ).optional(),
  periods: z
    .enum(['china', 'eu', 'us'])
    .default('china')
    .describe('Parts of the day: china 06–22 and night; eu 07–19, 19–23 and night; us 07–22 and night.'),
  day_from_h: z
    .number()
    .min(0)
    .max(23)
    .optional()
    .describe('The day begins then; default: as periods says. Local time.'),
  evening_from_h: z
    .number()
    .min(0)
    .max(23)
    .optional()
    .describe('The evening begins then (eu); default: as periods says. Local time.'),
  night_from_h: z
    .number()
    .min(0)
    .max(23.75)
    .optional()
    .describe('The night begins then; default: as periods says. Local time.'),
  limits_class: z
    .enum(['0', '1', '2', '3', '4a', '4b'])
    .optional()
    .describe(
      'Class of the area by GB 3096-2008 (1: residential): whether its limits were exceeded is told too.',
    ),
  complete_percent: z
    .number()
    .min(1)
    .max(100)
    .default(75)
    .describe('So much of a window or of a part of the day must be measured; else it has no level.'),
});

const airSource = z
  .strictObject({
    pollutant: z.enum(POLLUTANTS).describe('What it is.'),
    device: id('Device it comes from.'),
    point: pointId('Point of that device; gases may be in ug/m3, mg/m3, [ppb] or [ppm].'),
  })
  .describe('Where a pollutant is measured.');
const air = z.strictObject({
  ...common,
  type: z.literal('air-quality').describe('Air quality index of each hour and of each day.'),
  standard: z
    .enum(['hj-633', 'hj-633-2012', 'hj-633-2026', 'us-epa-2024'])
    .default('hj-633')
    .describe('By which it is made; hj-633: the version of HJ 633 in force on that day.'),
  sources: z
    .array(airSource)
    .min(1)
    .describe('What is measured here. With particles alone the index is only indicative, and says so.'),
  gap_s: seconds(
    'A value stands at most so long for the time after it; default: three times poll_ms of its device.',
    0.1,
    3600,
  ).optional(),
});

export const derivedSchema = z
  .discriminatedUnion('type', [parking, noise, air])
  .describe('A device that does not exist: its values are made of those of others.');

export const signSchema = z
  .strictObject({
    device: id('The sign: a device with a command show.'),
    parking: z
      .array(id('A derived device of type parking.'))
      .min(1)
      .describe('Derived devices whose free bays it shows, added up.'),
    few: whole('Up to so many free bays it shows yellow; none is red, more are green.', 0, 9999).default(5),
    refresh_s: seconds(
      'The number is shown again after so long, since a sign that lost its power does not tell. 0: never.',
      0,
      86_400,
    ).default(900),
  })
  .describe('A count sign and what it counts.');

export type DerivedConfig = z.infer<typeof derivedSchema>;
export type ParkingConfig = z.infer<typeof parking>;
export type NoiseConfig = z.infer<typeof noise>;
export type AirConfig = z.infer<typeof air>;
export type SignConfig = z.infer<typeof signSchema>;
