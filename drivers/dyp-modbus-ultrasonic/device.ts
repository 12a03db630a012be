import { z } from 'zod';
import type { NumberRow, RegisterDevice, RegisterTable } from '#kit';

const EXTRAS = ['processed', 'real_time', 'temperature', 'echo_time'] as const;

export const options = z.strictObject({
  value: z
    .enum(['processed', 'real-time'])
    .default('processed')
    .describe(
      'processed: several measurements, 100 to 300 ms; real-time: one, 15 to 140 ms, for cars that pass',
    ),
  also: z
    .array(z.enum(EXTRAS))
    .default([])
    .describe('Further points; each costs a measurement of its own, and not every model has all of them'),
  blind_mm: z
    .int()
    .min(0)
    .max(1000)
    .default(20)
    .describe('Nearest distance the model can see (datasheet): A02 30, A01 280'),
  reach_mm: z
    .int()
    .min(100)
    .max(15_000)
    .default(7500)
    .describe('Farthest distance the model can see (datasheet): A02 4500, A01 7500, underwater GL042 3000'),
});
export type Options = z.infer<typeof options>;

const PROCESSED = 0x0100;
const REAL_TIME = 0x0101;
/** Values in place of a distance: nothing in sight, or another sensor on the same channel. */
const NONE = [0xfffd, 0xfffe];

const quantity = (row: Pick<NumberRow, 'at' | 'unit' | 'min' | 'max' | 'about'>): NumberRow => ({
  kind: 'number',
  privacy: 'plain',
  ...row,
});

function table({ value, also, blind_mm: min, reach_mm: max }: Options): RegisterTable {
  const distance = (at: number, about: string): NumberRow => ({
    ...quantity({ at, unit: 'mm', min, max, about }),
    sentinels: NONE,
  });
  const extras: Readonly<Record<(typeof EXTRAS)[number], NumberRow>> = {
    processed: distance(PROCESSED, 'Distance over several measurements.'),
    real_time: distance(REAL_TIME, 'Distance of a single measurement.'),
    temperature: {
      ...quantity({
        at: 0x0102,
        unit: 'Cel',
        min: -40,
        max: 85,
        about: 'Temperature inside the sensor, with which it corrects the speed of sound.',
      }),
      type: 'i16',
      scale: 0.1,
    },
    echo_time: quantity({
      at: 0x010a,
      unit: 'us',
      min: 0,
      max: 65_535,
      about: 'Time from the sound to its echo; 5.75 us are a millimetre.',
    }),
  };
  return {
    distance: distance(
      value === 'processed' ? PROCESSED : REAL_TIME,
      'Distance to the nearest surface; no value when nothing is in sight.',
    ),
    ...Object.fromEntries(also.map((name) => [name, extras[name]])),
  };
}

export const device: RegisterDevice<Options> = {
  id: 'dyp-modbus-ultrasonic',
  aliases: ['dyp-a01-modbus', 'dyp-a02-modbus', 'dyp-a22-modbus', 'dyp-gl04', 'seeed-rs485-ultrasonic'],
  about: 'DYP ultrasonic distance sensors on Modbus (A01, A02, A22, GL04 and rebrands of them).',
  category: 'parking',
  evidence: 'simulated',
  wire: { baud: 115_200, parity: 'none', timeout_ms: 500, gap_ms: 10, unit: 1 },
  poll_ms: { default: 1000, min: 200 },
  options,
  table,
  one_by_one: true,
  elsewhere: (chosen) => table({ ...chosen, also: [...EXTRAS] }),
  anyone: 255,
  settings: {
    address: { about: 'unit address', at: 0x0200, values: { min: 1, max: 247 }, factory: 1, moves: true },
    baud: {
      about: 'baud',
      at: 0x0201,
      values: {
        codes: {
          1: 2400,
          2: 4800,
          3: 9600,
          4: 14_400,
          5: 19_200,
          6: 38_400,
          7: 57_600,
          8: 76_800,
          9: 115_200,
        },
      },
      factory: 115_200,
      moves: true,
    },
    'angle-grade': {
      about: 'detection angle grade (4 is the widest)',
      at: 0x0208,
      values: { min: 1, max: 4 },
      factory: 4,
    },
    'noise-grade': {
      about: 'power noise grade (1 battery to 5 a very noisy supply)',
      at: 0x021a,
      values: { min: 1, max: 5 },
      factory: 1,
    },
    'range-grade': {
      about: 'range grade (1 near and quick to 4 far and slow)',
      at: 0x021f,
      values: { min: 1, max: 4 },
      factory: 4,
    },
  },
};
