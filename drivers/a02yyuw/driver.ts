import { type BytesLink, type Call, defineDriver, type Heard, type NumberPoint, type Sample } from '#kit';
import { decodeDistance, frameRule } from './codec.ts';
import { MODELS, type Options, options, TRIGGER } from './models.ts';

type Points = { readonly distance: NumberPoint };

export default defineDriver({
  id: 'a02yyuw',
  aliases: ['dyp-a02yyuw', 'sen0311'],
  about:
    'Serial ultrasonic distance sensors with four-byte frames: A02YYUW, A01NYUB, SEN0754, JSN-SR04T, AJ-SR04M.',
  category: 'parking',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: ({ model }): Points => ({
    distance: {
      kind: 'number',
      unit: 'mm',
      min: MODELS[model].min,
      max: MODELS[model].max,
      about: 'Distance to the nearest surface; no value when nothing is in sight.',
      privacy: 'plain',
    },
  }),
  events: {},
  commands: {},
  decode: (frame, { model }) =>
    frame.length === 1 && frame[0] === TRIGGER
      ? { points: {}, note: 'asks for a measurement' }
      : { points: { distance: decodeDistance(frame, MODELS[model]) } },
  cost: ({ trigger }) => (trigger ? [{ request_bytes: 1, reply_bytes: 4 }] : []),
  open: (link, chosen) =>
    chosen.trigger ? { sample: pollOf(link, chosen) } : { watch: (call) => watch(link, chosen, call) },
});

async function* watch(link: BytesLink, { model }: Options, call: Call): AsyncIterable<Heard<Points>> {
  for await (const frame of link.frames(frameRule(MODELS[model]), call.signal)) {
    yield { sample: { distance: decodeDistance(frame, MODELS[model]) } };
  }
}

const pollOf =
  (link: BytesLink, { model }: Options) =>
  async (call: Call): Promise<Sample<Points>> => {
    const frame = await link.exchange(Uint8Array.of(TRIGGER), frameRule(MODELS[model]), call);
    return { distance: decodeDistance(frame, MODELS[model]) };
  };
