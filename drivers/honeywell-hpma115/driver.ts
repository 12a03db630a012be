import { z } from 'zod';
import {
  type ActResult,
  type BytesLink,
  type Call,
  type CommandSpec,
  defineDriver,
  Fault,
  type JsonObject,
  type NumberPoint,
  observeSerial,
  type Sample,
} from '#kit';
import * as hpma from './codec.ts';

export const options = z.strictObject({
  model: z.enum(['s0', 'c0']).default('s0').describe('s0: HPMA115S0; c0: HPMA115C0 and C1, the compact ones'),
  mode: z
    .enum(['active', 'passive'])
    .default('active')
    .describe('active: the sensor speaks every second; passive: it is polled'),
});
export type Options = z.infer<typeof options>;

const noArgs = z.strictObject({});
const coefficientArgs = z.strictObject({
  percent: z.int().min(30).max(200).describe('100 from the factory'),
});
const quiet = { args: noArgs, timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  sleep: { ...quiet, about: 'Stops fan and laser.' },
  wake: { ...quiet, about: 'Starts fan and laser.' },
  'set-coefficient': {
    ...quiet,
    args: coefficientArgs,
    about: 'Makes all values larger or smaller by so much; kept over a power cut.',
  },
} satisfies Record<string, CommandSpec>;

type Points = Record<string, NumberPoint>;

export default defineDriver({
  id: hpma.NAME,
  aliases: ['hpma115', 'honeywell-hpma115s0'],
  about: 'Honeywell HPM particle sensors on a serial port: HPMA115S0, HPMA115C0.',
  category: 'air',
  link: 'bytes',
  evidence: 'captured',
  wire: { baud: 9600, parity: 'none', timeout_ms: 1500, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  // Answers settle within 6 s.
  warm_up_ms: () => 6000,
  options,
  points: pointsOf,
  events: {},
  commands,
  decode: (frame, { model }) => hpma.decodeFrame(frame, model),
  encode: (name, args) => requestFor(name, args),
  cost: ({ mode }) => (mode === 'passive' ? [{ request_bytes: 4, reply_bytes: 16 }] : []),
  open: (link, chosen) => ({
    ...observeSerial<Points>(link, {
      mode: chosen.mode,
      into: { active: hpma.request(hpma.CODES.auto), passive: hpma.request(hpma.CODES.quiet) },
      ask: hpma.request(hpma.CODES.read),
      frames: chosen.mode === 'active' ? hpma.autoFrame : hpma.answerFrame,
      read: (frame, call) => sampleOf(frame, chosen, call),
    }),
    act: (name, args, call) => act(link, { ...chosen, name, args }, call),
    // Nothing it does can harm: an operator's sleep outlives this process.
    rest: async () => {},
  }),
});

/** Asleep it answers, and refuses. */
function sampleOf(frame: Uint8Array, chosen: Options, call: Call): Sample<Points> {
  const names = Object.keys(pointsOf(chosen));
  if (hpma.refuses(frame)) return Object.fromEntries(names.map((name) => [name, null]));
  const masses = hpma.massesOf(frame, chosen.model);
  if (masses.pm2_5 === null) call.started?.();
  const said = names.filter((name) => name in masses);
  if (said.length < names.length)
    throw new Fault('driver.value', {
      point: 'model',
      got: Object.keys(masses).join(', '),
      expected: names.join(', '),
    });
  return Object.fromEntries(said.map((name) => [name, masses[name] ?? null]));
}

/** Asked for, it says yes or no; while it speaks by itself the verdict is lost among its frames. */
async function act(
  link: BytesLink,
  { mode, name, args }: Options & { readonly name: string; readonly args: JsonObject },
  call: Call,
): Promise<ActResult> {
  const bytes = requestFor(name, args);
  if (mode === 'active') await link.send(bytes, call);
  else if (hpma.refuses(await link.exchange(bytes, hpma.verdictFrame, call)))
    return { result: 'failed', facts: { refused: true } };
  if (name === 'wake') call.started?.();
  return { result: 'done', facts: { acknowledged: mode === 'passive' } };
}

function requestFor(name: string, args: JsonObject): Uint8Array {
  if (name === 'sleep') return hpma.request(hpma.CODES.stop);
  if (name === 'wake') return hpma.request(hpma.CODES.start);
  if (name === 'set-coefficient') return hpma.request(hpma.CODES.adjust, coefficientArgs.parse(args).percent);
  throw new Fault('command.unknown', { target: hpma.NAME, name, known: Object.keys(commands).join(', ') });
}

function pointsOf({ model }: Options): Points {
  const mass = (size: string): NumberPoint => ({
    kind: 'number',
    unit: 'ug/m3',
    min: 0,
    max: 1000,
    about: `Particles up to ${size} um.`,
    privacy: 'plain',
  });
  const both = { pm2_5: mass('2.5'), pm10: mass('10') };
  return model === 's0' ? both : { pm1_0: mass('1'), pm2_5: both.pm2_5, pm4_0: mass('4'), pm10: both.pm10 };
}
