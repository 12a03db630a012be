import { z } from 'zod';
import {
  type ActResult,
  type Call,
  type Decoded,
  defineDriver,
  Fault,
  type JsonObject,
  type ModbusLink,
  noteOf,
  type PointSpecs,
  readModbus,
  readRequest,
  rtuFrame,
  type Sample,
  writeOnce,
  writeRequest,
} from '#kit';
import * as board from './codec.ts';
import { channelArgs, commands, pulseArgs, writeFor } from './commands.ts';

const restState = z.enum(['off', 'on', 'hold']);

export const options = z.strictObject({
  channels: z.int().min(1).max(32).default(8).describe('Relays on the board'),
  inputs: z.int().min(0).max(32).default(8).describe('Opto inputs on the board; 0 for models without'),
  rest: z
    .union([restState, z.array(restState).min(1)])
    .default('off')
    .describe(
      'Safe state of every relay, or one for each: off, on (fail-safe locks held by the relay), hold',
    ),
  baud_table: z.enum(['v2', 'stm8']).default('v2').describe('Baud codes of the firmware, for set-uart'),
});
export type Options = z.infer<typeof options>;

export default defineDriver({
  id: 'waveshare-relay',
  aliases: ['waveshare-modbus-rtu-relay-8ch', 'waveshare-modbus-rtu-relay', 'modbus-tcp-relay'],
  about:
    'Waveshare Modbus RTU Relay (protocol V2): relays with pulses timed by the board, opto inputs on D models.',
  category: 'relay',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: ({ channels, inputs }) => ({ ...flagPoints('relay', channels), ...flagPoints('input', inputs) }),
  events: {},
  commands,
  decode,
  encode,
  cost: ({ channels, inputs }) =>
    [channels, inputs]
      .filter(Boolean)
      .map((count) => ({ request_bytes: 8, reply_bytes: 5 + Math.ceil(count / 8) })),
  open: (link, chosen) => {
    const unit: Board = { link, chosen, seen: new Map() };
    return {
      sample: (call) => sample(unit, call),
      act: (name, args, call) => act(unit, { name, args }, call),
      rest: (call) => rest(unit, call),
    };
  },
});

interface Board {
  readonly link: ModbusLink;
  readonly chosen: Options;
  /** Relays as they were seen last. A write that may change them begins a new map: a look that was under way tells the old one. */
  seen: Map<number, boolean>;
}

async function sample(unit: Board, call: Call): Promise<Sample> {
  const { link, seen } = unit;
  const { channels, inputs } = unit.chosen;
  const ranges = [board.relayRange(channels), ...(inputs ? [board.inputRange(inputs)] : [])];
  const [relays, contacts] = await link.readAll(ranges, call);
  if (!relays || relays instanceof Error) throw relays;
  relays.forEach((bit, index) => {
    seen.set(index + 1, bit === 1);
  });
  // A board without inputs refuses them: their points are left out, the relays still count.
  return {
    ...board.flags('relay', relays),
    ...(Array.isArray(contacts) ? board.flags('input', contacts) : {}),
  };
}

async function act(unit: Board, wish: { name: string; args: JsonObject }, call: Call): Promise<ActResult> {
  const { link, chosen } = unit;
  const { name, args } = wish;
  if (name === 'version' || name === 'address') return readRegister(link, name, call);
  const write = writeFor(name, args, chosen.baud_table);
  if (!write)
    throw new Fault('command.unknown', {
      target: 'waveshare-relay',
      name,
      known: Object.keys(commands).join(', '),
    });
  const channel = 'channel' in args ? channelOf(args, chosen, name) : undefined;
  const before = channel === undefined ? undefined : unit.seen.get(channel);
  if (write.fn === 5) unit.seen = new Map();
  const wanted = name === 'on' || name === 'pulse';
  // A pulse proves itself only by a change: a relay that stood that way before may have been so for another reason.
  const provable = name === 'on' || name === 'off' || before === !wanted;
  const proof =
    name === 'all-off' ? allOff(chosen) : channel && provable ? readsAs(channel, wanted) : undefined;
  const result = await writeOnce(link, write, call, proof);
  if (name !== 'pulse' && name !== 'off-pulse') return result;
  return {
    ...result,
    facts: { ...result.facts, effective_ms: board.stepsOf(pulseArgs.parse(args).ms) * board.STEP_MS },
  };
}

