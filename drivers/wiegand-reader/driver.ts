import { z } from 'zod';
import {
  type ActResult,
  asFault,
  CARD_FORMATS,
  type Call,
  type CommandSpec,
  defineDriver,
  Fault,
  type Heard,
  HOST_TIMER,
  hostTimed,
  type LineEdge,
  type LineLink,
  type LineSpec,
  lasting,
  MOST_CARD_BITS,
  noArgs,
  pinEntry,
} from '#kit';
import { type Burst, burstReader, decodeBits, type Frame, readFrame } from './codec.ts';

export const options = z.strictObject({
  card: z
    .enum(CARD_FORMATS)
    .default('auto')
    .describe('Cards it takes: 26, 34 or 37 bits with their parities (auto: any of them), or raw bits'),
  raw_bits: z
    .int()
    .min(1)
    .max(MOST_CARD_BITS)
    .optional()
    .describe(
      'Of raw cards: how many bits; without it a card of which a bit got lost is taken for another one',
    ),
  parity: z
    .enum(['checked', 'ignored'])
    .default('checked')
    .describe('ignored: for readers that send parities of their own making'),
  facility_bits: z
    .int()
    .min(0)
    .max(32)
    .optional()
    .describe('How many bits are the facility; default 8 of 26, 16 of 34 and 37, none of raw ones'),
  keypad: z.enum(['none', '4-bit', '8-bit']).default('none').describe('How its keys are sent'),
  pin_ends: z
    .enum(['hash', 'hash-or-silence'])
    .default('hash')
    .describe('What ends a PIN; one that only a silence ended is forgotten unless that counts'),
  pin_timeout_ms: z.int().min(1000).max(60_000).default(5000).describe('Silence after a key'),
  silence_ms: z
    .int()
    .min(21)
    .max(500)
    .default(40)
    .describe('Silence that ends a card; bits may be 20 ms apart'),
  led: z.boolean().default(false).describe('Its LED line is wired'),
  buzzer: z.boolean().default(false).describe('Its buzzer line is wired'),
});
export type Options = z.infer<typeof options>;

const points = {
  wired: {
    kind: 'flag',
    about:
      'Both data lines stand high, as they do while nobody reads; low ones are unplugged or have no power.',
    privacy: 'plain',
  },
} as const;
type Points = typeof points;

const turn = { ...lasting, on_process_end: 'drop', args: noArgs } as const;
const timed = z.strictObject({
  ms: z.int().min(1).max(HOST_TIMER.max_ms).describe(`Length; rounded up to ${HOST_TIMER.step_ms} ms`),
});
const commands = {
  led: {
    ...hostTimed({ begin: 'led-on', end: 'led-off' }, 'drop'),
    about: 'Lights its LED for a time.',
    args: timed,
  },
  beep: {
    ...hostTimed({ begin: 'buzzer-on', end: 'buzzer-off' }, 'drop'),
    about: 'Lets its buzzer sound for a time.',
    args: timed,
  },
  'led-on': { ...turn, about: 'Lights its LED until told otherwise.' },
  'led-off': { ...turn, about: 'Puts its LED out.' },
  'buzzer-on': { ...turn, about: 'Lets its buzzer sound until told otherwise.' },
  'buzzer-off': { ...turn, about: 'Silences its buzzer.' },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'wiegand-reader',
  aliases: ['wiegand'],
  about:
    'Card readers and keypads with Wiegand lines on GPIO: 26, 34, 37 and raw bits, PINs, LED and buzzer.',
  category: 'reader',
  link: 'line',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 1000 },
  options,
  points: () => points,
  events: {
    card: {
      about: 'A card was read.',
      lane: 'b',
      fields: {
        card: { about: 'All its bits but the parities, in hex', privacy: 'identifier' },
        format: { about: 'How its bits are meant: 26-bit, 34-bit, 37-bit or raw', privacy: 'plain' },
        bits: { about: 'Bits that came, with parities', privacy: 'plain' },
        facility: { about: 'Its facility, where it has one', privacy: 'identifier' },
        number: { about: 'Its number', privacy: 'identifier' },
      },
    },
    pin: {
      about: 'A PIN was typed; only doors of this gateway hear it.',
      lane: 'b',
      passing: true,
      fields: { pin: { about: 'Its digits', privacy: 'identifier' } },
    },
    misread: {
      about: 'Something was read that is no card and no key.',
      lane: 'b',
      fields: {
        reason: {
          about: 'parity, bit-count, key (a code that is none), lost-edges (the chip had to drop some)',
          privacy: 'plain',
        },
        bits: { about: 'Bits that came', privacy: 'plain' },
      },
    },
  },
  commands,
  decode: (frame, chosen) => ({ points: { ...decodeBits(frame, chosen) } }),
  lines: ({ silence_ms, led, buzzer }) => ({
    d0: dataLine('D0: a pulse is a 0; high while nobody reads', silence_ms),
    d1: dataLine('D1: a pulse is a 1; high while nobody reads', silence_ms),
    ...(led && { led: outLine('Its LED; active_low for readers that light it when pulled down') }),
    ...(buzzer && { buzzer: outLine('Its buzzer; active_low for readers that sound when pulled down') }),
  }),
  open: (link, chosen) => ({
    watch: (call) => watch(link, chosen, call),
    act: (name, _args, call) => act(link, chosen, { name, call }),
    rest: async (call) => {
      if (chosen.led) await link.set('led', false, call);
      if (chosen.buzzer) await link.set('buzzer', false, call);
    },
  }),
});

