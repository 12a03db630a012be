import { z } from 'zod';
import { type BytesLink, type Call, defineDriver, type Heard, type NumberPoint } from '#kit';
import { decodeDistance, frameRule } from './codec.ts';

export const options = z.strictObject({
  blind_mm: z
    .int()
    .min(100)
    .max(1000)
    .default(300)
    .describe('Nearest distance it tells: 300, or 500 of 10 m models'),
  no_target_mm: z
    .int()
    .min(1000)
    .max(9999)
    .default(5000)
    .describe('What it says when it sees nothing: 5000 of 5 m models, 9999 of 10 m models'),
});
export type Options = z.infer<typeof options>;
type Points = { readonly distance: NumberPoint };

export default defineDriver({
  id: 'maxbotix-hrxl',
  aliases: ['maxbotix', 'hrxl-maxsonar-wr'],
  about: 'MaxBotix HRXL-MaxSonar ultrasonic sensors with serial output: R and four digits.',
  category: 'parking',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 200 },
  options,
  points: ({ blind_mm, no_target_mm }): Points => ({
    distance: {
      kind: 'number',
      unit: 'mm',
      min: blind_mm,
      max: no_target_mm,
      about: 'Distance to the nearest surface; no value when nothing is in sight.',
      privacy: 'plain',
    },
  }),
  events: {},
  commands: {},
  decode: (frame, chosen) => ({ points: { distance: distanceOf(frame, chosen) } }),
  open: (link, chosen) => ({ watch: (call) => watch(link, chosen, call) }),
});

async function* watch(link: BytesLink, chosen: Options, call: Call): AsyncIterable<Heard<Points>> {
  for await (const frame of link.frames(frameRule, call.signal))
    yield { sample: { distance: distanceOf(frame, chosen) } };
}

function distanceOf(frame: Uint8Array, { no_target_mm }: Options): number | null {
  const distance = decodeDistance(frame);
  return distance >= no_target_mm ? null : distance;
}
