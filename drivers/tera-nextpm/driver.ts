import { z } from 'zod';
import { defineDriver, type FlagPoint, type NumberPoint } from '#kit';
import { decodeFrame, NAME, readingOf, replyFrame, request } from './codec.ts';

export const options = z.strictObject({
  mean_s: z.literal([10, 60, 900]).default(60).describe('The sensor gives the mean over so many seconds'),
});
export type Options = z.infer<typeof options>;

const mass = (size: string): NumberPoint => ({
  kind: 'number',
  unit: 'ug/m3',
  min: 0,
  max: 1000,
  about: `Particles up to ${size} um.`,
  privacy: 'plain',
});
const defect: FlagPoint = {
  kind: 'flag',
  about: 'The sensor reports a defect (degraded, heater, climate sensor, fan, memory or laser).',
  privacy: 'plain',
};
const points = { pm1_0: mass('1'), pm2_5: mass('2.5'), pm10: mass('10'), defect };

export default defineDriver({
  id: NAME,
  aliases: ['nextpm'],
  about: 'TERA NextPM particle sensor on a serial port.',
  category: 'air',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 115_200, parity: 'even', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 15_000,
  options,
  points: () => points,
  events: {},
  commands: {},
  decode: (frame) => decodeFrame(frame),
  cost: () => [{ request_bytes: 3, reply_bytes: 16 }],
  open: (link, { mean_s }) => ({
    sample: async (call) => {
      const { starting, ...reading } = readingOf(await link.exchange(request(mean_s), replyFrame, call));
      if (starting) call.started?.();
      return reading;
    },
  }),
});
