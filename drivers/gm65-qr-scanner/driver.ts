import { z } from 'zod';
import {
  type ActResult,
  asFault,
  askOnce,
  type BytesLink,
  type Call,
  CHARSETS,
  type CommandSpec,
  type Decoded,
  defineDriver,
  Fault,
  type Heard,
  type JsonObject,
  LINE_ENDS,
  type LineShape,
  lineText,
  onlyFrames,
  readLines,
} from '#kit';
import * as gm65 from './codec.ts';

export const options = z.strictObject({
  ends: z.enum(LINE_ENDS).default('auto').describe('What ends a code; auto: CR, LF, both, or a silence'),
  idle_ms: z.int().min(20).max(1000).default(100).describe('Silence that ends a code without an end'),
  longest: z.int().min(8).max(2048).default(512).describe('Longest code in bytes; longer ones are dropped'),
  charset: z.enum(CHARSETS).default('utf-8').describe('How the scanner writes what is not ASCII'),
});
export type Options = z.infer<typeof options>;
type NoPoints = Readonly<Record<never, never>>;

const noArgs = z.strictObject({});
const baudArgs = z.strictObject({ baud: z.literal([...gm65.BAUDS]).describe('New baud') });
const quiet = { timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  scan: {
    ...quiet,
    about: 'Starts one scan (in command mode); what it reads comes as an event.',
    args: noArgs,
  },
  stop: { ...quiet, about: 'Ends the scan that is running.', args: noArgs },
  save: {
    ...quiet,
    about: 'Writes its settings to its memory, so that they outlast a power cut.',
    args: noArgs,
  },
  baud: { ...quiet, about: 'Reads the baud it believes to have.', args: noArgs },
  'set-baud': { ...quiet, about: 'Gives it another baud, at once; save it afterwards.', args: baudArgs },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'gm65-qr-scanner',
  aliases: ['gm65', 'gm805', 'gm812', 'gm861'],
  about: 'Serial QR and bar code scanners of the GM65 family: codes as text, commands in frames.',
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
      fields: { code: { about: 'Its text, without its end', privacy: 'identifier' } },
    },
  },
  commands,
  decode,
  encode: (name, args) => gm65.encodeCommand(commandOf(name, args)),
  open: (link, chosen) => {
    const scanner: Scanner = { link, chosen, listening: false, waiting: new Set() };
    return {
      watch: (call) => watch(scanner, call),
      act: (name, args, call) => act(scanner, commandOf(name, args), call),
      // It has no outputs.
      rest: async () => {},
    };
  },
});

interface Scanner {
  readonly link: BytesLink;
  readonly chosen: Options;
  listening: boolean;
  /** Who waits for an answer while somebody listens: the line has one reader, which is the listener. */
  readonly waiting: Set<(answer: Uint8Array) => void>;
}

const shapeOf = ({ ends, idle_ms, longest }: Options): LineShape => ({ ends, idle_ms, max: longest });

async function* watch(scanner: Scanner, call: Call): AsyncIterable<Heard<NoPoints>> {
  const shape = shapeOf(scanner.chosen);
  const lines = readLines(shape, scanner.chosen.charset);
  scanner.listening = true;
  try {
    for await (const frame of scanner.link.frames(gm65.frameRule(shape), call.signal)) {
      if (gm65.isAnswer(frame)) {
        for (const take of scanner.waiting) take(frame);
        continue;
      }
      const code = lines.hear(frame);
      if (code !== undefined) yield { event: 'code', fields: { code } };
    }
  } finally {
    scanner.listening = false;
  }
}

async function act(scanner: Scanner, command: gm65.Command, call: Call): Promise<ActResult> {
  const request = gm65.encodeCommand(command);
  const judge = (answer: Uint8Array): ActResult => resultOf(command, gm65.answerData(answer));
  if (scanner.listening) return actWhileListening(scanner, request, call, judge);
  const rule = onlyFrames(gm65.frameRule(shapeOf(scanner.chosen)), gm65.isAnswer);
  return askOnce(scanner.link, { request, rule }, call, judge);
}

/** The answer comes by way of the listener; how long it is waited for is the host's affair. */
async function actWhileListening(
  { link, waiting }: Scanner,
  request: Uint8Array,
  call: Call,
  judge: (answer: Uint8Array) => ActResult,
): Promise<ActResult> {
  call.signal.throwIfAborted();
  let take: (answer: Uint8Array) => void = () => {};
  let giveUp = () => {};
  const answer = new Promise<Uint8Array | undefined>((resolve) => {
    take = resolve;
    giveUp = () => resolve(undefined);
  });
  waiting.add(take);
  call.signal.addEventListener('abort', giveUp, { once: true });
  try {
    await link.send(request, call);
    const said = await answer;
    return said ? judge(said) : { result: 'unknown', facts: { fault: 'bus.no-reply' } };
  } catch (error) {
    const { code, facts } = asFault(error);
    return { result: facts.sent === false ? 'failed' : 'unknown', facts: { fault: code } };
  } finally {
    waiting.delete(take);
    call.signal.removeEventListener('abort', giveUp);
  }
}

function resultOf(command: gm65.Command, data: Uint8Array): ActResult {
  if (command.name === 'baud') return { result: 'done', facts: { baud: gm65.baudOf(data) } };
  return { result: 'done', facts: {} };
}

function commandOf(name: string, args: JsonObject): gm65.Command {
  if (name === 'set-baud') return { name, baud: baudArgs.parse(args).baud };
  if (name === 'scan' || name === 'stop' || name === 'save' || name === 'baud') return { name };
  throw new Fault('command.unknown', {
    target: 'gm65-qr-scanner',
    name,
    known: Object.keys(commands).join(', '),
  });
}

function decode(frame: Uint8Array, { ends, charset }: Options, request?: Uint8Array): Decoded {
  if (gm65.isCommand(frame)) return { points: {}, note: gm65.describeCommand(frame) };
  if (!gm65.isAnswer(frame)) return { points: { code: lineText(frame, ends, charset) } };
  const data = gm65.answerData(frame);
  if (request && gm65.describeCommand(request) === 'asks for the baud')
    return { points: { baud: gm65.baudOf(data) } };
  const text = [...data].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ');
  return { points: {}, note: `acknowledges a command: ${text}` };
}
