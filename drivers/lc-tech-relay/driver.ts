import { z } from 'zod';
import {
  type ActResult,
  type Call,
  type CommandSpec,
  commissioning,
  type Decoded,
  decodeBoard,
  defineDriver,
  Fault,
  type JsonObject,
  type ModbusLink,
  type ModbusWrite,
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
  channels: z.int().min(1).max(board.ROW).default(8).describe('Relays on the board'),
  inputs: z.int().min(0).max(board.ROW).default(8).describe('Inputs on the board; 0 for models without'),
  rest: restOption,
});
export type Options = z.infer<typeof options>;

const addressArgs = z.strictObject({ address: z.int().min(1).max(247).describe('New unit address') });
const baudArgs = z.strictObject({ baud: z.int().describe('4800, 9600 or 19200') });

const commands = {
  ...relayCommands({ most: board.ROW, pulse: board.timer, off_pulse: true, all_off: true }),
  'set-address': { ...commissioning, about: 'Gives the unit another address.', args: addressArgs },
  'set-baud': { ...commissioning, about: 'Gives the unit another baud.', args: baudArgs },
  address: { ...commissioning, about: 'Reads the address the unit believes to have.', args: noArgs },
  baud: { ...commissioning, about: 'Reads the baud setting.', args: noArgs },
} satisfies Record<string, CommandSpec>;

const boardOf = ({ channels, inputs, rest }: Options): RelayBoard => ({
  id: 'lc-tech-relay',
  channels,
  rest,
  relays: { range: board.relayRange, count: channels },
  inputs: inputs ? { range: board.inputRange, count: inputs } : undefined,
  turn: board.switchRelay,
  turnAll: board.writeRelays,
  timer: board.timer,
});

export default defineDriver({
  id: 'lc-tech-relay',
  aliases: ['lc-tech-modbus-relay'],
  about:
    'LC-Tech Modbus relay, 1 to 8 channels: pulses timed by the board, opto inputs, factory address 255.',
  ...relayFaces(boardOf, setting),
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 0, unit: 255 },
  poll_ms: { default: 1000, min: 100 },
  options,
  commands,
  decode,
  encode,
  setup: () => ({
    address: { command: 'set-address', holds: 'at once', told_at: board.ADDRESS_REGISTER, anyone: 0 },
    line: {
      command: 'set-baud',
      holds: 'at once',
      told_at: board.BAUD_REGISTER,
      told: (word) => ({ baud: board.baudOf(word) }),
    },
  }),
});

type Wish = Pick<OwnCommand<Options>, 'name' | 'args'>;

async function setting(link: ModbusLink, wish: Wish, call: Call): Promise<ActResult> {
  const write = settingFor(wish);
  if (write) return writeOnce(link, write, call);
  const [word = 0] = await link.read(board.register(registerOf(wish.name)), call);
  return { result: 'done', facts: { [wish.name]: wish.name === 'baud' ? board.baudOf(word) : word } };
}

const registerOf = (name: string): number => (name === 'baud' ? board.BAUD_REGISTER : board.ADDRESS_REGISTER);

/** The setting a command writes; undefined for those that read. */
function settingFor({ name, args }: Wish): ModbusWrite | undefined {
  if (name === 'set-address') return board.setAddress(addressArgs.parse(args).address);
  if (name !== 'set-baud') return undefined;
  const { baud } = baudArgs.parse(args);
  const code = board.baudCode(baud);
  if (code !== undefined) return board.setBaud(code);
  const text = `baud: ${baud} is none of ${board.bauds.join(', ')}`;
  throw new Fault('command.bad-args', { target: 'lc-tech-relay', name, text });
}

/** Registers are told apart by the request; without it one register is just `register`. */
function decode(frame: Uint8Array, chosen: Options, request?: Uint8Array): Decoded {
  return decodeBoard(
    boardOf(chosen),
    { frame, request },
    {
      alone: 'address or baud setting',
      settingOf: (at, [word = 0]) => {
        if (at === board.ADDRESS_REGISTER) return { address: word };
        return at === board.BAUD_REGISTER ? { baud: board.baudOf(word) } : undefined;
      },
    },
  );
}

/**
 * The address is read and given by a frame to everybody (unit 0), as the maker prints it: for a board alone on its bus. A session
 * speaks to its own unit.
 */
function encode(name: string, args: JsonObject, chosen: Options, unit: number): Uint8Array {
  const write = relayMove(boardOf(chosen), name, args)?.write ?? settingFor({ name, args });
  const to = name === 'set-address' || name === 'address' ? 0 : unit;
  return rtuFrame(to, write ? writeRequest(write) : readRequest(board.register(registerOf(name))));
}
