import { z } from 'zod';
import {
  type Call,
  type CommandSpec,
  type Decoded,
  defineDriver,
  Fault,
  type NumberPoint,
  observeSerial,
  type Sample,
} from '#kit';
import { type Command, dataFrame, decodeFrame, encodeCommand, NAME, VARIANTS, type Values } from './codec.ts';

export const options = z.strictObject({
  variant: z
    .enum(VARIANTS)
    .default('auto')
    .describe(
      'auto tells PMS3003, 5003/7003 and 5003ST by their length; 5003S and 5003T look like a 5003 and must be named',
    ),
  mode: z
    .enum(['active', 'passive'])
    .default('active')
    .describe('active: the sensor speaks first; passive: it is polled'),
  details: z.boolean().default(false).describe('Also factory (CF=1) mass and particle counts'),
});
export type Options = z.infer<typeof options>;

const noArgs = z.strictObject({});
const quiet = { args: noArgs, timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  sleep: { ...quiet, about: 'Stops fan and laser, which lengthens their life; the sensor falls silent.' },
  wake: { ...quiet, about: 'Starts fan and laser.' },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: NAME,
  aliases: ['plantower-pms5003-7003', 'plantower-pms5003', 'plantower-pms7003'],
  about: 'Plantower PMS particle sensors on a serial port: PMS3003, 5003, 7003, 5003S, 5003T, 5003ST.',
  category: 'air',
  link: 'bytes',
  evidence: 'captured',
  wire: { baud: 9600, parity: 'none', timeout_ms: 3000, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 30_000,
  options,
  points: pointsOf,
  events: {},
  commands,
  decode: (frame, { variant }): Decoded => {
    const told = decodeFrame(frame, variant);
    return isNote(told) ? { points: {}, note: told.note } : { points: told };
  },
  encode: (name) => encodeCommand(commandNamed(name)),
  cost: ({ mode }) => (mode === 'passive' ? [{ request_bytes: 7, reply_bytes: 40 }] : []),
  open: (link, chosen) => ({
    ...observeSerial<Record<string, NumberPoint>>(link, {
      mode: chosen.mode,
      into: { active: encodeCommand('active'), passive: encodeCommand('passive') },
      ask: encodeCommand('read'),
      frames: dataFrame,
      read: (frame, call) => sampleOf(frame, chosen, call),
    }),
    act: async (name, _args, call) => {
      await link.send(encodeCommand(commandNamed(name)), call);
      if (name === 'wake') call.started?.();
      // It gives no sign of having understood; the next frames, or their absence, are the evidence.
      return { result: 'done', facts: { acknowledged: false } };
    },
    // Nothing it does can harm: an operator's sleep outlives this process.
    rest: async () => {},
  }),
});

/** What a frame says of the declared points. */
function sampleOf(frame: Uint8Array, chosen: Options, call: Call): Sample<Record<string, NumberPoint>> {
  const told = decodeFrame(frame, chosen.variant);
  if (isNote(told)) return {};
  if (told.pm2_5 === null) call.started?.();
  const declared = Object.keys(pointsOf(chosen)).filter((name) => name in told);
  return Object.fromEntries(declared.map((name) => [name, told[name] ?? null]));
}

const isNote = (told: Values | { readonly note: string }): told is { readonly note: string } =>
  typeof told.note === 'string';

function commandNamed(name: string): Command {
  if (name === 'sleep' || name === 'wake') return name;
  throw new Fault('command.unknown', {
    target: NAME,
    name,
    known: Object.keys(commands).join(', '),
  });
}

function pointsOf({ variant, details }: Options): Record<string, NumberPoint> {
  const mass = (about: string): NumberPoint => ({
    kind: 'number',
    unit: 'ug/m3',
    min: 0,
    max: 1000,
    about,
    privacy: 'plain',
  });
  const count = (size: string): NumberPoint => ({
    kind: 'number',
    unit: '/dL',
    min: 0,
    max: 65535,
    about: `Particles above ${size} um in a decilitre of air.`,
    privacy: 'plain',
  });
  const climate = variant === '5003t' || variant === '5003st';
  return {
    pm1_0: mass('Particles up to 1 um, atmospheric.'),
    pm2_5: mass('Particles up to 2.5 um, atmospheric.'),
    pm10: mass('Particles up to 10 um, atmospheric.'),
    ...(climate && {
      temperature: {
        kind: 'number',
        unit: 'Cel',
        min: -20,
        max: 99,
        about: 'Air temperature inside the sensor.',
        privacy: 'plain',
      },
      humidity: {
        kind: 'number',
        unit: '%',
        min: 0,
        max: 100,
        about: 'Relative humidity inside the sensor.',
        privacy: 'plain',
      },
    }),
    ...((variant === '5003s' || variant === '5003st') && { formaldehyde: mass('Formaldehyde.') }),
    ...(details && {
      pm1_0_cf1: mass('Particles up to 1 um, factory calibration (CF=1).'),
      pm2_5_cf1: mass('Particles up to 2.5 um, factory calibration (CF=1).'),
      pm10_cf1: mass('Particles up to 10 um, factory calibration (CF=1).'),
      count_0_3: count('0.3'),
      count_0_5: count('0.5'),
      count_1_0: count('1'),
      count_2_5: count('2.5'),
      ...(variant !== '5003t' && { count_5_0: count('5'), count_10: count('10') }),
    }),
  };
}
