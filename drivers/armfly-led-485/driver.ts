import { z } from 'zod';
import {
  type CommandSpec,
  defineDriver,
  Fault,
  type JsonObject,
  type ModbusWrite,
  noteOf,
  readModbus,
  rtuFrame,
  writeOnce,
  writeRequest,
} from '#kit';

const COLOURS = ['green', 'yellow', 'red'] as const;

export const options = z.strictObject({
  digits: z.int().min(3).max(6).default(4).describe('Digits of the panel; more is refused, not cut off'),
  full: z.string().max(6).default('').describe('Text in place of 0, such as FULL; empty: 0 is shown'),
  rest: z
    .enum(['hold', 'dashes'])
    .default('hold')
    .describe('What it shows when nobody counts any more: what it showed last, or dashes'),
});
export type Options = z.infer<typeof options>;
type NoPoints = Readonly<Record<never, never>>;

const NUMBER = 0x00;
const ADDRESS = 0x02;
const BAUD = 0x03;
const DECIMAL_POINT = 0x04;
const TEXT = 0x70;
const BAUDS = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200] as const;

const showArgs = z.strictObject({
  count: z.int().min(-9999).max(32_767).describe('The number'),
  colour: z.enum(COLOURS).exactOptional().describe('Taken as other signs take it; this panel has one colour'),
});
const textArgs = z.strictObject({
  text: z
    .string()
    .min(1)
    .max(6)
    .describe('Letters, digits, blanks and -; seven segments show some letters badly'),
});
const pointArgs = z.strictObject({ digits: z.int().min(0).max(3).describe('Digits behind the point') });
const addressArgs = z.strictObject({ address: z.int().min(1).max(247).describe('New unit address') });
const baudArgs = z.strictObject({ baud: z.literal([...BAUDS]).describe('New baud') });

const quiet = { timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  show: { ...quiet, about: 'Shows a whole number.', args: showArgs },
  text: { ...quiet, about: 'Shows a short text.', args: textArgs },
  'decimal-point': {
    ...quiet,
    about: 'Puts a point into the numbers shown from now on; lost when the panel loses power.',
    args: pointArgs,
  },
  'set-address': { ...quiet, about: 'Gives the panel another address.', args: addressArgs },
  'set-baud': { ...quiet, about: 'Gives the panel another baud.', args: baudArgs },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'armfly-led-485',
  aliases: ['armfly-led-485-display', 'led-485'],
  about: 'Armfly LED-485 digit panels on Modbus: numbers, a decimal point, short texts.',
  category: 'sign',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 10, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: (): NoPoints => ({}),
  events: {},
  commands,
  decode: (frame, _options, request) => {
    const said = readModbus(frame, request);
    return { points: {}, note: said.kind === 'values' ? `holds ${said.values.join(' ')}` : noteOf(said) };
  },
  encode: (name, args, chosen, unit) => rtuFrame(unit, writeRequest(writeFor(name, args, chosen))),
  setup: () => ({
    address: { command: 'set-address', holds: 'at once' },
    line: { command: 'set-baud', holds: 'at once' },
  }),
  open: (link, chosen) => ({
    act: (name, args, call) => writeOnce(link, writeFor(name, args, chosen), call),
    rest: async (call) => {
      if (chosen.rest === 'dashes') await link.write(textWrite('-'.repeat(chosen.digits)), call);
    },
  }),
});

function writeFor(name: string, args: JsonObject, { digits, full }: Options): ModbusWrite {
  switch (name) {
    case 'show': {
      const { count } = showArgs.parse(args);
      if (count === 0 && full) return textWrite(shown(full, digits, name));
      shown(String(count), digits, name);
      return { fn: 6, at: NUMBER, values: [count & 0xffff] };
    }
    case 'text':
      return textWrite(shown(textArgs.parse(args).text, digits, name));
    case 'decimal-point':
      return { fn: 6, at: DECIMAL_POINT, values: [pointArgs.parse(args).digits] };
    case 'set-address':
      return { fn: 6, at: ADDRESS, values: [addressArgs.parse(args).address] };
    case 'set-baud':
      return { fn: 6, at: BAUD, values: [1 + BAUDS.indexOf(baudArgs.parse(args).baud)] };
    default:
      throw new Fault('command.unknown', {
        target: 'armfly-led-485',
        name,
        known: Object.keys(commands).join(', '),
      });
  }
}

/** The text as the panel can show it; command.bad-args when it cannot. */
function shown(text: string, digits: number, name: string): string {
  const capitals = text.toUpperCase();
  if (capitals.length <= digits && /^[ 0-9A-Z-]+$/.test(capitals)) return capitals;
  const why =
    capitals.length > digits ? `the panel has ${digits} digits` : 'only A-Z, 0-9, blank and - are shown';
  throw new Fault('command.bad-args', { target: 'armfly-led-485', name, text: `${text}: ${why}` });
}

/** Two characters a register, the first one high; an odd one out is followed by a blank. */
function textWrite(text: string): ModbusWrite {
  const even = text.length % 2 ? `${text} ` : text;
  const values = Array.from(
    { length: even.length / 2 },
    (_, at) => even.charCodeAt(2 * at) * 256 + even.charCodeAt(2 * at + 1),
  );
  return { fn: 16, at: TEXT, values };
}
