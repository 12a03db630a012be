import { z } from 'zod';
import { quantity, type RegisterDevice } from '#kit';

export const options = z.strictObject({
  model: z
    .enum(['urm12', 'urm15'])
    .default('urm15')
    .describe(
      'URM12 (SEN0310) counts centimetres and has unit 11, URM15 (SEN0519) counts millimetres and has unit 15',
    ),
});
export type Options = z.infer<typeof options>;

export const device: RegisterDevice<Options> = {
  id: 'dfrobot-urm-modbus',
  aliases: ['urm12', 'urm15', 'sen0310', 'sen0519'],
  about: 'DFRobot ultrasonic sensors URM12 and URM15 on Modbus.',
  category: 'parking',
  evidence: 'simulated',
  wire: { baud: 19_200, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 15 },
  poll_ms: { default: 1000, min: 350 },
  options,
  table: ({ model }) => ({
    distance: quantity(
      5,
      'mm',
      model === 'urm12' ? [700, 15_000] : [300, 5000],
      'Distance to the nearest surface; no value when nothing is in sight.',
      { scale: model === 'urm12' ? 10 : 1, sentinels: [0xffff] },
    ),
    temperature: quantity(
      6,
      'Cel',
      [-20, 80],
      'Temperature at the sensor, with which it corrects the speed of sound.',
      {
        type: 'i16',
        scale: 0.1,
      },
    ),
  }),
  settings: {
    address: {
      about: 'unit address',
      at: 2,
      values: { min: 1, max: 247 },
      factory: 15,
      holds: 'after a power cycle',
      moves: true,
    },
    baud: {
      about: 'baud',
      at: 3,
      values: { codes: { 1: 2400, 3: 9600, 4: 14_400, 5: 19_200, 6: 38_400, 7: 57_600, 8: 115_200 } },
      factory: 19_200,
      holds: 'after a power cycle',
      moves: true,
    },
  },
};
