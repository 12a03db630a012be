import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({
  measures: z
    .enum(['speed', 'direction'])
    .default('speed')
    .describe('SEN0483 measures speed, SEN0482 direction'),
});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'dfrobot-wind',
  aliases: ['sen0482', 'sen0483'],
  about: 'DFRobot wind transmitters on RS485: speed (SEN0483) and direction (SEN0482).',
  category: 'weather',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 2 },
  poll_ms: { default: 5000, min: 500 },
  options,
  table: ({ measures }) =>
    measures === 'speed'
      ? { wind_speed: quantity(0, 'm/s', [0, 32.4], 'Wind speed.', { scale: 0.1 }) }
      : {
          wind_direction: quantity(0, 'deg', [0, 360], 'Where the wind comes from; 0 is north.', {
            scale: 0.1,
          }),
          wind_sector: quantity(1, '1', [0, 15], 'The same in sixteenths of a circle.'),
        },
  settings: {
    address: {
      about: 'unit address',
      at: 0x1000,
      fn: 16,
      values: { min: 1, max: 247 },
      factory: 2,
      moves: true,
    },
  },
};
