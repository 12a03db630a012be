import { z } from 'zod';
import {
  type ActResult,
  type BytesLink,
  be16,
  type Call,
  type CommandSpec,
  defineDriver,
  Fault,
  type JsonObject,
  type NumberPoint,
  type Sample,
} from '#kit';
import * as mhz from './codec.ts';

export const options = z.strictObject({
  range: z
    .literal([2000, 5000, 10_000])
    .default(5000)
    .describe('Measuring range of the sensor in ppm, as its label says or as the command range has set it'),
});
export type Options = z.infer<typeof options>;

const noArgs = z.strictObject({});
const abcArgs = z.strictObject({ on: z.boolean().describe('Take the lowest value of a day for fresh air') });
const spanArgs = z.strictObject({ ppm: z.int().min(1000).max(5000).describe('CO2 of the gas it stands in') });
const rangeArgs = z.strictObject({ ppm: z.literal([2000, 5000, 10_000]).describe('Upper end of the range') });
const quiet = { args: noArgs, timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  abc: { ...quiet, args: abcArgs, about: 'Switches the automatic baseline correction.' },
  zero: {
    ...quiet,
    about: 'Takes the air it has stood in for 20 min for 400 ppm. In a room this spoils it.',
  },
  span: {
    ...quiet,
    args: spanArgs,
    about: 'Calibrates the upper point in a gas that is known; zero comes first.',
  },
  range: { ...quiet, args: rangeArgs, about: 'Sets the measuring range.' },
  version: { ...quiet, about: 'Tells the firmware version.' },
} satisfies Record<string, CommandSpec>;

/** It says this and nothing else while it heats. */
const HEATING_PPM = 410;
/** Air does not jump to that very number; it comes near first. */
const NEAR_PPM = 40;

export default defineDriver({
  id: mhz.NAME,
  aliases: ['mh-z19', 'winsen-mh-z19b', 'winsen-mh-z19c'],
  about: 'Winsen MH-Z19, MH-Z19B and MH-Z19C: carbon dioxide by infrared, on a serial port.',
  category: 'air',
  link: 'bytes',
  evidence: 'captured',
  wire: { baud: 9600, parity: 'none', timeout_ms: 1000, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 180_000,
  options,
  points: pointsOf,
  events: {},
  commands,
  decode: mhz.decodeFrame,
  encode: encodeNamed,
  cost: () => [{ request_bytes: 9, reply_bytes: 9 }],
  open: (link) => {
    let believed: number | undefined;
    return {
      sample: async (call) => {
        const reading = mhz.openReading(
          await link.exchange(mhz.request(mhz.CODES.read), mhz.replyTo(mhz.CODES.read), call),
        );
        if (isHeating(reading.co2, believed)) {
          call.started?.();
          return { co2: null, temperature: null };
        }
        believed = reading.co2 ?? undefined;
        return reading satisfies Sample<ReturnType<typeof pointsOf>>;
      },
      act: (name, args, call) => act(link, { name, args }, call),
      // It has no outputs.
      rest: async () => {},
    };
  },
});

const isHeating = (co2: number | null, believed: number | undefined): boolean =>
  co2 === null ||
  (co2 === HEATING_PPM && (believed === undefined || Math.abs(believed - HEATING_PPM) > NEAR_PPM));

/** Calibration commands are not answered by every firmware; what is said late is passed over. */
async function act(
  link: BytesLink,
  { name, args }: { readonly name: string; readonly args: JsonObject },
  call: Call,
): Promise<ActResult> {
  const bytes = encodeNamed(name, args);
  if (name === 'version') {
    const { points } = mhz.decodeFrame(await link.exchange(bytes, mhz.replyTo(mhz.CODES.version), call));
    return { result: 'done', facts: { ...points } };
  }
  await link.send(bytes, call);
  return { result: 'done', facts: { acknowledged: false } };
}

function encodeNamed(name: string, args: JsonObject): Uint8Array {
  const { CODES, request } = mhz;
  if (name === 'abc') return mhz.abcRequest(abcArgs.parse(args).on);
  if (name === 'zero') return request(CODES.zero);
  if (name === 'span') return request(CODES.span, ...be16(spanArgs.parse(args).ppm));
  if (name === 'range') return request(CODES.range, 0, 0, 0, ...be16(rangeArgs.parse(args).ppm));
  if (name === 'version') return request(CODES.version);
  throw new Fault('command.unknown', { target: mhz.NAME, name, known: Object.keys(commands).join(', ') });
}

function pointsOf({ range }: Options): { readonly co2: NumberPoint; readonly temperature: NumberPoint } {
  return {
    co2: { kind: 'number', unit: '[ppm]', min: 0, max: range, about: 'Carbon dioxide.', privacy: 'plain' },
    temperature: {
      kind: 'number',
      unit: 'Cel',
      min: -40,
      max: 100,
      about: 'Temperature inside the sensor, in whole degrees; not of the air.',
      privacy: 'plain',
    },
  };
}
