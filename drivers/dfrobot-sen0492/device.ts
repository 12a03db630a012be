import { z } from 'zod';
import type { RegisterDevice } from '#kit';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

const BAUDS = [2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];

export const device: RegisterDevice<Options> = {
  id: 'dfrobot-sen0492',
  aliases: ['dfrobot-sen0492-laser', 'sen0492', 'sen0491'],
  about: 'DFRobot laser distance sensor, 4 cm to 4 m, on RS485 (SEN0492) or UART (SEN0491).',
  category: 'parking',
  evidence: 'simulated',
  wire: { baud: 115_200, parity: 'none', timeout_ms: 500, gap_ms: 10, unit: 0x50 },
  poll_ms: { default: 1000, min: 250 },
  options,
  table: () => ({
    distance: {
      kind: 'number',
      at: 0x34,
      unit: 'mm',
      min: 40,
      max: 4000,
      about: 'Distance to the nearest surface.',
      privacy: 'plain',
    },
  }),
  settings: {
    address: { about: 'unit address', at: 0x1a, values: { min: 1, max: 247 }, factory: 0x50, moves: true },
    baud: {
      about: 'baud',
      at: 0x04,
      values: { codes: Object.fromEntries(BAUDS.map((baud, code) => [code, baud])) },
      factory: 115_200,
      moves: true,
    },
    'alarm-mm': {
      about: 'distance below which its alarm wire goes low, in mm',
      at: 0x02,
      values: { min: 40, max: 4000 },
      factory: 1000,
    },
  },
};
