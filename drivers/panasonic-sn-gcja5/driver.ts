import { z } from 'zod';
import { type BytesLink, type Call, defineDriver, type FlagPoint, type Heard, type NumberPoint } from '#kit';
import { COUNT_NAMES, decodeFrame, frameRule, NAME, readingOf } from './codec.ts';

export const options = z.strictObject({
  details: z.boolean().default(false).describe('Also particle counts'),
});
export type Options = z.infer<typeof options>;

type Points = Record<string, NumberPoint | FlagPoint>;

export default defineDriver({
  id: NAME,
  aliases: ['sn-gcja5', 'sn-gcja5l'],
  about: 'Panasonic SN-GCJA5 particle sensor on a serial port; it speaks every second.',
  category: 'air',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'even', timeout_ms: 1500, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 28_000,
  options,
  points: pointsOf,
  events: {},
  commands: {},
  decode: decodeFrame,
  open: (link, chosen) => ({ watch: (call) => watch(link, chosen, call) }),
});

async function* watch(link: BytesLink, chosen: Options, call: Call): AsyncIterable<Heard<Points>> {
  const names = Object.keys(pointsOf(chosen));
  for await (const frame of link.frames(frameRule, call.signal)) {
    const reading = readingOf(frame);
    if (reading.pm2_5 === null) call.started?.();
    yield { sample: Object.fromEntries(names.map((name) => [name, reading[name] ?? null])) };
  }
}

function pointsOf({ details }: Options): Points {
  const number = (unit: string, max: number, about: string): NumberPoint => ({
    kind: 'number',
    unit,
    min: 0,
    max,
    about,
    privacy: 'plain',
  });
  const size = (name: string) => name.replace(/^\D+/, '').replace('_', '.');
  return {
    pm1_0: number('ug/m3', 2000, 'Particles up to 1 um.'),
    pm2_5: number('ug/m3', 2000, 'Particles up to 2.5 um.'),
    pm10: number('ug/m3', 2000, 'Particles up to 10 um.'),
    defect: {
      kind: 'flag',
      about: 'The sensor reports a defect of its light, laser or fan.',
      privacy: 'plain',
    },
    ...(details &&
      Object.fromEntries(
        COUNT_NAMES.map((name) => [name, number('1', 65_535, `Particles counted from ${size(name)} um on.`)]),
      )),
  };
}
