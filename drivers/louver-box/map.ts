import { z } from 'zod';
import { type NumberRow, type PointsOf, type RegisterMap, type RegisterTable, registerMap } from '#kit';

/** Points a box may come without; its registers then read as zero. */
export const SENSORS = [
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

/** Units by address and baud code, for commissioning. */
export const ADDRESS_REGISTER = 2000;
export const BAUD_REGISTER = 2001;
export const BAUD_CODES = [2400, 4800, 9600, 19200, 38400, 57600, 115200, 1200] as const;

const row = (
  at: number,
  unit: string,
  range: readonly [number, number],
  rest: Partial<NumberRow> & { about: string },
): NumberRow => ({
  kind: 'number',
  at,
  unit,
  min: range[0],
  max: range[1],
  privacy: 'plain',
  ...rest,
});

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

export type Points = PointsOf<RegisterTable>;

export function mapFor({ reg_503, without }: Options): RegisterMap<Points> {
  const missing: readonly string[] = [...without, reg_503 === 'co2' ? 'pm2_5' : 'co2'];
  return registerMap<RegisterTable>(
    Object.fromEntries(Object.entries(ROWS).filter(([name]) => !missing.includes(name))),
  );
}
