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

export const options = z.strictObject({ rest: restOption });
export type Options = z.infer<typeof options>;

const addressArgs = z.strictObject({ address: z.int().min(1).max(247).describe('New unit address') });
const uartArgs = z.strictObject({
  baud: z.int().describe('4800, 9600, 19200 or 38400'),
  parity: z.enum(board.PARITIES).default('none'),
});

/** The board has no timer: pulses are timed by the gateway. */
const commands = {
  ...relayCommands({ most: board.CHANNELS, all_off: true, host_pulse: 'hold' }),
  'set-address': { ...commissioning, about: 'Gives the unit another address.', args: addressArgs },
  'set-uart': {
    ...commissioning,
    about: 'Gives the unit another baud and parity; they hold from its next start.',
    args: uartArgs,
  },
  address: { ...commissioning, about: 'Reads the address the unit believes to have.', args: noArgs },
  uart: { ...commissioning, about: 'Reads baud and parity as they are set.', args: noArgs },
} satisfies Record<string, CommandSpec>;

const boardOf = ({ rest }: Options): RelayBoard => ({
  id: 'wellpro-wp8025',
  channels: board.CHANNELS,
  rest,
  relays: { range: board.relayRange, count: board.CHANNELS },
  turn: board.switchRelay,
  turnAll: board.writeAll,
});

export default defineDriver({
  id: 'wellpro-wp8025',
  aliases: ['wellpro-wp8025adam', 'wp8025adam'],
  about: 'WellPro WP8025ADAM: eight relays on a rail, Modbus RTU, no timer.',
  ...relayFaces(boardOf, setting),
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  commands,
  decode,
  encode,
  setup: () => ({
    address: { command: 'set-address', holds: 'at once', told_at: board.settingRange('address').at },
    line: {
      command: 'set-uart',
      takes_parity: true,
      holds: 'after a power cycle',
      told_at: board.settingRange('uart').at,
      told: board.uartOf,
    },
  }),
});

type Wish = Pick<OwnCommand<Options>, 'name' | 'args'>;

async function setting(link: ModbusLink, wish: Wish, call: Call): Promise<ActResult> {
  const write = settingFor(wish);
  if (write) return writeOnce(link, write, call);
  const range = board.settingRange(wish.name === 'address' ? 'address' : 'uart');
  const [word = 0] = await link.read(range, call);
  return { result: 'done', facts: settingOf(range.at, word) };
}

const settingOf = (at: number, word: number) =>
  at === board.settingRange('address').at ? { address: word } : board.uartOf(word);

/** The setting a command writes; undefined for those that read. */
function settingFor({ name, args }: Wish): ModbusWrite | undefined {
  if (name === 'set-address') return board.setAddress(addressArgs.parse(args).address);
  if (name !== 'set-uart') return undefined;
  const { baud, parity } = uartArgs.parse(args);
  const code = board.uartCode(baud, parity);
  if (code !== undefined) return board.setUart(code);
  const text = `baud: ${baud} is none of ${board.BAUDS.join(', ')}`;
  throw new Fault('command.bad-args', { target: 'wellpro-wp8025', name, text });
}

function decode(frame: Uint8Array, chosen: Options, request?: Uint8Array): Decoded {
  return decodeBoard(
    boardOf(chosen),
    { frame, request },
    {
      alone: 'address or UART setting',
      settingOf: (at, [word = 0]) =>
        at === board.settingRange('address').at || at === board.settingRange('uart').at
          ? settingOf(at, word)
          : undefined,
    },
  );
}

/** Settings are told to everybody (unit 0) when asked from `encode`: for a module alone on its line. */
function encode(name: string, args: JsonObject, chosen: Options, unit: number): Uint8Array {
  const move = relayMove(boardOf(chosen), name, args);
  if (move) return rtuFrame(unit, writeRequest(move.write));
  const write = settingFor({ name, args });
  const range = board.settingRange(name === 'address' ? 'address' : 'uart');
  return rtuFrame(0, write ? writeRequest(write) : readRequest(range));
}
