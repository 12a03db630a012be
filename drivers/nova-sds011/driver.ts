import { z } from 'zod';
import {
  type ActResult,
  type BytesLink,
  type Call,
  type CommandSpec,
  type Decoded,
  defineDriver,
  Fault,
  isFault,
  type JsonObject,
  type NumberPoint,
  observeSerial,
  type Sample,
  u8,
} from '#kit';
import { CODES, dataFrame, decodeFrame, encodeCommand, replyTo } from './codec.ts';

export const options = z.strictObject({
  model: z
    .enum(['sds011', 'sds198'])
    .default('sds011')
    .describe('sds011 also stands for SDS018 and SDS021; sds198 measures PM100 only'),
  mode: z
    .enum(['active', 'passive'])
    .default('active')
    .describe('active: the sensor speaks every second; passive: it is polled'),
  id: z
    .string()
    .regex(/^[0-9A-Fa-f]{4}$/)
    .default('FFFF')
    .describe('Id of the sensor that commands are for, four hex digits; FFFF is any'),
});
export type Options = z.infer<typeof options>;

const noArgs = z.strictObject({});
const periodArgs = z.strictObject({
  minutes: z.int().min(0).max(30).describe('0: without pause'),
});
const quiet = { timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  sleep: { ...quiet, args: noArgs, about: 'Stops fan and laser; the sensor falls silent.' },
  wake: { ...quiet, args: noArgs, about: 'Starts fan and laser.' },
  'working-period': {
    ...quiet,
    args: periodArgs,
    about: 'Lets it work 30 s in so many minutes and rest in between; kept over a power cut.',
  },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'nova-sds011',
  aliases: ['sds011', 'nova-sds018', 'nova-sds021'],
  about: 'Nova particle sensors on a serial port: SDS011, SDS018, SDS021, SDS198.',
  category: 'air',
  link: 'bytes',
  evidence: 'captured',
  wire: { baud: 9600, parity: 'none', timeout_ms: 1500, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 30_000,
  options,
  points: pointsOf,
  events: {},
  commands,
  decode: (frame): Decoded => {
    const told = decodeFrame(frame);
    return isNote(told) ? { points: {}, note: told.note } : { points: told };
  },
  encode: (name, args, { id }) => encodeNamed(name, args, id),
  cost: ({ mode }) => (mode === 'passive' ? [{ request_bytes: 19, reply_bytes: 10 }] : []),
  open: (link, chosen) => ({
    ...observeSerial<Record<string, NumberPoint>>(link, {
      mode: chosen.mode,
      into: {
        active: encodeCommand(CODES.mode, [1, 0], chosen.id),
        passive: encodeCommand(CODES.mode, [1, 1], chosen.id),
      },
      ask: encodeCommand(CODES.data, [], chosen.id),
      frames: dataFrame,
      read: (frame, call) => sampleOf(frame, chosen, call),
    }),
    act: (name, args, call) => act(link, chosen, { name, args }, call),
    // Nothing it does can harm: an operator's sleep outlives this process.
    rest: async () => {},
  }),
});

function sampleOf(frame: Uint8Array, chosen: Options, call: Call): Sample<Record<string, NumberPoint>> {
  const told = decodeFrame(frame);
  const declared = Object.keys(pointsOf(chosen)).filter((name) => !isNote(told) && name in told);
  const values = declared.map((name) => [name, numberOf(isNote(told) ? null : told[name])] as const);
  if (values.some(([, value]) => value === null)) call.started?.();
  return Object.fromEntries(values);
}

const numberOf = (value: string | number | null | undefined): number | null =>
  typeof value === 'number' ? value : null;

/**
 * Asked for, it acknowledges; while it speaks by itself the acknowledgement is lost among its frames. A sleeping sensor loses the
 * first bytes it hears, and with them the command: it is told twice.
 */
async function act(
  link: BytesLink,
  { mode, id }: Options,
  { name, args }: { readonly name: string; readonly args: JsonObject },
  call: Call,
): Promise<ActResult> {
  const frame = encodeNamed(name, args, id);
  const tell = async (): Promise<void> => {
    if (mode === 'passive') await link.exchange(frame, replyTo(u8(frame, 2)), call);
    else await link.send(frame, call);
  };
  if (name !== 'wake') await tell();
  else if (mode === 'active') {
    await tell();
    await tell();
  } else {
    await tell().catch((error: unknown) => {
      if (isFault(error) && error.code === 'bus.no-reply') return tell();
      throw error;
    });
  }
  if (name === 'wake') call.started?.();
  return { result: 'done', facts: { acknowledged: mode === 'passive' } };
}

function encodeNamed(name: string, args: JsonObject, id: string): Uint8Array {
  if (name === 'sleep' || name === 'wake') return encodeCommand(CODES.work, [1, name === 'wake' ? 1 : 0], id);
  if (name === 'working-period') return encodeCommand(CODES.period, [1, periodArgs.parse(args).minutes], id);
  throw new Fault('command.unknown', {
    target: 'nova-sds011',
    name,
    known: Object.keys(commands).join(', '),
  });
}

const isNote = (told: ReturnType<typeof decodeFrame>): told is { readonly note: string } =>
  typeof told.note === 'string';

function pointsOf({ model }: Options): Record<string, NumberPoint> {
  const mass = (size: string, max: number): NumberPoint => ({
    kind: 'number',
    unit: 'ug/m3',
    min: 0,
    max,
    about: `Particles up to ${size} um.`,
    privacy: 'plain',
  });
  if (model === 'sds198') return { pm100: mass('100', 20_000) };
  return { pm2_5: mass('2.5', 999.9), pm10: mass('10', 999.9) };
}
