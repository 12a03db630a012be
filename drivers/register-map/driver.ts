import { z } from 'zod';
import {
  type ActResult,
  type AnyDriver,
  anyDriver,
  type Call,
  type CommandSpec,
  defineDriver,
  type JsonObject,
  type ModbusLink,
  type PointSpecs,
  rtuFrame,
  type Sample,
  type Value,
  writeOnce,
  writeRequest,
} from '#kit';
import { mapOf, type Profile, profileSchema, tableOf } from './profile.ts';

export const options = z.strictObject({
  profile: profileSchema.describe('The register map, as in a profile file'),
});
export type Options = z.infer<typeof options>;

const writeArgs = z.strictObject({
  point: z.string().describe('A point that its profile lets write'),
  value: z.union([z.number(), z.boolean(), z.string()]).describe('As the point shows it: 21.5, true, open'),
});
const commands = {
  write: {
    about: 'Writes one point that its profile lets write.',
    args: writeArgs,
    timing: 'none',
    actuates: true,
    on_process_end: 'hold',
  },
} satisfies Record<string, CommandSpec>;

export default defineDriver({
  id: 'register-map',
  aliases: [],
  about: 'Any Modbus device that is only a register map, described by a profile.',
  category: 'other',
  link: 'modbus',
  evidence: 'simulated',
  wire: { baud: 9600, parity: 'none', timeout_ms: 500, gap_ms: 0, unit: 1 },
  poll_ms: { default: 5000, min: 100 },
  options,
  points: ({ profile }): PointSpecs => mapOf(profile).points,
  events: {},
  commands,
  decode: (frame, { profile }, request) => mapOf(profile).decodeFrame(frame, request),
  encode: (_name, args, { profile }, unit) => encodeWrite(profile, args, unit),
  cost: ({ profile }) => mapOf(profile).cost,
  open: (link, { profile }) => ({
    sample: samplerOf(link, profile),
    act: (_name, args, call) => write(link, profile, args, call),
    rest: (call) => rest(link, profile, call),
  }),
});

/** A profile as a driver of its own: its id is the driver's, and it takes no options. */
export function driverFromProfile(profile: Profile): AnyDriver {
  const map = mapOf(profile);
  const base = {
    id: profile.id,
    aliases: [],
    about: profile.about,
    category: profile.category,
    link: 'modbus',
    evidence: profile.evidence,
    wire: profile.wire,
    poll_ms: profile.poll_ms,
    options: z.strictObject({}),
    points: (): PointSpecs => map.points,
    events: {},
    decode: (frame: Uint8Array, _options: unknown, request?: Uint8Array) => map.decodeFrame(frame, request),
    cost: () => map.cost,
  } as const;
  const writable = Object.values(tableOf(profile)).some((row) => row.write);
  if (!writable) {
    return anyDriver(
      defineDriver({ ...base, commands: {}, open: (link) => ({ sample: samplerOf(link, profile) }) }),
    );
  }
  return anyDriver(
    defineDriver({
      ...base,
      commands,
      encode: (_name, args, _options, unit) => encodeWrite(profile, args, unit),
      open: (link) => ({
        sample: samplerOf(link, profile),
        act: (_name, args, call) => write(link, profile, args, call),
        rest: (call) => rest(link, profile, call),
      }),
    }),
  );
}

function samplerOf(link: ModbusLink, profile: Profile): (call: Call) => Promise<Sample> {
  const map = mapOf(profile);
  return (call) => map.read(link, call);
}

function encodeWrite(profile: Profile, args: JsonObject, unit: number): Uint8Array {
  const { point, value } = writeArgs.parse(args);
  return rtuFrame(unit, writeRequest(mapOf(profile).encode(point, value)));
}

async function write(link: ModbusLink, profile: Profile, args: JsonObject, call: Call): Promise<ActResult> {
  const { point, value } = writeArgs.parse(args);
  const map = mapOf(profile);
  const wish = map.encode(point, value);
  const table = tableOf(profile)[point]?.table ?? profile.table;
  return writeOnce(link, wish, call, async (again, later) => {
    const words = await again.read({ table, at: wish.at, count: wish.values.length }, later);
    const seen: Readonly<Record<string, Value | null | undefined>> = map.decodeRange(
      { table, at: wish.at },
      words,
    );
    return seen[point] === value;
  });
}

async function rest(link: ModbusLink, profile: Profile, call: Call): Promise<void> {
  const map = mapOf(profile);
  for (const [point, row] of Object.entries(tableOf(profile))) {
    if (row.write && row.write.rest !== 'hold') await link.write(map.encode(point, row.write.rest), call);
  }
}
