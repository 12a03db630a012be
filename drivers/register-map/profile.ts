import { z } from 'zod';
import {
  asFault,
  type Fault,
  fromHex,
  type MapDefaults,
  PRIVACY_CLASSES,
  problemsOf,
  type RegisterTable,
  registerMap,
  type Value,
} from '#kit';

/**
 * A Modbus device without TypeScript: the data of a register map, as a technician writes it in YAML. Same words as the kit's
 * tables, so a profile that has proved itself can become a driver by copying it.
 */
const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower case letters, digits and -');
const pointId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'lower case letters, digits, - and _');
const table = z.enum(['coil', 'discrete', 'holding', 'input']);
const order = z.enum(['high-first', 'low-first']);
const value = z.union([z.number(), z.boolean(), z.string()]);
const address = z
  .int()
  .min(0)
  .max(65535)
  .describe('Address on the wire, counted from 0 (40001 is holding 0)');

const base = {
  about: z.string().min(1).describe('One sentence for people'),
  privacy: z
    .enum(PRIVACY_CLASSES)
    .describe('Whose business the value is; plain for things, personal for people'),
  at: address,
  table: table.optional(),
  write: z
    .strictObject({ rest: value.describe('Safe state, or hold') })
    .optional()
    .describe('It can be written'),
};
const words = {
  type: z.enum(['u16', 'i16', 'u32', 'i32', 'f32']).optional(),
  word_order: order.optional(),
  byte_order: order.optional(),
  mask: z.int().min(1).max(0xffff_ffff).optional().describe('Bits that belong to it; shifted down'),
  sentinels: z.array(z.number()).min(1).optional().describe('Raw numbers that mean: no valid value'),
};
const row = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('number'),
    ...base,
    ...words,
    unit: z.string().min(1).describe('UCUM'),
    min: z.number(),
    max: z.number(),
    scale: z.number().optional(),
    offset: z.number().optional(),
    decimals: z.int().min(0).max(6).optional(),
  }),
  z.strictObject({
    kind: z.literal('flag'),
    ...base,
    bit: z.int().min(0).max(15).optional(),
    invert: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('state'), ...base, ...words, states: z.record(z.string(), z.int()) }),
]);

const example = z.strictObject({
  about: z.string().optional(),
  request: z.string().optional().describe('Hex; the question, where the reply is not a whole poll'),
  reply: z.string().describe('Hex; as a sniffer shows it, with its checksum'),
  points: z.record(z.string(), value.nullable()).optional(),
  fault: z.string().optional().describe('Code of the fault that it gives'),
});

export const profileSchema = z.strictObject({
  id,
  about: z.string().min(1),
  category: z.string().default('other'),
  evidence: z.enum(['simulated', 'captured', 'field']).default('simulated'),
  wire: z
    .strictObject({
      baud: z.int().min(300).max(1_000_000).default(9600),
      parity: z.enum(['none', 'even', 'odd']).default('none'),
      timeout_ms: z.int().min(20).max(30_000).default(500),
      gap_ms: z.int().min(0).max(10_000).default(0),
      unit: z.int().min(1).max(255).default(1),
    })
    .prefault({}),
  poll_ms: z
    .strictObject({ default: z.int().min(100).default(5000), min: z.int().min(20).default(100) })
    .prefault({}),
  table: table.default('holding'),
  word_order: order.default('high-first'),
  byte_order: order.default('high-first'),
  points: z.record(pointId, row).refine((points) => Object.keys(points).length > 0, 'at least one point'),
  examples: z
    .array(example)
    .default([])
    .describe('Frames with what they mean; tried whenever the profile is loaded'),
});
export type Profile = z.infer<typeof profileSchema>;

/** The register map of a profile. Fault driver.bad-definition when a row cannot be right. */
export const mapOf = (profile: Profile) => registerMap(tableOf(profile), defaultsOf(profile));

/** What holds for every point that does not say otherwise. */
export const defaultsOf = ({ table, word_order, byte_order }: Profile): MapDefaults => ({
  table,
  word_order,
  byte_order,
});

// The schema's optional keys are absent, never undefined, once JSON or YAML has been parsed; its type cannot say so.
export const tableOf = (profile: Profile): RegisterTable => profile.points as RegisterTable;

export type Checked = { readonly profile: Profile } | { readonly problems: readonly string[] };

/** Plain data (parsed YAML) → a profile whose own examples decode, or everything that is wrong with it, one line each. */
export function checkProfile(data: unknown): Checked {
  const parsed = profileSchema.safeParse(data);
  if (!parsed.success) return { problems: problemsOf(parsed.error).split('; ') };
  try {
    const problems = [...restProblems(parsed.data), ...exampleProblems(parsed.data)];
    return problems.length ? { problems } : { profile: parsed.data };
  } catch (error) {
    return { problems: [asFault(error).message] };
  }
}

function restProblems(profile: Profile): string[] {
  const map = mapOf(profile);
  return Object.entries(tableOf(profile)).flatMap(([point, { write }]) => {
    if (!write || write.rest === 'hold') return [];
    const problem = faultOf(() => map.encode(point, write.rest));
    return problem ? [`points.${point}.write.rest: ${problem.message}`] : [];
  });
}

function exampleProblems(profile: Profile): string[] {
  const map = mapOf(profile);
  return profile.examples.flatMap(({ request, reply, points = {}, fault }, index) => {
    let decoded: Readonly<Record<string, Value | null>> = {};
    const came = faultOf(() => {
      decoded = map.decodeFrame(fromHex(reply), request === undefined ? undefined : fromHex(request)).points;
    });
    if (came?.code !== fault)
      return [
        `examples.${index}: ${fault ?? 'no fault'} was expected, ${came ? `${came.code} (${came.message})` : 'none'} came`,
      ];
    return Object.entries(points)
      .filter(([point, expected]) => decoded[point] !== expected)
      .map(
        ([point, expected]) =>
          `examples.${index}: ${point} is ${decoded[point] ?? 'not in it'}; ${expected} was expected`,
      );
  });
}

function faultOf(work: () => unknown): Fault | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return asFault(error);
  }
}
