import { z } from 'zod';
import {
  holdsBits,
  type NumberRow,
  type RegisterMap,
  type RegisterTable,
  registerMap,
  type StatePoint,
  type Value,
} from '#kit';

export const STATES = ['free', 'occupied', 'unknown'] as const;
export type State = (typeof STATES)[number];

const table = z.enum(['coil', 'discrete', 'holding', 'input']);
const address = z.int().min(0).max(65_535);

export const options = z
  .strictObject({
    table: table
      .default('discrete')
      .describe('Where the bays are: coil (function 1), discrete (2), holding (3), input (4)'),
    at: address.default(0).describe('Address of the first bay on the wire, counted from 0'),
    bays: z.int().min(1).max(64).default(1).describe('Bays of this unit, at one address after the other'),
    packed: z
      .boolean()
      .default(false)
      .describe('Registers hold 16 bays each, the first one in the lowest bit; else one register is one bay'),
    mask: z
      .int()
      .min(1)
      .max(0xffff)
      .default(0xffff)
      .describe('Of a register that is one bay: the bits that tell; shifted down'),
    occupied: z
      .array(z.int().min(0).max(0xffff))
      .default([])
      .describe('Numbers that mean occupied; empty: any but 0'),
    unknown: z
      .array(z.int().min(0).max(0xffff))
      .default([])
      .describe('Numbers that mean that the detector does not know (fault, calibrating)'),
    invert: z
      .boolean()
      .default(false)
      .describe('Free and occupied the other way round: a contact that opens for a car'),
    faults: z
      .strictObject({ table: z.enum(['coil', 'discrete']), at: address })
      .optional()
      .describe('Bits that are set while a detector has a fault, one for each bay'),
  })
  .refine(({ table, at, bays, packed, faults }) => {
    const words = packed && !holdsBits(table) ? Math.ceil(bays / 16) : bays;
    return at + words <= 0x10000 && (faults?.at ?? 0) + bays <= 0x10000;
  }, 'the last bay lies beyond address 65535');
export type Options = z.infer<typeof options>;

/** `occupied` of a unit with one bay, `occupied-1`, `occupied-2`, … of others. */
export const pointName = (bay: number, { bays }: Options): string =>
  bays === 1 ? 'occupied' : `occupied-${bay}`;
const bayNumbers = ({ bays }: Options): readonly number[] =>
  Array.from({ length: bays }, (_, index) => index + 1);

export const pointsOf = (options: Options): Record<string, StatePoint<State>> =>
  Object.fromEntries(
    bayNumbers(options).map((bay) => [
      pointName(bay, options),
      {
        kind: 'state',
        values: STATES,
        about: `Whether a vehicle stands in bay ${bay}; unknown while its detector does not know.`,
        privacy: 'plain',
      },
    ]),
  );

/** What the wire holds: `bay-n` as it stands there, `fault-n`. */
export function rawTable(options: Options): RegisterTable {
  const rows: Record<string, RegisterTable[string]> = {};
  for (const bay of bayNumbers(options)) {
    rows[`bay-${bay}`] = bayRow(bay, options);
    if (options.faults) {
      const { table: kind, at } = options.faults;
      rows[`fault-${bay}`] = { ...plain, kind: 'flag', table: kind, at: at + bay - 1 };
    }
  }
  return rows;
}

const plain = { about: 'As it stands on the wire.', privacy: 'plain' } as const;

function bayRow(bay: number, { table: kind, at, packed, mask }: Options): RegisterTable[string] {
  if (holdsBits(kind)) return { ...plain, kind: 'flag', table: kind, at: at + bay - 1 };
  if (packed) return { ...plain, kind: 'flag', table: kind, at: at + ((bay - 1) >> 4), bit: (bay - 1) & 15 };
  const whole: NumberRow = {
    ...plain,
    kind: 'number',
    table: kind,
    at: at + bay - 1,
    unit: '1',
    min: 0,
    max: 0xffff,
  };
  return mask === 0xffff ? whole : { ...whole, mask };
}

export const rawMap = (options: Options): RegisterMap<Record<string, never>> =>
  // Its points are never declared to anybody; only its reading and decoding are used.
  registerMap(rawTable(options)) as unknown as RegisterMap<Record<string, never>>;

/** What was read → the bays it tells of. */
export function statesOf(
  raw: Readonly<Record<string, Value | null | undefined>>,
  options: Options,
): Record<string, State> {
  const found: Record<string, State> = {};
  for (const bay of bayNumbers(options)) {
    const value = raw[`bay-${bay}`];
    if (value === undefined) continue;
    found[pointName(bay, options)] = raw[`fault-${bay}`] === true ? 'unknown' : stateOf(value, options);
  }
  return found;
}

function stateOf(value: Value | null, { occupied, unknown, invert }: Options): State {
  const code = Number(value ?? 0);
  if (unknown.includes(code)) return 'unknown';
  const there = occupied.length ? occupied.includes(code) : code !== 0;
  return there === invert ? 'free' : 'occupied';
}
