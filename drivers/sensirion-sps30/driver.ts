import { z } from 'zod';
import {
  type ActResult,
  type BytesLink,
  type Call,
  type CommandSpec,
  defineDriver,
  Fault,
  type FlagPoint,
  type JsonObject,
  type NumberPoint,
  openShdlcReply,
  type Sample,
} from '#kit';
import * as sps from './codec.ts';

export const options = z.strictObject({
  details: z.boolean().default(false).describe('Also particle counts and the typical size'),
});
export type Options = z.infer<typeof options>;

const noArgs = z.strictObject({});
const autoCleanArgs = z.strictObject({
  hours: z.int().min(0).max(8760).describe('0 switches it off; from the factory a week (168)'),
});
const quiet = { args: noArgs, timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  sleep: {
    ...quiet,
    about: 'Stops measuring: fan and laser are off until wake, or until the gateway starts anew.',
  },
  wake: { ...quiet, about: 'Starts measuring.' },
  clean: { ...quiet, about: 'Blows the fan clean for 10 s, during which it measures nothing.' },
  'auto-clean': { ...quiet, args: autoCleanArgs, about: 'Sets how often it blows itself clean.' },
  info: { ...quiet, about: 'Tells the serial number.' },
  version: { ...quiet, about: 'Tells versions of firmware, hardware and protocol.' },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: sps.NAME,
  aliases: ['sensirion-sps30-shdlc', 'sps30'],
  about: 'Sensirion SPS30 particle sensor on a serial port (SHDLC, SEL pin open).',
  category: 'air',
  link: 'bytes',
  evidence: 'captured',
  wire: { baud: 115_200, parity: 'none', timeout_ms: 300, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 30_000,
  options,
  points: pointsOf,
  events: {},
  commands,
  decode: sps.decodeFrame,
  encode: (name, args) => requestOf(name, args).bytes,
  cost: () => [{ request_bytes: 6, reply_bytes: 60 }],
  open: (link, chosen) => {
    const sensor: Sensor = { link, chosen, stopped: false };
    return {
      sample: (call) => sample(sensor, call),
      act: (name, args, call) => act(sensor, { name, args }, call),
      // It has no outputs; an operator's sleep is left as it is.
      rest: async () => {},
    };
  },
});

type Points = Record<string, NumberPoint | FlagPoint>;

interface Sensor {
  readonly link: BytesLink;
  readonly chosen: Options;
  /** By an operator: then it is not started again. */
  stopped: boolean;
}

/** After a power cut it is idle and refuses to be read; it is started then. */
async function sample(sensor: Sensor, call: Call): Promise<Sample<Points>> {
  const names = Object.keys(pointsOf(sensor.chosen));
  const nothing = Object.fromEntries(names.map((name) => [name, null]));
  const reply = await ask(sensor.link, { code: sps.CODES.read, bytes: sps.REQUESTS.read }, call);
  if (sps.refusalOf(reply) === sps.NOT_NOW) {
    if (!sensor.stopped) await start(sensor.link, call);
    return nothing;
  }
  refuse(reply, 'read');
  const reading = sps.readingOf(reply);
  if (!reading) return {};
  if (reading.pm2_5 === null) call.started?.();
  return Object.fromEntries(names.map((name) => [name, reading[name] ?? null]));
}

async function start(link: BytesLink, call: Call): Promise<void> {
  refuse(await ask(link, { code: sps.CODES.start, bytes: sps.REQUESTS.start }, call), 'start');
  call.started?.();
}

async function act(
  sensor: Sensor,
  { name, args }: { readonly name: string; readonly args: JsonObject },
  call: Call,
): Promise<ActResult> {
  const reply = await ask(sensor.link, requestOf(name, args), call);
  const refusal = sps.refusalOf(reply);
  // Stop and start are refused by a sensor that is stopped or started already: as was wished.
  const alreadySo = refusal === sps.NOT_NOW && (name === 'sleep' || name === 'wake');
  if (refusal && !alreadySo) return { result: 'failed', facts: { refused: sps.reasonOf(refusal) } };
  if (name === 'sleep' || name === 'wake') sensor.stopped = name === 'sleep';
  if ((name === 'wake' && !alreadySo) || name === 'clean') call.started?.();
  return { result: 'done', facts: { acknowledged: true, ...sps.factsOf(reply) } };
}

interface Request {
  readonly code: number;
  readonly bytes: Uint8Array;
}

const ask = async (link: BytesLink, { code, bytes }: Request, call: Call) =>
  openShdlcReply(await link.exchange(bytes, sps.replyTo(code), call), sps.NAME);

function refuse(reply: Parameters<typeof sps.refusalOf>[0], what: string): void {
  const exception = sps.refusalOf(reply);
  if (exception) throw new Fault('driver.exception', { fn: what, exception, text: sps.reasonOf(exception) });
}

function requestOf(name: string, args: JsonObject): Request {
  const { CODES, REQUESTS } = sps;
  const requests: Readonly<Record<string, Request>> = {
    sleep: { code: CODES.stop, bytes: REQUESTS.stop },
    wake: { code: CODES.start, bytes: REQUESTS.start },
    clean: { code: CODES.clean, bytes: REQUESTS.clean },
    info: { code: CODES.info, bytes: REQUESTS.info },
    version: { code: CODES.version, bytes: REQUESTS.version },
  };
  const request = requests[name];
  if (request) return request;
  if (name === 'auto-clean')
    return { code: CODES.autoClean, bytes: sps.autoCleanRequest(3600 * autoCleanArgs.parse(args).hours) };
  throw new Fault('command.unknown', { target: sps.NAME, name, known: Object.keys(commands).join(', ') });
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
  const named = (names: readonly string[], point: (size: string) => NumberPoint) =>
    Object.fromEntries(names.map((name) => [name, point(name.replace(/^\D+/, '').replace('_', '.'))]));
  return {
    ...named(sps.MASS, (size) => number('ug/m3', 1000, `Particles up to ${size} um.`)),
    defect: { kind: 'flag', about: 'The sensor reports a defect of its fan or laser.', privacy: 'plain' },
    ...(details && {
      ...named(sps.DETAILS.slice(0, 5), (size) =>
        number('/cm3', 3000, `Particles from 0.3 to ${size} um in a cubic centimetre of air.`),
      ),
      typical_size: number('um', 10, 'Typical size of the particles.'),
    }),
  };
}