/** Falling edges alone: the kernel tells the other ones by a level that it looks at too late. */
const dataLine = (about: string, quiet_ms: number): LineSpec => ({
  ...{ about, direction: 'in', edges: 'falling', debounce_ms: 0, quiet_ms, initial: false },
});
const outLine = (about: string): LineSpec => ({
  ...{ about, direction: 'out', edges: 'none', debounce_ms: 0, initial: false },
});

async function* watch(link: LineLink, chosen: Options, call: Call): AsyncIterable<Heard<Points>> {
  const bursts = burstReader(chosen.silence_ms);
  const pins = pinEntry(chosen);
  const idle = idleLines();
  for await (const edge of link.edges(call.signal)) {
    for (const burst of bursts(edge)) yield* told(burst, readFrame(burst, chosen), pins);
    for (const pin of pins.tick(edge.up)) yield { event: 'pin', fields: { pin } };
    const wired = idle(edge);
    if (wired !== undefined) yield { sample: { wired } };
  }
}

function* told({ up }: Burst, frame: Frame, pins: ReturnType<typeof pinEntry>): Iterable<Heard<Points>> {
  if ('card' in frame) yield { event: 'card', fields: { ...frame.card }, up };
  else if ('misread' in frame)
    yield { event: 'misread', fields: { reason: frame.misread, bits: frame.bits }, up };
  else for (const pin of pins.key(frame.key, up)) yield { event: 'pin', fields: { pin }, up };
}

/** Told by looks at both lines. A single low one may have fallen into a pulse; two in a row have not. */
function idleLines(): (edge: LineEdge) => boolean | undefined {
  const low = { d0: 0, d1: 0 };
  return ({ line, on, how }) => {
    if (how !== 'look' || (line !== 'd0' && line !== 'd1')) return undefined;
    low[line] = on ? 0 : low[line] + 1;
    return line === 'd1' ? low.d0 < 2 && low.d1 < 2 : undefined;
  };
}

async function act(
  link: LineLink,
  chosen: Options,
  { name, call }: { readonly name: string; readonly call: Call },
): Promise<ActResult> {
  const line = name.startsWith('led') ? 'led' : 'buzzer';
  if (!chosen[line]) {
    const text = `the line ${line} is not wired: options ${line}`;
    throw new Fault('command.bad-args', { target: 'wiegand-reader', name, text });
  }
  try {
    await link.set(line, name.endsWith('-on'), call);
    return { result: 'done', facts: { evidence: 'line' } };
  } catch (error) {
    const { code, message } = asFault(error);
    const doubtful = code === 'gpio.failed' || code === 'bus.no-reply';
    return { result: doubtful ? 'unknown' : 'failed', facts: { fault: code, text: message } };
  }
}
