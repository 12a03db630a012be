import { z } from 'zod';
import {
  type ActResult,
  askOnce,
  type BytesLink,
  type Call,
  type CommandSpec,
  type Decoded,
  defineDriver,
  type JsonObject,
  type NumberPoint,
  type Sample,
  u8,
} from '#kit';
import * as urm from './codec.ts';

export const options = z.strictObject({
  counts: z
    .enum(['cm', 'mm'])
    .default('cm')
    .describe('What one count of the distance is: URM07 cm by its own pages, URM06 mm by its'),
  temperature: z.boolean().default(false).describe('Also ask for the temperature'),
  address: z
    .int()
    .min(0x11)
    .max(0x80)
    .default(0x11)
    .describe('Address of the sensor: 17 (0x11) to 128 (0x80)'),
});
export type Options = z.infer<typeof options>;
type Points = { readonly distance: NumberPoint; readonly temperature?: NumberPoint };

const addressArgs = z.strictObject({ address: z.int().min(0x11).max(0x80).describe('New address') });
const commands = {
  'set-address': {
    about: 'Gives the sensor another address.',
    args: addressArgs,
    timing: 'none',
    actuates: false,
    on_process_end: 'hold',
  },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'dfrobot-urm-uart',
  aliases: ['dfrobot-urm06', 'dfrobot-urm07', 'sen0149', 'sen0150', 'sen0153'],
  about: 'DFRobot URM06 and URM07 ultrasonic sensors with 55 AA frames on UART or RS485.',
  category: 'parking',
  link: 'bytes',
  evidence: 'simulated',
  wire: { baud: 19_200, parity: 'none', timeout_ms: 500, gap_ms: 0 },
  poll_ms: { default: 1000, min: 200 },
  options,
  points: pointsOf,
  events: {},
  commands,
  decode,
  encode: (_name, args, { address }) => encodeAddress(args, address),
  cost: ({ temperature }) =>
    Array.from({ length: temperature ? 2 : 1 }, () => ({ request_bytes: 6, reply_bytes: 8 })),
  setup: () => ({ address: { command: 'set-address', option: 'address', holds: 'at once' } }),
  open: (link, chosen) => {
    const sensor = { link, chosen, address: chosen.address };
    return {
      sample: (call) => sample(sensor, call),
      act: (_name, args, call) => setAddress(sensor, args, call),
      // It has no outputs.
      rest: async () => {},
    };
  },
});

interface Sensor {
  readonly link: BytesLink;
  readonly chosen: Options;
  /** Where it answers now: a new address holds at once, whatever the site file still says. */
  address: number;
}

async function sample({ link, address, chosen }: Sensor, call: Call): Promise<Sample<Points>> {
  const ask = async (command: number) =>
    urm.openFrame(
      await link.exchange(urm.encodeFrame(address, command), urm.answerRule([address], command), call),
    );
  const distance = urm.distanceOf(await ask(urm.COMMANDS.distance));
  if (!chosen.temperature) return { distance };
  return { distance, temperature: urm.temperatureOf(await ask(urm.COMMANDS.temperature)) };
}

/** The sensor answers from its new address, or from its old one when it refuses. */
function setAddress(sensor: Sensor, args: JsonObject, call: Call): Promise<ActResult> {
  const wanted = addressArgs.parse(args).address;
  const ask = {
    request: encodeAddress(args, sensor.address),
    rule: urm.answerRule([wanted, sensor.address], urm.COMMANDS['set-address']),
  };
  return askOnce(sensor.link, ask, call, (reply) => {
    const said = u8(urm.openFrame(reply).data, 0);
    if (said === urm.ACCEPTED) sensor.address = wanted;
    const result = said === urm.ACCEPTED ? 'done' : said === urm.REFUSED ? 'failed' : 'unknown';
    return { result, facts: { said } };
  });
}

const encodeAddress = (args: JsonObject, address: number): Uint8Array =>
  urm.encodeFrame(address, urm.COMMANDS['set-address'], [addressArgs.parse(args).address]);

function decode(frame: Uint8Array): Decoded {
  const told = urm.openFrame(frame);
  const { command, data, address } = told;
  if (command === urm.COMMANDS.distance)
    return data.length
      ? { points: { distance: urm.distanceOf(told) } }
      : { points: {}, note: `asks ${address} for its distance` };
  if (command === urm.COMMANDS.temperature)
    return data.length
      ? { points: { temperature: urm.temperatureOf(told) } }
      : { points: {}, note: `asks ${address} for its temperature` };
  if (command !== urm.COMMANDS['set-address'] || data.length !== 1)
    throw urm.unknown(`command ${command} with ${data.length} data bytes is not used here`);
  const [said = 0] = data;
  if (said === urm.ACCEPTED || said === urm.REFUSED)
    return { points: {}, note: `${address} ${said === urm.ACCEPTED ? 'takes' : 'refuses'} its new address` };
  return {
    points: {},
    note: `gives ${address === urm.EVERYBODY ? 'everybody' : address} the address ${said}`,
  };
}

function pointsOf({ counts, temperature }: Options): Points {
  const [min, max] = counts === 'cm' ? [10, 1000] : [100, 10_000];
  return {
    distance: {
      kind: 'number',
      unit: counts,
      min,
      max,
      about: 'Distance to the nearest surface; no value when nothing is in reach.',
      privacy: 'plain',
    },
    ...(temperature && {
      temperature: {
        kind: 'number',
        unit: 'Cel',
        min: -10,
        max: 70,
        about: 'Temperature at the sensor, with which it corrects the speed of sound.',
        privacy: 'plain',
      },
    }),
  };
}
