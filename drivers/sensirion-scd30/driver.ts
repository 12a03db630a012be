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
  type Sample,
  writeOnce,
  writeRequest,
} from '#kit';
import * as scd from './codec.ts';

export const options = z.strictObject({
  pressure: z
    .union([z.literal(0), z.int().min(700).max(1400)])
    .default(0)
    .describe(
      'Pressure of the air in mbar, by which CO2 is corrected when measuring starts; 0 leaves it out',
    ),
});
export type Options = z.infer<typeof options>;

const quiet = { args: z.strictObject({}), timing: 'none', actuates: false, on_process_end: 'hold' } as const;
const commands: Readonly<Record<string, CommandSpec>> = {
  ...scd.settings.commands,
  sleep: { ...quiet, about: 'Stops measuring, until wake or until the gateway starts anew.' },
  wake: { ...quiet, about: 'Starts measuring.' },
  reset: { ...quiet, about: 'Restarts the sensor; what was set stays set.' },
  firmware: { ...quiet, about: 'Tells the firmware version.' },
};

export default defineDriver({
  id: scd.NAME,
  aliases: ['sensirion-scd30-modbus', 'scd30'],
  about: 'Sensirion SCD30: carbon dioxide, temperature, humidity; Modbus (SEL pin high).',
  category: 'air',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 19_200, parity: 'none', timeout_ms: 300, gap_ms: 5, unit: 0x61 },
  poll_ms: { default: 10_000, min: 2000 },
  warm_up_ms: () => 60_000,
  options,
  points: () => scd.map.points,
  events: {},
  commands,
  decode: (frame, _options, request) => scd.decodeFrame(frame, request),
  encode: (name, args, chosen, unit) => {
    if (name === 'firmware') return rtuFrame(unit, readRequest(scd.FIRMWARE));
    const write = writeFor(name, chosen);
    return write ? rtuFrame(unit, writeRequest(write)) : scd.settings.encode(name, args, unit);
  },
  cost: () => [
    { request_bytes: 8, reply_bytes: 7 },
    { request_bytes: 8, reply_bytes: 17 },
  ],
  open: (link, chosen) => {
    const sensor: Sensor = { link, chosen, stopped: false, idle: 0, patience: undefined };
    return {
      sample: (call) => sample(sensor, call),
      act: (name, args, call) => act(sensor, { name, args }, call),
      // It has no outputs; an operator's sleep is left as it is.
      rest: async () => {},
    };
  },
});

interface Sensor {
  readonly link: ModbusLink;
  readonly chosen: Options;
  /** By an operator: then it is not started again. */
  stopped: boolean;
  /** Looks in a row at which nothing was ready. */
  idle: number;
  /** So many of them are no chance; told by its interval when it is wanted. */
  patience: number | undefined;
}

/** It measures on by itself after a power cut, unless it was stopped: a sensor that has nothing ready for long is started. */
async function sample(sensor: Sensor, call: Call): Promise<Sample<scd.Points>> {
  const { link } = sensor;
  const [ready = 0] = await link.read(scd.READY, call);
  if (ready === 1) {
    sensor.idle = 0;
    sensor.patience = undefined;
    const reading = scd.readingOf(await link.read(scd.READING, call));
    if (reading.co2 === null) call.started?.();
    return reading;
  }
  if (sensor.stopped) return { co2: null, temperature: null, humidity: null };
  sensor.idle += 1;
  // It is looked at every 2 s at most, so that its interval in seconds, in looks, is two of its intervals.
  sensor.patience ??= Math.max(3, (await link.read(scd.INTERVAL, call))[0] ?? 0);
  if (sensor.idle >= sensor.patience) await start(sensor, call);
  return {};
}

async function start(sensor: Sensor, call: Call): Promise<void> {
  sensor.idle = 0;
  await sensor.link.write(scd.startWith(sensor.chosen.pressure), call);
  call.started?.();
}

async function act(
  sensor: Sensor,
  { name, args }: { readonly name: string; readonly args: JsonObject },
  call: Call,
): Promise<ActResult> {
  const { link, chosen } = sensor;
  if (name === 'firmware') {
    const [word = 0] = await link.read(scd.FIRMWARE, call);
    return { result: 'done', facts: { firmware: scd.firmwareOf(word) } };
  }
  const write = writeFor(name, chosen);
  if (!write) return scd.settings.act(link, name, args, call);
  const result = await writeOnce(link, write, call);
  if (result.result !== 'done') return result;
  if (name !== 'reset') sensor.stopped = name === 'sleep';
  if (name !== 'sleep') call.started?.();
  return result;
}

function writeFor(name: string, { pressure }: Options): ModbusWrite | undefined {
  if (name === 'wake') return scd.startWith(pressure);
  if (name === 'sleep') return scd.STOPPING;
  return name === 'reset' ? scd.RESETTING : undefined;
}
