import { z } from 'zod';
import {
  type ActResult,
  type Call,
  type CommandSpec,
  defineDriver,
  type JsonObject,
  type ModbusLink,
  type ModbusWrite,
  readRequest,
  rtuFrame,
  writeOnce,
  writeRequest,
} from '#kit';
import * as s8 from './codec.ts';

export const options = z.strictObject({});
export type Options = z.infer<typeof options>;

const quiet = {
  args: z.strictObject({}),
  timing: 'none',
  actuates: false,
  on_process_end: 'hold',
} as const;
const commands: Readonly<Record<string, CommandSpec>> = {
  ...s8.settings.commands,
  calibrate: {
    ...quiet,
    about: 'Takes the air it stands in for fresh air (400 ppm). In a room this spoils it.',
  },
  calibrated: { ...quiet, about: 'Tells whether the last calibration is done.' },
};

const CALIBRATE: ModbusWrite = { fn: 6, at: s8.SPECIAL, values: [s8.CALIBRATE_BACKGROUND] };
const FORGET: ModbusWrite = { fn: 6, at: s8.ACKNOWLEDGED, values: [0] };
const ACKNOWLEDGEMENT = { table: 'holding', at: s8.ACKNOWLEDGED, count: 1 } as const;

export default defineDriver({
  id: s8.NAME,
  aliases: ['senseair-s8-k30', 'senseair-k30', 'senseair-s88'],
  about: 'SenseAir S8, S88, K30: carbon dioxide by infrared, Modbus on a serial port or RS485.',
  category: 'air',
  link: 'modbus',
  evidence: 'simulated',
  // 0xFE is answered by any of them, whatever its own address.
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 20, unit: 0xfe },
  poll_ms: { default: 10_000, min: 2000 },
  warm_up_ms: () => 60_000,
  options,
  points: () => s8.map.points,
  events: {},
  commands,
  decode: (frame, _options, request) => s8.decodeFrame(frame, request),
  encode: (name, args, _options, unit) => {
    if (name === 'calibrate') return rtuFrame(unit, writeRequest(CALIBRATE));
    if (name === 'calibrated') return rtuFrame(unit, readRequest(ACKNOWLEDGEMENT));
    return s8.settings.encode(name, args, unit);
  },
  cost: () => [{ request_bytes: 8, reply_bytes: 13 }],
  open: (link) => ({
    sample: (call) => s8.map.read(link, call),
    act: (name, args, call) => act(link, { name, args }, call),
    // It has no outputs.
    rest: async () => {},
  }),
});

async function act(
  link: ModbusLink,
  { name, args }: { readonly name: string; readonly args: JsonObject },
  call: Call,
): Promise<ActResult> {
  if (name === 'calibrated') {
    const [word = 0] = await link.read(ACKNOWLEDGEMENT, call);
    return { result: 'done', facts: { calibrated: (word & s8.CALIBRATED) !== 0 } };
  }
  if (name !== 'calibrate') return s8.settings.act(link, name, args, call);
  // What an earlier calibration has left must not be taken for this one's end.
  await link.write(FORGET, call);
  return writeOnce(link, CALIBRATE, call);
}
