import { z } from 'zod';
import {
  type ActResult,
  type Call,
  type Decoded,
  decodeBoard,
  defineDriver,
  type JsonObject,
  type ModbusLink,
  type OwnCommand,
  type RelayBoard,
  readRequest,
  relayFaces,
  relayMove,
  restOption,
  rtuFrame,
  tcpFrame,
  writeOnce,
  writeRequest,
} from '#kit';
import * as board from './codec.ts';
import { commands, MOST_RELAYS, settingFor } from './commands.ts';

export const options = z.strictObject({
  channels: z.int().min(1).max(MOST_RELAYS).default(8).describe('Relays on the board'),
  inputs: z.int().min(0).max(32).default(8).describe('Opto inputs on the board; 0 for models without'),
  rest: restOption,
  baud_table: z.enum(['v2', 'stm8']).default('v2').describe('Baud codes of the firmware, for set-uart'),
  framing: z
    .enum(['rtu', 'tcp'])
    .default('rtu')
    .describe('How encode writes a frame; on a bus, the bus decides'),
});
export type Options = z.infer<typeof options>;

const boardOf = ({ channels, inputs, rest }: Options): RelayBoard => ({
  id: 'waveshare-relay',
  channels,
  rest,
  relays: { range: { table: 'coil', at: 0, count: channels }, count: channels },
  inputs: inputs ? { range: { table: 'discrete', at: 0, count: inputs }, count: inputs } : undefined,
  turn: board.switchRelay,
  turnAll: (on) => (on.includes(true) ? board.writeRelays(on) : board.allOff),
  timer: board.timer,
});

export default defineDriver({
  id: 'waveshare-relay',
  aliases: ['waveshare-modbus-rtu-relay-8ch', 'waveshare-modbus-rtu-relay'],
  about:
    'Waveshare Modbus RTU and POE ETH Relay (protocol V2): relays with pulses timed by the board, opto inputs on D and B models.',
  ...relayFaces(boardOf, setting),
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  commands,
  decode,
  encode,
  setup: ({ baud_table }) => ({
    address: { command: 'set-address', holds: 'at once', told_at: board.ADDRESS_REGISTER, anyone: 0 },
    line: {
      command: 'set-uart',
      takes_parity: true,
      holds: 'at once',
      told_at: board.UART_REGISTER,
      told: (word) => board.uartOf(word, baud_table),
    },
  }),
});

async function setting(
  link: ModbusLink,
  { name, args, chosen }: OwnCommand<Options>,
  call: Call,
): Promise<ActResult> {
  const write = settingFor(name, args, chosen.baud_table);
  if (write) return writeOnce(link, write, call);
  const [word = 0] = await link.read(board.register(registerOf(name)), call);
  return { result: 'done', facts: { [name]: name === 'version' ? board.versionOf(word) : word } };
}

const registerOf = (name: string): number =>
  name === 'version' ? board.VERSION_REGISTER : board.ADDRESS_REGISTER;

/** Registers are told apart by the request; without it one register is just `register`. */
function decode(frame: Uint8Array, chosen: Options, request?: Uint8Array): Decoded {
  return decodeBoard(
    boardOf(chosen),
    { frame, request },
    {
      alone: 'address, version or UART setting',
      settingOf: (at, [word = 0]) => {
        if (at === board.ADDRESS_REGISTER) return { address: word };
        if (at === board.VERSION_REGISTER) return { version: board.versionOf(word) };
        return at === board.UART_REGISTER ? { ...board.uartOf(word, chosen.baud_table) } : undefined;
      },
    },
  );
}

/**
 * Commissioning frames are made as the maker prints them: to everybody (unit 0), with one board on the bus. A session
 * never does that: on a shared bus every board would take the same address.
 */
function encode(name: string, args: JsonObject, chosen: Options, unit: number): Uint8Array {
  const move = relayMove(boardOf(chosen), name, args);
  const frame = (to: number, pdu: Uint8Array) =>
    chosen.framing === 'tcp' ? tcpFrame(0, to, pdu) : rtuFrame(to, pdu);
  if (move) return frame(unit, writeRequest(move.write));
  const write = settingFor(name, args, chosen.baud_table);
  return frame(0, write ? writeRequest(write) : readRequest(board.register(registerOf(name))));
}
