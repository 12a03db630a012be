import { z } from 'zod';
import type { RegisterDevice } from '#kit';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'xy-md02',
  aliases: ['xy-md02-temp-hum', 'xy-md01', 'xy-md03'],
  about: 'XY-MD02: temperature and humidity on RS485, for a rail (SHT20 or SHT40 inside).',
  category: 'climate',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 1 },
  poll_ms: { default: 10_000, min: 1000 },
  options,
  defaults: { table: 'input' },
  table: () => ({
    temperature: {
      kind: 'number',
      at: 1,
      type: 'i16',
      scale: 0.1,
      unit: 'Cel',
      min: -40,
      max: 80,
      about: 'Air temperature.',
      privacy: 'plain',
    },
    humidity: {
      kind: 'number',
      at: 2,
      scale: 0.1,
      unit: '%',
      min: 0,
      max: 100,
      about: 'Relative humidity.',
      privacy: 'plain',
    },
  }),
  settings: {
    address: { about: 'unit address', at: 0x0101, values: { min: 1, max: 247 }, factory: 1, moves: true },
    baud: {
      about: 'baud',
      at: 0x0102,
      values: { codes: { 0: 9600, 1: 14_400, 2: 19_200 } },
      factory: 9600,
      holds: 'after a power cycle',
      moves: true,
    },
  },
};