const readsAs = (channel: number, wanted: boolean) => async (link: ModbusLink, call: Call) => {
  const [bit] = await link.read({ table: 'coil', at: channel - 1, count: 1 }, call);
  return bit === Number(wanted);
};

const allOff =
  ({ channels }: Options) =>
  async (link: ModbusLink, call: Call) => {
    const bits = await link.read(board.relayRange(channels), call);
    return bits.every((bit) => bit === 0);
  };

function channelOf(args: JsonObject, { channels }: Options, name: string): number {
  const { channel } = channelArgs.parse({ channel: args.channel });
  if (channel <= channels) return channel;
  throw new Fault('command.bad-args', {
    target: 'waveshare-relay',
    name,
    text: `channel: the board has ${channels}`,
  });
}

async function readRegister(link: ModbusLink, name: 'version' | 'address', call: Call): Promise<ActResult> {
  const at = name === 'version' ? board.VERSION_REGISTER : board.ADDRESS_REGISTER;
  const [word = 0] = await link.read(board.register(at), call);
  return { result: 'done', facts: { [name]: name === 'version' ? board.versionOf(word) : word } };
}

/**
 * One write when every relay has a safe state; one for each otherwise, leaving those that hold untouched. One that fails does not keep
 * the others from it.
 */
async function rest(unit: Board, call: Call): Promise<void> {
  const { link } = unit;
  const { channels, rest: safe } = unit.chosen;
  unit.seen = new Map();
  const states = Array.from({ length: channels }, (_, index) =>
    typeof safe === 'string' ? safe : (safe[index] ?? 'off'),
  );
  if (!states.includes('hold'))
    return link.write(board.writeRelays(states.map((state) => state === 'on')), call);
  const failed: unknown[] = [];
  for (const [index, state] of states.entries()) {
    if (state === 'hold') continue;
    call.signal.throwIfAborted();
    await link
      .write(board.switchRelay(index + 1, state === 'on'), call)
      .catch((error: unknown) => failed.push(error));
  }
  if (failed.length) throw failed[0];
}

/** Registers are told apart by the request; without it one register is just `register`. */
function decode(frame: Uint8Array, { channels, inputs, baud_table }: Options, request?: Uint8Array): Decoded {
  const said = readModbus(frame, request);
  if (said.kind !== 'values') return { points: {}, note: noteOf(said) };
  const { table, at, values } = said;
  // Without the request the last byte's spare bits are there too.
  if (table === 'coil')
    return { points: board.flags('relay', at === undefined ? values.slice(0, channels) : values, at) };
  if (table === 'discrete') {
    return {
      points: board.flags('input', at === undefined ? values.slice(0, inputs || channels) : values, at),
    };
  }
  const [word = 0] = values;
  if (values.length > 1) return { points: {}, note: `${values.length} of ${table}: ${values.join(' ')}` };
  if (at === board.ADDRESS_REGISTER) return { points: { address: word } };
  if (at === board.VERSION_REGISTER) return { points: { version: board.versionOf(word) } };
  if (at === board.UART_REGISTER) return { points: { ...board.uartOf(word, baud_table) } };
  return { points: { register: word }, note: 'address, version or UART setting: its request would tell' };
}

/**
 * Commissioning frames are made as the maker prints them: to everybody (unit 0), with one board on the bus. A session
 * never does that: on a shared bus every board would take the same address.
 */
function encode(name: string, args: JsonObject, chosen: Options, unit: number): Uint8Array {
  if ('channel' in args) channelOf(args, chosen, name);
  const write = writeFor(name, args, chosen.baud_table);
  if (!write) {
    const at = name === 'version' ? board.VERSION_REGISTER : board.ADDRESS_REGISTER;
    return rtuFrame(0, readRequest(board.register(at)));
  }
  return rtuFrame(write.fn === 6 ? 0 : unit, writeRequest(write));
}

const flagPoints = (name: 'relay' | 'input', count: number): PointSpecs =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${name}-${index + 1}`,
      {
        kind: 'flag',
        about: name === 'relay' ? `Relay ${index + 1} is energised.` : `Input ${index + 1} is active.`,
        privacy: 'plain',
      },
    ]),
  );
