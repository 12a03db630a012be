import {
  type Decoded,
  decodeBoard,
  defineDriver,
  Fault,
  type JsonObject,
  relayCommands,
  relayCost,
  relayMove,
  relayPoints,
  relaySession,
  relaySpecs,
  rtuFrame,
  writeRequest,
} from '#kit';
import { boardOf, type Options, options } from './codec.ts';

/** Such a board has no timer that is known: pulses are timed by the gateway. */
const commands = relayCommands({ most: 64, host_pulse: 'hold' });

export default defineDriver({
  id: 'coil-relay',
  aliases: ['generic-relay'],
  about:
    'Any Modbus board whose relays are coils or registers in a row: on, off and how they stand; pulses end by the gateway.',
  category: 'relay',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0, unit: 1 },
  poll_ms: { default: 1000, min: 100 },
  options,
  points: (chosen) => (chosen.read === 'none' ? {} : relayPoints(boardOf(chosen))),
  events: {},
  commands,
  relays: (chosen) => relaySpecs(boardOf(chosen)),
  decode,
  encode,
  cost: (chosen) => relayCost(boardOf(chosen)),
  open: (link, chosen) => {
    const relays = relaySession(link, boardOf(chosen));
    return {
      ...(chosen.read !== 'none' && { sample: relays.sample }),
      rest: relays.rest,
      act: async (name, args, call) => relays.act(name, args, call) ?? Promise.reject(unknown(name)),
    };
  },
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
  new Fault('command.unknown', { target: 'coil-relay', name, known: Object.keys(commands).join(', ') });
