import { z } from 'zod';
import {
  boardTimed,
  type CommandSpec,
  channelArgs,
  channelOf,
  type Decoded,
  decodeRelays,
  defineDriver,
  type JsonObject,
  type RelayBoard,
  type RelayMove,
  relayCommands,
  relayCost,
  relayMove,
  relayPoints,
  relaySession,
  relaySpecs,
  restOption,
  tcpFrame,
  writeRequest,
} from '#kit';
import * as board from './codec.ts';

export const options = z.strictObject({ rest: restOption });
export type Options = z.infer<typeof options>;

const commands = {
  ...relayCommands({ most: board.CHANNELS, pulse: board.timer, all_off: true }),
  'pulse-2s': {
    ...boardTimed({ step_ms: board.FIXED_PULSE_MS, max_ms: board.FIXED_PULSE_MS }),
    about: 'Switches a relay on for the two seconds that are built into the board.',
    args: channelArgs(board.CHANNELS),
  },
} satisfies Record<string, CommandSpec>;

const boardOf = ({ rest }: Options): RelayBoard => ({
  id: 'corx-cx-5104e',
  channels: board.CHANNELS,
  rest,
  relays: { range: board.relayRange, count: board.CHANNELS },
  turn: board.switchRelay,
  turnAll: board.writeAll,
  timer: board.timer,
  // Few boards show relays at 0x1000: one that does not is never told a number of milliseconds that it would take for a command.
  recognise: async (link, call) => {
    await link.read(board.relayRange, call);
  },
});

export default defineDriver({
  id: 'corx-cx-5104e',
  aliases: ['corx-cx-5104e-modbus-tcp', 'corx-cx-5104e-l'],
  about: 'Corx CX-5104E-L: four relays on Modbus TCP, pulses in milliseconds, timed by the board.',
  category: 'relay',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: (chosen) => relayPoints(boardOf(chosen)),
  events: {},
  commands,
  relays: (chosen) => relaySpecs(boardOf(chosen)),
  decode,
  encode: (name, args, chosen, unit) =>
    tcpFrame(0, unit, writeRequest(moveFor(boardOf(chosen), name, args).write)),
  cost: (chosen) => relayCost(boardOf(chosen)),
  open: (link, chosen) => {
    const unit = boardOf(chosen);
    const relays = relaySession(link, unit);
    return {
      sample: relays.sample,
      rest: relays.rest,
      act: async (name, args, call) => relays.move(moveFor(unit, name, args), call),
    };
  },
});

function moveFor(unit: RelayBoard, name: string, args: JsonObject): RelayMove {
  const common = relayMove(unit, name, args);
  if (common) return common;
  const channel = channelOf(unit, name, args);
  return {
    write: board.fixedPulse(channel),
    channels: [channel],
    on: true,
    effective_ms: board.FIXED_PULSE_MS,
  };
}

function decode(frame: Uint8Array, chosen: Options, request?: Uint8Array): Decoded {
  const said = decodeRelays(boardOf(chosen), frame, request);
  if (!('registers' in said)) return said;
  const { registers, at } = said;
  if (at === undefined || !board.isState(at)) return { points: {}, note: registers.join(' ') };
  const first = at - board.relayRange.at + 1;
  return {
    points: Object.fromEntries(registers.map((word, index) => [`relay-${first + index}`, word === 1])),
  };
}
