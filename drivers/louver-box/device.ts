import { z } from 'zod';
import type { NumberRow, RegisterDevice, RegisterTable } from '#kit';

/** Points a box may come without; its registers then read as zero. */
const SENSORS = [
  'humidity',
  'temperature',
  'noise',
  'pm2_5',
  'co2',
  'pm10',
  'pressure',
  'illuminance',
] as const;

export const options = z.strictObject({
  reg_503: z
    .enum(['pm2_5', 'co2'])
    .default('pm2_5')
    .describe('What the ordered variant puts into register 503'),
  without: z.array(z.enum(SENSORS)).default([]).describe('Sensors that are not fitted in this box'),
});
export type Options = z.infer<typeof options>;

const row = (
  at: number,
  unit: string,
  range: readonly [number, number],
  rest: Partial<NumberRow> & { readonly about: string },
): NumberRow => ({ kind: 'number', at, unit, min: range[0], max: range[1], privacy: 'plain', ...rest });

const ROWS = {
  humidity: row(500, '%', [0, 100], { about: 'Relative humidity.', scale: 0.1 }),
  temperature: row(501, 'Cel', [-40, 80], { about: 'Air temperature.', type: 'i16', scale: 0.1 }),
  noise: row(502, 'dB[A]', [30, 130], { about: 'Sound level, slow, indicative.', scale: 0.1 }),
  pm2_5: row(503, 'ug/m3', [0, 1000], { about: 'Particles up to 2.5 um.' }),
  co2: row(503, '[ppm]', [0, 5000], { about: 'Carbon dioxide.' }),
  pm10: row(504, 'ug/m3', [0, 1000], { about: 'Particles up to 10 um.' }),
  pressure: row(505, 'kPa', [30, 120], { about: 'Air pressure.', scale: 0.1 }),
  illuminance: row(506, 'lx', [0, 200_000], { about: 'Illuminance.', type: 'u32' }),
} satisfies RegisterTable;

function table({ reg_503, without }: Options): RegisterTable {
  const missing: readonly string[] = [...without, reg_503 === 'co2' ? 'pm2_5' : 'co2'];
  return Object.fromEntries(Object.entries(ROWS).filter(([name]) => !missing.includes(name)));
}

export const device: RegisterDevice<Options> = {
  id: 'louver-box',
  aliases: ['renke-jd-louver-rs485', 'rs-byh-m', 'pr-300byh', 'es-integrate-odr-01', 'jxbs-3001'],
  about:
    'RS485 louver box (register 500 map): humidity, temperature, noise, PM2.5 or CO2, PM10, pressure, light.',
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
