import { z } from 'zod';
import {
  type ActResult,
  type Call,
  type CommandSpec,
  commissioning,
  type Decoded,
  decodeBoard,
  defineDriver,
  type JsonObject,
  type ModbusLink,
  noArgs,
  type OwnCommand,
  type RelayBoard,
  readRequest,
  relayCommands,
  relayFaces,
  relayMove,
  restOption,
  rtuFrame,
  writeOnce,
  writeRequest,
} from '#kit';
import * as board from './codec.ts';

export const options = z.strictObject({
  channels: z.int().min(1).max(8).default(4).describe('Relays on the board'),
  inputs: z
    .int()
    .min(0)
    .max(8)
    .default(4)
    .describe('Logic inputs on the board; 0 when they are not wired or the board does not answer for them'),
  rest: restOption,
});
export type Options = z.infer<typeof options>;

const addressArgs = z.strictObject({ address: z.int().min(1).max(247).describe('New unit address') });

/** The board has no timer: pulses are timed by the gateway. */
const commands = {
  ...relayCommands({ most: 8, all_off: true, host_pulse: 'hold' }),
  'set-address': {
    ...commissioning,
    about: 'Gives the unit another address (written to its register 0x4000).',
    args: addressArgs,
  },
  address: { ...commissioning, about: 'Reads the address the unit believes to have.', args: noArgs },
  version: {
    ...commissioning,
    about: 'Reads when its firmware was made, and the PCB version.',
    args: noArgs,
  },
} satisfies Record<string, CommandSpec>;

const boardOf = ({ channels, inputs, rest }: Options): RelayBoard => ({
  id: 'stm8-relay',
  channels,
  rest,
  relays: { range: board.relayRange(channels), count: channels },
  inputs: inputs ? { range: board.inputRange(inputs), count: inputs } : undefined,
  turn: board.switchRelay,
  turnAll: board.writeAll,
  // It echoes a write to a coil that it has not.
  doubtful: true,
});

export default defineDriver({
  id: 'stm8-relay',
  aliases: ['stm8-relay-board-4'],
  about:
    'Blue "Relay Board-4" with an STM8S103 (also 1, 2 and 8 relays): no timer, acknowledges what it cannot do.',
  ...relayFaces(boardOf, setting),
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  commands,
  decode,
  encode,
  setup: () => ({
    address: { command: 'set-address', holds: 'at once', told_at: board.addressRange.at, anyone: 0 },
  }),
});

async function setting(
  link: ModbusLink,
  { name, args }: OwnCommand<Options>,
  call: Call,
): Promise<ActResult> {
  if (name === 'set-address') return writeOnce(link, board.setAddress(addressArgs.parse(args).address), call);
  if (name === 'address') {
    const [address = 0] = await link.read(board.addressRange, call);
    return { result: 'done', facts: { address } };
  }
  const words: number[] = [];
  for (const range of board.versionRanges) words.push(...(await link.read(range, call)));
  return { result: 'done', facts: board.versionOf(words) };
}

function decode(frame: Uint8Array, chosen: Options, request?: Uint8Array): Decoded {
  return decodeBoard(
    boardOf(chosen),
    { frame, request },
    {
      alone: 'address or version',
      settingOf: (at, [word = 0]) => (at === board.addressRange.at ? { address: word } : undefined),
    },
  );
}

/** Settings go to everybody (unit 0) as the maker prints them: for a board alone on its bus. `version` asks for four registers; the first. */
function encode(name: string, args: JsonObject, chosen: Options, unit: number): Uint8Array {
  const move = relayMove(boardOf(chosen), name, args);
  if (move) return rtuFrame(unit, writeRequest(move.write));
  if (name === 'set-address')
    return rtuFrame(0, writeRequest(board.setAddress(addressArgs.parse(args).address)));
  const [first = board.addressRange] = board.versionRanges;
  return rtuFrame(0, readRequest(name === 'version' ? first : board.addressRange));
}
