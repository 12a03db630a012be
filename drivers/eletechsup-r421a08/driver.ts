import { z } from 'zod';
import {
  type CommandSpec,
  type Decoded,
  decodeBoard,
  defineDriver,
  Fault,
  type JsonObject,
  type RelayBoard,
  relayCommands,
  relayFaces,
  relayMove,
  restOption,
  rtuFrame,
  writeRequest,
} from '#kit';
import * as board from './codec.ts';

export const options = z.strictObject({
  channels: z.int().min(1).max(8).default(8).describe('Relays on the board'),
  rest: restOption,
});
export type Options = z.infer<typeof options>;

const commands = relayCommands({ most: 8, pulse: board.timer, all_off: true }) satisfies Record<
  string,
  CommandSpec
>;

const boardOf = ({ channels, rest }: Options): RelayBoard => ({
  id: 'eletechsup-r421a08',
  channels,
  rest,
  relays: { range: board.relayRange(channels), count: channels },
  turn: board.switchRelay,
  turnAll: board.writeAll,
  timer: board.timer,
  doubtful: true,
  recognise: (link, call) => board.recognise(link, channels, call),
});

export default defineDriver({
  id: 'eletechsup-r421a08',
  aliases: ['eletechsup-r421a08-ryn4', 'r421a08'],
  about:
    'eletechsup R421A08 relay board (relay 1 is register 1): pulses in whole seconds, timed by the board.',
  ...relayFaces(boardOf, (_link, { name }) => Promise.reject(unknown(name))),
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
    },
  }),
  recognise: (link, { channels }, call) => board.recognise(link, channels, call),
});

function decode(frame: Uint8Array, chosen: Options, request?: Uint8Array): Decoded {
  return decodeBoard(boardOf(chosen), { frame, request });
}

function encode(name: string, args: JsonObject, chosen: Options, unit: number): Uint8Array {
  const move = relayMove(boardOf(chosen), name, args);
  if (!move) throw unknown(name);
  return rtuFrame(unit, writeRequest(move.write));
}

const unknown = (name: string) =>
  new Fault('command.unknown', {
    target: 'eletechsup-r421a08',
    name,
    known: Object.keys(commands).join(', '),
  });
