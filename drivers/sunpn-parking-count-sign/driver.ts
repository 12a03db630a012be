import { z } from 'zod';
import {
  type ActResult,
  askOnce,
  type BytesLink,
  type Call,
  type CommandSpec,
  type Decoded,
  defineDriver,
  Fault,
  type JsonObject,
} from '#kit';
import { answerTo, COLOURS, type Colour, decodeFrame, encodeShow } from './codec.ts';

export const options = z.strictObject({
  digits: z.int().min(2).max(4).default(3).describe('Digits of the sign; more is refused, not cut off'),
  colour: z.enum(COLOURS).default('green').describe('Colour when a command names none'),
  info: z
    .int()
    .min(0)
    .max(255)
    .default(1)
    .describe('Info code, told back by the sign; 1 in the one published example'),
  rest: z
    .enum(['hold', 'full'])
    .default('hold')
    .describe('What it shows when nobody counts any more: what it showed last, or a red 0'),
});
export type Options = z.infer<typeof options>;
type NoPoints = Readonly<Record<never, never>>;

const showArgs = z.strictObject({
  count: z.int().min(0).max(9999).describe('Free bays'),
  colour: z.enum(COLOURS).exactOptional().describe('Left out: that of the options'),
});
const commands = {
  show: {
    about: 'Shows a number.',
    args: showArgs,
    timing: 'none',
    actuates: false,
    on_process_end: 'hold',
  },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'sunpn-parking-count-sign',
  aliases: ['sunpn-count-sign'],
  about: 'Parking count sign of Shenzhen Sunpn: a number in green, yellow or red.',
  category: 'sign',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: (): NoPoints => ({}),
  events: {},
  commands,
  decode,
  encode: (_name, args, chosen) => encodeShow(wishOf(args, chosen)),
  open: (link, chosen) => ({
    act: (_name, args, call) => show(link, wishOf(args, chosen), call),
    rest: async (call) => {
      if (chosen.rest === 'full') await show(link, { count: 0, colour: 'red', info: chosen.info }, call);
    },
  }),
});

interface Wish {
  readonly count: number;
  readonly colour: Colour;
  readonly info: number;
}

function wishOf(args: JsonObject, { digits, colour, info }: Options): Wish {
  const wish = showArgs.parse(args);
  if (wish.count < 10 ** digits) return { count: wish.count, colour: wish.colour ?? colour, info };
  throw new Fault('command.bad-args', {
    target: 'sunpn-parking-count-sign',
    name: 'show',
    text: `count: the sign has ${digits} digits`,
  });
}

/** Done when the sign says what it shows, and that is it. A bare acknowledgement is told as such. */
const show = (link: BytesLink, wish: Wish, call: Call): Promise<ActResult> => {
  const request = encodeShow(wish);
  return askOnce(link, { request, rule: answerTo(request) }, call, (reply) => {
    const { answer } = decodeFrame(reply);
    if (!('count' in answer)) {
      const mine = answer.info === wish.info;
      return { result: mine ? 'done' : 'unknown', facts: { evidence: 'acknowledged', info: answer.info } };
    }
    const { count, colour, info } = answer;
    const same = count === wish.count && colour === wish.colour && info === wish.info;
    return { result: same ? 'done' : 'failed', facts: { evidence: 'echoed', count, colour } };
  });
};

function decode(frame: Uint8Array): Decoded {
  const { from, answer } = decodeFrame(frame);
  if (!('count' in answer)) return { points: {}, note: `acknowledges info ${answer.info}` };
  const { count, colour, info } = answer;
  const note = `${from === 'host' ? 'is to show' : 'says it shows'} this; info ${info}`;
  return { points: { count, colour }, note };
}
