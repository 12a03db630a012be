import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({
  conductivity: z
    .boolean()
    .default(true)
    .describe('It has the conductivity too (THC-S, SEN0601); not on SEN0600'),
});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'soil-rs485',
  aliases: ['cwt-soil-thc-s', 'sen0600', 'sen0601'],
  about:
    'Soil probes on RS485: moisture and temperature, with or without conductivity (THC-S, SEN0600, SEN0601).',
  category: 'soil',
  evidence: 'simulated',
  wire: { baud: 4800, parity: 'none', timeout_ms: 500, gap_ms: 50, unit: 1 },
  poll_ms: { default: 60_000, min: 1000 },
  options,
  table: ({ conductivity }) => ({
    moisture: quantity(0, '%', [0, 100], 'Water in the soil, by volume.', { scale: 0.1 }),
    temperature: quantity(1, 'Cel', [-40, 80], 'Soil temperature.', { type: 'i16', scale: 0.1 }),
    ...(conductivity && {
      conductivity: quantity(2, 'uS/cm', [0, 20_000], 'Conductivity, which tells salt and fertiliser.'),
    }),
  }),
};
