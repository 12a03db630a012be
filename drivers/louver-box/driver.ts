import { z } from 'zod';
import {
  type CommandSpec,
  defineDriver,
  Fault,
  type JsonObject,
  type ModbusWrite,
  readModbus,
  rtuFrame,
  writeOnce,
  writeRequest,
} from '#kit';
import { ADDRESS_REGISTER, BAUD_CODES, BAUD_REGISTER, mapFor, options } from './map.ts';

const addressArgs = z.strictObject({ address: z.int().min(1).max(247).describe('New unit address') });
const baudArgs = z.strictObject({ baud: z.literal([...BAUD_CODES]).describe('New baud') });

const commissioning = { timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands = {
  'set-address': {
    ...commissioning,
    about: 'Gives the box another address (register 2000).',
    args: addressArgs,
  },
  'set-baud': {
    ...commissioning,
    about: 'Gives the box another baud (register 2001); it takes it after a power cycle.',
    args: baudArgs,
  },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'louver-box',
  aliases: ['renke-jd-louver-rs485', 'rs-byh-m', 'pr-300byh', 'es-integrate-odr-01', 'jxbs-3001'],
  about:
    'RS485 louver box (register 500 map): humidity, temperature, noise, PM2.5 or CO2, PM10, pressure, light.',
  category: 'air',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 4800, parity: 'none', timeout_ms: 500, gap_ms: 50, unit: 1 },
  poll_ms: { default: 10_000, min: 1000 },
  options,
  points: (chosen) => mapFor(chosen).points,
  events: {},
  commands,
  decode: (frame, chosen, request) =>
    commissioned(frame, request) ?? mapFor(chosen).decodeFrame(frame, request),
  encode: (name, args, _options, unit) => rtuFrame(unit, writeRequest(writeFor(name, args))),
  cost: (chosen) => mapFor(chosen).cost,
  setup: () => ({
    address: { command: 'set-address', holds: 'at once', told_at: ADDRESS_REGISTER, anyone: 255 },
    line: {
      command: 'set-baud',
      holds: 'after a power cycle',
      told_at: BAUD_REGISTER,
      told: (word) => ({ baud: BAUD_CODES[word] ?? null }),
    },
  }),
  open: (link, chosen) => {
    const map = mapFor(chosen);
    return {
      sample: (call) => map.read(link, call),
      act: (name, args, call) => writeOnce(link, writeFor(name, args), call),
      // It has no outputs.
      rest: async () => {},
    };
  },
});

function writeFor(name: string, args: JsonObject): ModbusWrite {
  if (name === 'set-address')
    return { fn: 6, at: ADDRESS_REGISTER, values: [addressArgs.parse(args).address] };
  if (name === 'set-baud')
    return { fn: 6, at: BAUD_REGISTER, values: [BAUD_CODES.indexOf(baudArgs.parse(args).baud)] };
  throw new Fault('command.unknown', { target: 'louver-box', name, known: Object.keys(commands).join(', ') });
}

/** Replies about the box itself, which are no points. */
function commissioned(frame: Uint8Array, request: Uint8Array | undefined) {
  if (!request) return undefined;
  const said = readModbus(frame, request);
  if (said.kind !== 'values' || said.table !== 'holding' || said.values.length !== 1) return undefined;
  const [word = 0] = said.values;
  if (said.at === ADDRESS_REGISTER) return { points: { address: word } };
  return said.at === BAUD_REGISTER ? { points: { baud: BAUD_CODES[word] ?? null } } : undefined;
}
