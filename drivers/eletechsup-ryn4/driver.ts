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
  type RelayBoard,
  readRequest,
  relayCommands,
  relayFaces,
  relayMove,
  restOption,
  rtuFrame,
  writeRequest,
} from '#kit';
import * as board from './codec.ts';

export const options = z.strictObject({
  channels: z.int().min(1).max(8).default(8).describe('Relays on the board: 4 (RYN404E) or 8 (RYN408F)'),
  rest: restOption,
});
export type Options = z.infer<typeof options>;

const commands = {
  ...relayCommands({ most: 8, pulse: board.timer, all_off: true }),
  version: { ...commissioning, about: 'Reads device type and firmware.', args: noArgs },
} satisfies Record<string, CommandSpec>;

const boardOf = ({ channels, rest }: Options): RelayBoard => ({
  id: 'eletechsup-ryn4',
  channels,
  rest,
  relays: { range: board.relayRange(channels), count: channels },
  turn: board.switchRelay,
  turnAll: board.writeAll,
  timer: board.timer,
  doubtful: true,
  recognise: board.recognise,
});

export default defineDriver({
  id: 'eletechsup-ryn4',
  aliases: ['ryn408f', 'ryn404e'],
  about:
    'eletechsup RYN404E and RYN408F relay boards (relay 1 is register 0): pulses in whole seconds, timed by the board.',
  ...relayFaces(boardOf, version),
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 300, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  commands,
  decode,
  encode,
  setup: () => ({
    address: {
      by_hand: 'Set its switches A0 to A5 (A0 counts 1), then switch it off and on.',
      holds: 'after a power cycle',
      told_at: board.SETTINGS.at,
    },
    line: {
      by_hand: 'Its pads M1 and M2 set the baud.',
      holds: 'after a power cycle',
      told_at: board.SETTINGS.at + 1,
      told: (word) => ({ baud: board.BAUDS[word] ?? null }),
    },
  }),
  recognise: (link, _chosen, call) => board.recognise(link, call),
});

async function version(link: ModbusLink, _wish: unknown, call: Call): Promise<ActResult> {
  return { result: 'done', facts: versionOf(await link.read(board.IDENTITY, call)) };
}

const versionOf = ([device_type = 0, major = 0, minor = 0]: readonly number[]) => ({
  device_type,
  firmware: `${major}.${minor}`,
});

function decode(frame: Uint8Array, chosen: Options, request?: Uint8Array): Decoded {
  return decodeBoard(
    boardOf(chosen),
    { frame, request },
    {
      alone: 'device type or firmware',
      settingOf: (at, words) =>
        at === board.IDENTITY.at && words.length === board.IDENTITY.count ? versionOf(words) : undefined,
    },
  );
}

function encode(name: string, args: JsonObject, chosen: Options, unit: number): Uint8Array {
  const move = relayMove(boardOf(chosen), name, args);
  return rtuFrame(unit, move ? writeRequest(move.write) : readRequest(board.IDENTITY));
}
