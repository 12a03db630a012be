import { z } from 'zod';
import {
  type BytesLink,
  type Call,
  CHARSETS,
  defineDriver,
  Fault,
  type Heard,
  LINE_ENDS,
  lineText,
  readLines,
} from '#kit';

export const options = z.strictObject({
  reads: z.enum(['code', 'card']).default('code').describe('What its lines are: codes, or card numbers'),
  ends: z.enum(LINE_ENDS).default('auto').describe('What ends a line; auto: CR, LF, both, or a silence'),
  idle_ms: z.int().min(20).max(1000).default(100).describe('Silence that ends a line without an end'),
  longest: z.int().min(4).max(2048).default(512).describe('Longest line in bytes; longer ones are dropped'),
  charset: z.enum(CHARSETS).default('utf-8').describe('How it writes what is not ASCII'),
  prefix: z
    .string()
    .default('')
    .describe('Text in front of each line, taken off; a line without it is dropped'),
  suffix: z.string().default('').describe('Text behind each line, taken off; a line without it is dropped'),
});
export type Options = z.infer<typeof options>;
type NoPoints = Readonly<Record<never, never>>;

export default defineDriver({
  id: 'line-scanner',
  aliases: ['serial-scanner', 'line-reader'],
  about: 'Any scanner or card reader that says what it reads as a line of text.',
  category: 'reader',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: (): NoPoints => ({}),
  events: {
    code: {
      about: 'A code was read.',
      lane: 'b',
      fields: { code: { about: 'Its text, without end, prefix and suffix', privacy: 'identifier' } },
    },
    card: {
      about: 'A card was read.',
      lane: 'b',
      fields: { card: { about: 'Its text, without end, prefix and suffix', privacy: 'identifier' } },
    },
  },
  commands: {},
  decode: (frame, chosen) => {
    const text = bare(lineText(frame, chosen.ends, chosen.charset), chosen);
    if (text !== undefined) return { points: { [chosen.reads]: text } };
    throw new Fault('driver.frame-unknown', {
      driver: 'line-scanner',
      reason: 'prefix or suffix is not there, or nothing is left without them',
    });
  },
  open: (link, chosen) => ({ watch: (call) => watch(link, chosen, call) }),
});

async function* watch(link: BytesLink, chosen: Options, call: Call): AsyncIterable<Heard<NoPoints>> {
  const { ends, idle_ms, longest, charset, reads } = chosen;
  const lines = readLines({ ends, idle_ms, max: longest }, charset);
  for await (const frame of link.frames(lines.rule, call.signal)) {
    const line = lines.hear(frame);
    const text = line === undefined ? undefined : bare(line, chosen);
    if (text !== undefined) yield { event: reads, fields: { [reads]: text } };
  }
}

/** The line without prefix and suffix; undefined when they are not there, or when nothing is left. */
function bare(line: string, { prefix, suffix }: Options): string | undefined {
  if (!line.startsWith(prefix) || !line.slice(prefix.length).endsWith(suffix)) return undefined;
  return line.slice(prefix.length, line.length - suffix.length) || undefined;
}
