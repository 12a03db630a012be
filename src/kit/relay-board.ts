import type {
  Call,
  Decoded,
  ModbusLink,
  ModbusRange,
  ModbusTable,
  ModbusWrite,
  RelaySpec,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Millis, PointSpecs } from '../model/index.ts';
import { readModbus } from './modbus-frame.ts';
import { holdsBits } from './modbus-pdu.ts';
import { noteOf } from './register-map.ts';

/** What a relay does when everything else is over. `hold`: it stays as it is. */
export type SafeState = 'off' | 'on' | 'hold';

/** Flags in a row: what to ask for, and how many of them exist (some boards answer only whole bytes). */
export interface FlagRange {
  readonly range: ModbusRange;
  readonly count: number;
  /** A bit or register as it is read; undefined: no such thing is ever read. Left out: 1 is true, 0 is false. */
  readonly read?: (word: number) => boolean | undefined;
}

/** A timed action that the board itself ends. */
export interface BoardTimer {
  readonly step_ms: Millis;
  readonly max_ms: Millis;
  /** `on` false: off for that long, then on again. */
  readonly write: (channel: number, steps: number, on: boolean) => ModbusWrite;
}

/** A board of relays behind Modbus, as data. Relays count from 1; `relaySession` moves them, `decodeRelays` reads sniffed frames. */
export interface RelayBoard {
  /** Driver id, for faults. */
  readonly id: string;
  readonly channels: number;
  readonly rest: SafeState | readonly SafeState[];
  /** undefined: it does not tell how its relays stand. */
  readonly relays: FlagRange | undefined;
  readonly inputs?: FlagRange | undefined;
  readonly turn: (channel: number, on: boolean) => ModbusWrite;
  /** All in one write; undefined where the board has none for this pattern. */
  readonly turnAll?: (on: readonly boolean[]) => ModbusWrite | undefined;
  readonly timer?: BoardTimer;
  /** Its acknowledgement proves little: after each write its relays are looked at. */
  readonly doubtful?: boolean;
  /** Throws when what answers is another board. Asked before the first look and the first move, and again after it was away. */
  readonly recognise?: (link: ModbusLink, call: Call) => Promise<void>;
}

/** Time asked for → whole steps of the board's timer: rounded up, at least one. */
export const stepsOf = (ms: Millis, { step_ms, max_ms }: Pick<BoardTimer, 'step_ms' | 'max_ms'>): number =>
  Math.max(1, Math.min(Math.floor(max_ms / step_ms), Math.ceil(ms / step_ms)));

/** The safe state of each relay; a list that is too short goes on with `off`. */
export const restStates = (rest: RelayBoard['rest'], channels: number): readonly SafeState[] =>
  Array.from({ length: channels }, (_, index) => (typeof rest === 'string' ? rest : (rest[index] ?? 'off')));

/** `relay-1` …, and `input-1` … where there are inputs. */
export const relayPoints = ({ channels, inputs }: Pick<RelayBoard, 'channels' | 'inputs'>): PointSpecs => ({
  ...flagPoints('relay', channels),
  ...flagPoints('input', inputs?.count ?? 0),
});

const flagPoints = (name: 'relay' | 'input', count: number): PointSpecs =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${name}-${index + 1}`,
      {
        kind: 'flag',
        about: name === 'relay' ? `Relay ${index + 1} is energised.` : `Input ${index + 1} is active.`,
        privacy: 'plain',
      },
    ]),
  );

/** Its relays, for whoever wires something to one of them. */
export const relaySpecs = ({
  channels,
  rest,
  relays,
}: Pick<RelayBoard, 'channels' | 'rest'> & { readonly relays: unknown }): readonly RelaySpec[] =>
  restStates(rest, channels).map((state, index) => ({
    args: { channel: index + 1 },
    rest: state,
    ...(relays !== undefined && { point: `relay-${index + 1}` }),
  }));

/** What one poll costs on an RTU wire. */
export const relayCost = ({ relays, inputs }: Pick<RelayBoard, 'relays' | 'inputs'>) =>
  [relays, inputs].flatMap((row) => {
    if (!row) return [];
    const { table, count } = row.range;
    return [{ request_bytes: 8, reply_bytes: 5 + (holdsBits(table) ? Math.ceil(count / 8) : 2 * count) }];
  });

/** Words → `relay-n` or `input-n`, from number `first` on, as far as the board has them; what is no state is left out. */
export function flagsOf(
  name: 'relay' | 'input',
  words: readonly number[],
  { read = bit, count }: Pick<FlagRange, 'read' | 'count'>,
  first = 1,
): Record<string, boolean> {
  return Object.fromEntries(
    words.flatMap((word, index) => {
      const flag = first + index <= count ? read(word) : undefined;
      return flag === undefined ? [] : [[`${name}-${first + index}`, flag]];
    }),
  );
}

const bit = (word: number): boolean | undefined => (word === 1 ? true : word === 0 ? false : undefined);

/**
 * A sniffed frame of a board: its flags, or what else it is. Bits are relays or inputs by their table; a reply without its question is
 * taken for a whole look. undefined: registers of another kind, the driver's own. Fault driver.value for a state that is none.
 */
export function decodeRelays(
  board: RelayBoard,
  frame: Uint8Array,
  request?: Uint8Array,
): Decoded | Registers {
  const said = readModbus(frame, request);
  if (said.kind !== 'values') return { points: {}, note: noteOf(said) };
  const { table, at, values } = said;
  const row = rowOf(board, table, at);
  if (!row) return { registers: values, table, at };
  // A single register does not say whose it is.
  if (at === undefined && !holdsBits(table) && values.length === 1) return loneRelay(row, values);
  const first = 1 + (at === undefined ? 0 : at - row.range.at);
  // Bits come in whole bytes, so without the question there may be more of them than relays.
  const points = flagsOf(row.name, values, row, first);
  const told = Object.keys(points).length;
  const expected = holdsBits(table) ? told : values.length;
  if (told < expected) {
    throw new Fault('driver.value', { point: row.name, got: values.join(' '), expected: '0 or 1 for each' });
  }
  return { points };
}

/** Registers that are no relays: a setting, a version. */
export interface Registers {
  readonly registers: readonly number[];
  readonly table: ModbusTable;
  readonly at: number | undefined;
}

interface NamedRow extends FlagRange {
  readonly name: 'relay' | 'input';
}

function rowOf(
  { channels, relays, inputs }: RelayBoard,
  table: ModbusTable,
  at: number | undefined,
): NamedRow | undefined {
  const rows: NamedRow[] = [
    ...(relays ? [{ ...relays, name: 'relay' as const }] : []),
    ...(inputs ? [{ ...inputs, name: 'input' as const }] : []),
  ];
  const own = rows.find(({ range }) => range.table === table && (at === undefined || holds(range, at)));
  if (own || at !== undefined || !holdsBits(table)) return own;
  // A relative of the board with other functions: coils are relays all the same.
  const name = table === 'coil' ? 'relay' : 'input';
  return { name, range: { table, at: 0, count: channels }, count: channels };
}

const holds = (range: ModbusRange, at: number): boolean => at >= range.at && at < range.at + range.count;

function loneRelay({ read = bit }: NamedRow, values: readonly number[]): Decoded | Registers {
  const [word = 0] = values;
  const on = read(word);
  return on === undefined
    ? { registers: values, table: 'holding', at: undefined }
    : { points: { relay: on }, note: 'which relay, its request would tell' };
}
