import { z } from 'zod';
import {
  type ActResult,
  type BytesLink,
  type Call,
  type CommandSpec,
  defineDriver,
  Fault,
  type NumberPoint,
  observeSerial,
  type Sample,
} from '#kit';
import * as zh from './codec.ts';

export const options = z.strictObject({
  mode: z
    .enum(['active', 'passive'])
    .default('active')
    .describe('active: the sensor speaks every second; passive: it is polled'),
});
export type Options = z.infer<typeof options>;

const quiet = { args: z.strictObject({}), timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  sleep: { ...quiet, about: 'Stops fan and laser; the sensor falls silent.' },
  wake: { ...quiet, about: 'Starts fan and laser.' },
} satisfies Record<string, CommandSpec>;

const mass = (size: string): NumberPoint => ({
  kind: 'number',
  unit: 'ug/m3',
  min: 0,
  max: 1000,
  about: `Particles up to ${size} um.`,
  privacy: 'plain',
});
const points = { pm1_0: mass('1'), pm2_5: mass('2.5'), pm10: mass('10') };

export default defineDriver({
  id: zh.NAME,
  aliases: ['zh03b', 'winsen-zh06'],
  about: 'Winsen ZH03B and ZH06 particle sensors on a serial port.',
  category: 'air',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 1500, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 30_000,
  options,
  points: () => points,
  events: {},
  commands,
  decode: zh.decodeFrame,
  encode: (name) => requestFor(name),
  cost: ({ mode }) => (mode === 'passive' ? [{ request_bytes: 9, reply_bytes: 9 }] : []),
  open: (link, { mode }) => ({
    ...observeSerial<typeof points>(link, {
      mode,
      into: zh.REQUESTS,
      ask: zh.REQUESTS.read,
      frames: mode === 'active' ? zh.activeFrame : zh.replyTo(zh.CODES.read),
      read: sampleOf,
    }),
    act: (name, _args, call) => act(link, { mode, name }, call),
    // Nothing it does can harm: an operator's sleep outlives this process.
    rest: async () => {},
  }),
});

function sampleOf(frame: Uint8Array, call: Call): Sample<typeof points> {
  const masses = zh.massesOf(frame);
  if (masses.pm2_5 === null) call.started?.();
  return masses;
}

/** Asked for, it acknowledges; while it speaks by itself the acknowledgement is lost among its frames. */
async function act(
  link: BytesLink,
  { mode, name }: Options & { readonly name: string },
  call: Call,
): Promise<ActResult> {
  const bytes = requestFor(name);
  if (mode === 'active') await link.send(bytes, call);
  else if (!zh.acknowledged(await link.exchange(bytes, zh.replyTo(zh.CODES.dormant), call)))
    return { result: 'failed', facts: { refused: true } };
  if (name === 'wake') call.started?.();
  return { result: 'done', facts: { acknowledged: mode === 'passive' } };
}

function requestFor(name: string): Uint8Array {
  if (name === 'sleep' || name === 'wake') return zh.REQUESTS[name];
  throw new Fault('command.unknown', { target: zh.NAME, name, known: Object.keys(commands).join(', ') });
}
