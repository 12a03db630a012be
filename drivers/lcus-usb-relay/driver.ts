import { z } from 'zod';
import {
  type ActResult,
  asFault,
  type BytesLink,
  type Call,
  channelOf,
  defineDriver,
  Fault,
  type JsonObject,
  relayCommands,
  relayPoints,
  relaySpecs,
  restOption,
  restStates,
  type Sample,
} from '#kit';
import * as board from './codec.ts';

export const options = z.strictObject({
  channels: z.int().min(1).max(8).default(4).describe('Relays on the board'),
  rest: restOption,
  query: z
    .enum(['text', 'bytes', 'none'])
    .default('text')
    .describe(
      'How it answers when asked for its relays: in text, a byte for each, or not at all (many LCUS-1)',
    ),
});
export type Options = z.infer<typeof options>;

/** It has no timer: pulses are timed by the gateway. */
const commands = relayCommands({ most: 8, host_pulse: 'hold' });
const ID = 'lcus-usb-relay';
/** `CH1: OFF`, with its end. */
const _LINE_BYTES = 10;

export default defineDriver({
  id: ID,
  aliases: [],
  about: 'LCUS USB relay board, 1 to 8 channels: a serial port of its own, no acknowledgement, no timer.',
  category: 'relay',
  link: 'bytes',
  evidence: 'simulated',
  // Commands closer together than 10 ms get lost.
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 10 },
  poll_ms: { default: 1000, min: 250 },
  options,
  points: ({ channels, query }) => (query === 'none' ? {} : relayPoints({ channels })),
  events: {},
  commands,
  relays: ({ channels, rest, query }) =>
    relaySpecs({ channels, rest, relays: query === 'none' ? undefined : query }),
  decode: (frame, { query }) => board.decodeFrame(frame, query),
  encode: (name, args, chosen) => frameFor({ name, args }, chosen),
  cost: ({ channels, query }) => {
    const reply_bytes = channels * board.answerBytes(query);
    const look = { request_bytes: board.query.length, reply_bytes };
    return query === 'none' ? [] : [look, look];
  },
  open: (link, chosen) => {
    const unit: Board = { link, chosen, settled: false };
    return {
      ...(chosen.query !== 'none' && { sample: (call: Call) => sample(unit, call) }),
      act: (name, args, call) => act(unit, { name, args }, call),
      rest: (call) => rest(unit, call),
    };
  },
});

interface Board {
  readonly link: BytesLink;
  readonly chosen: Options;
  /** Its relays have been brought to a known state since it was (re)connected. */
  settled: boolean;
}
interface Wish {
  readonly name: string;
  readonly args: JsonObject;
}

async function sample(unit: Board, call: Call): Promise<Sample> {
  try {
    if (!unit.settled) await rest(unit, call);
    return board.relayFlags(await look(unit, call));
  } catch (error) {
    // Whoever was gone may come back with other relays on, or be another board.
    unit.settled = false;
    throw error;
  }
}

/** How the relays stand. Asked twice: the first answer is often that of the time before. */
async function look({ link, chosen }: Board, call: Call): Promise<readonly boolean[]> {
  const { query, channels } = chosen;
  const rule = board.statusRule(query, channels);
  await link.exchange(board.query, rule, call);
  const frame = await link.exchange(board.query, rule, call);
  return query === 'bytes' ? board.readBytes(frame) : board.readLines(frame);
}

async function act(unit: Board, wish: Wish, call: Call): Promise<ActResult> {
  const frame = frameFor(wish, unit.chosen);
  const channel = channelOf({ id: ID, ...unit.chosen }, wish.name, wish.args);
  // The end of a pulse goes out in any case: it can only make things better.
  if (!unit.settled && call.priority !== 'urgent') {
    const refused = await rest(unit, call).then(() => undefined, refusal);
    if (refused) return refused;
  }
  call.signal.throwIfAborted();
  try {
    await unit.link.send(frame, call);
  } catch (error) {
    const { code, facts } = asFault(error);
    const unsent = facts.sent === false;
    return { result: unsent ? 'failed' : 'unknown', facts: { fault: code, ...(unsent && { sent: false }) } };
  }
  return proof(unit, { channel, on: wish.name === 'on' }, call);
}

/** It acknowledges nothing; only a look tells. */
async function proof(
  unit: Board,
  { channel, on }: { readonly channel: number; readonly on: boolean },
  call: Call,
): Promise<ActResult> {
  if (unit.chosen.query === 'none') return { result: 'unknown', facts: { evidence: 'sent' } };
  try {
    const came = (await look(unit, call))[channel - 1] === on;
    return came
      ? { result: 'done', facts: { evidence: 'read-back' } }
      : { result: 'failed', facts: { fault: 'driver.value', evidence: 'read-back' } };
  } catch (error) {
    return { result: 'unknown', facts: { fault: asFault(error).code } };
  }
}

/** Nobody knew how the relays stood, and they could not be brought to a known state: nothing more is moved. */
const refusal = (error: unknown): ActResult => {
  const { code, message } = asFault(error);
  return { result: 'failed', facts: { fault: code, text: message, sent: false } };
};

/**
 * Each relay by itself, with a look in between where there is one: it shows what came of it, and keeps the commands apart. A board that does
 * not answer is told all the same. A relay that holds is not touched. Fault driver.value when one does not follow.
 */
async function rest(unit: Board, call: Call): Promise<void> {
  const { link, chosen } = unit;
  const states = restStates(chosen.rest, chosen.channels);
  let looks = chosen.query !== 'none';
  for (const [index, state] of states.entries()) {
    if (state === 'hold') continue;
    await link.send(board.switchFrame(index + 1, state === 'on'), call);
    if (looks)
      looks = await look(unit, call).then(
        () => true,
        () => false,
      );
  }
  if (chosen.query !== 'none') refuseOther(states, await look(unit, call));
  unit.settled = true;
}

function refuseOther(states: readonly string[], seen: readonly boolean[]): void {
  for (const [index, state] of states.entries()) {
    const got = seen[index] ?? false;
    if (state !== 'hold' && got !== (state === 'on'))
      throw new Fault('driver.value', { point: `relay-${index + 1}`, got, expected: String(!got) });
  }
}

function frameFor({ name, args }: Wish, { channels }: Options): Uint8Array {
  return board.switchFrame(channelOf({ id: ID, channels }, name, args), name === 'on');
}
