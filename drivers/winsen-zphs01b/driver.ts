import { z } from 'zod';
import { defineDriver, type NumberPoint } from '#kit';
import { ASK, decodeFrame, NAME, readingOf, replyFrame } from './codec.ts';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

const quantity = (unit: string, range: readonly [number, number], about: string): NumberPoint => ({
  kind: 'number',
  unit,
  min: range[0],
  max: range[1],
  about,
  privacy: 'plain',
});
const points: Record<string, NumberPoint> = {
  pm1_0: quantity('ug/m3', [0, 1000], 'Particles up to 1 um.'),
  pm2_5: quantity('ug/m3', [0, 1000], 'Particles up to 2.5 um.'),
  pm10: quantity('ug/m3', [0, 1000], 'Particles up to 10 um.'),
  co2: quantity('[ppm]', [0, 5000], 'Carbon dioxide.'),
  voc_grade: quantity('1', [0, 3], 'Volatile organic compounds: 0 clean to 3 bad.'),
  temperature: quantity('Cel', [-20, 65], 'Air temperature inside the module.'),
  humidity: quantity('%', [0, 100], 'Relative humidity inside the module.'),
  formaldehyde: quantity('ug/m3', [0, 2000], 'Formaldehyde.'),
  co: quantity('[ppm]', [0, 500], 'Carbon monoxide.'),
  o3: quantity('[ppb]', [0, 10_000], 'Ozone, in steps of 10 ppb.'),
  no2: quantity('[ppb]', [0, 10_000], 'Nitrogen dioxide, in steps of 10 ppb.'),
};

export default defineDriver({
  id: NAME,
  aliases: ['zphs01b'],
  about: 'Winsen ZPHS01B: particles, carbon dioxide, gases and climate in one module, on a serial port.',
  category: 'air',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 1500, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 180_000,
  options,
  points: () => points,
  events: {},
  commands: {},
  decode: (frame) => decodeFrame(frame),
  cost: () => [{ request_bytes: 9, reply_bytes: 26 }],
  open: (link) => ({
    sample: async (call) => {
      const reading = readingOf(await link.exchange(ASK, replyFrame, call));
      if (reading.co2 === null) call.started?.();
      return reading;
    },
  }),
});
