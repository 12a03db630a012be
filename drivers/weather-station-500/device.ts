import { z } from 'zod';
import type { NumberRow, RegisterDevice, RegisterTable } from '#kit';

/** Points a station may come without; its registers then read as zero. */
const SENSORS = [
  'wind_speed',
  'wind_force',
  'wind_direction',
  'wind_angle',
  'humidity',
  'temperature',
  'noise',
  'pm2_5',
  'co2',
  'pm10',
  'pressure',
  'illuminance',
  'illuminance_coarse',
  'rain',
  'compass',
  'solar',
] as const;

export const options = z.strictObject({
  wind_scale: z
    .literal([0.1, 0.01])
    .default(0.1)
    .describe('What one step of the wind speed is, in m/s: 0.1 on most, 0.01 on some; its manual says which'),
  reg_507: z
    .enum(['pm2_5', 'co2'])
    .default('pm2_5')
    .describe('What the ordered variant puts into register 507'),
  without: z.array(z.enum(SENSORS)).default([]).describe('Sensors that are not fitted in this station'),
});
export type Options = z.infer<typeof options>;

/** Clockwise from north, as the register counts them. */
const DIRECTIONS = { n: 0, ne: 1, e: 2, se: 3, s: 4, sw: 5, w: 6, nw: 7 } as const;

const row = (
  at: number,
  unit: string,
  range: readonly [number, number],
  rest: Partial<NumberRow> & { readonly about: string },
): NumberRow => ({ kind: 'number', at, unit, min: range[0], max: range[1], privacy: 'plain', ...rest });

function table({ wind_scale, reg_507, without }: Options): RegisterTable {
  const rows: RegisterTable = {
    wind_speed: row(500, 'm/s', [0, 70], { about: 'Wind speed.', scale: wind_scale }),
    wind_force: row(501, '{Beaufort}', [0, 17], { about: 'Wind force.' }),
    wind_direction: {
      kind: 'state',
      at: 502,
      states: DIRECTIONS,
      about: 'Where the wind comes from.',
      privacy: 'plain',
    },
    wind_angle: row(503, 'deg', [0, 360], { about: 'Where the wind comes from, clockwise from north.' }),
    humidity: row(504, '%', [0, 100], { about: 'Relative humidity.', scale: 0.1 }),
    temperature: row(505, 'Cel', [-40, 80], { about: 'Air temperature.', type: 'i16', scale: 0.1 }),
    noise: row(506, 'dB[A]', [30, 130], { about: 'Sound level, slow, indicative.', scale: 0.1 }),
    pm2_5: row(507, 'ug/m3', [0, 1000], { about: 'Particles up to 2.5 um.' }),
    co2: row(507, '[ppm]', [0, 5000], { about: 'Carbon dioxide.' }),
    pm10: row(508, 'ug/m3', [0, 1000], { about: 'Particles up to 10 um.' }),
    pressure: row(509, 'kPa', [30, 120], { about: 'Air pressure.', scale: 0.1 }),
    illuminance: row(510, 'lx', [0, 200_000], { about: 'Illuminance.', type: 'u32' }),
    illuminance_coarse: row(512, 'lx', [0, 200_000], {
      about: 'Illuminance in steps of 100 lx.',
      scale: 100,
    }),
    rain: row(513, 'mm', [0, 6553.5], { about: 'Rain since the station counts anew.', scale: 0.1 }),
    compass: row(514, 'deg', [0, 360], { about: 'Where its north mark points.', scale: 0.01 }),
    solar: row(515, 'W/m2', [0, 2000], { about: 'Solar radiation.' }),
  };
  const missing: readonly string[] = [...without, reg_507 === 'co2' ? 'pm2_5' : 'co2'];
  return Object.fromEntries(Object.entries(rows).filter(([name]) => !missing.includes(name)));
}

export const device: RegisterDevice<Options> = {
  id: 'weather-station-500',
  aliases: ['weather-station-500-map', 'sn-3003-fsxcs', 'dfrobot-sen0658'],
  about:
    'RS485 weather station whose register 500 is wind speed (SN-3003-FSXCS, SEN0658): wind, climate, rain, light.',
  category: 'air',
  evidence: 'simulated',
  wire: { baud: 4800, parity: 'none', timeout_ms: 500, gap_ms: 50, unit: 1 },
  poll_ms: { default: 10_000, min: 1000 },
  options,
  table,
  anyone: 255,
  settings: {
    address: { about: 'unit address', at: 2000, values: { min: 1, max: 247 }, factory: 1, moves: true },
    baud: {
      about: 'baud',
      at: 2001,
      values: {
        codes: { 0: 2400, 1: 4800, 2: 9600, 3: 19_200, 4: 38_400, 5: 57_600, 6: 115_200, 7: 1200 },
      },
      factory: 4800,
      holds: 'after a power cycle',
      moves: true,
    },
  },
};
