import type { ModbusTable, ModbusWrite } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject, Value } from '../model/index.ts';
import { be16, concat, u8 } from './bytes.ts';
import { holdsBits, packBits, parseRequest } from './modbus-pdu.ts';
import type { WordBank } from './register-map.ts';
import { roundTo } from './register-values.ts';

/** Registers and bits of a simulated unit. Only addresses that were set exist; others answer ILLEGAL_DATA_ADDRESS. */
export function wordBank(): WordBank & { has(table: ModbusTable, at: number): boolean } {
  const words = new Map<string, number>();
  const key = (table: ModbusTable, at: number) => `${table} ${at}`;
  return {
    get: (table, at) => words.get(key(table, at)) ?? 0,
    set: (table, at, word) => void words.set(key(table, at), word),
    has: (table, at) => words.has(key(table, at)),
  };
}

export interface BankBehaviour {
  /** Called before a read is answered: time for wandering values to move. */
  readonly beforeRead?: (table: ModbusTable, at: number, count: number) => void;
  /**
   * Takes a write: an exception code refuses it, true says it is dealt with, undefined lets the bank store it
   * (function 5: FF00 and 0000 only, as the standard says).
   */
  readonly onWrite?: (write: ModbusWrite) => number | true | undefined;
  /** Longest read it answers; default 125 registers, 2000 bits. */
  readonly most?: number;
}

/** Answers a PDU as a Modbus unit does: functions 1-6, 15, 16; exceptions 1 (function), 2 (address), 3 (value). */
export function answerFromBank(
  bank: ReturnType<typeof wordBank>,
  pdu: Uint8Array,
  behaviour: BankBehaviour = {},
): Uint8Array {
  const fn = u8(pdu, 0);
  const exception = (code: number) => Uint8Array.of(fn | 0x80, code);
  let asked: ReturnType<typeof parseRequest>;
  try {
    asked = parseRequest(pdu);
  } catch {
    return exception(3);
  }
  if (!asked) return exception(1);
  if ('table' in asked) {
    const { table, at, count } = asked;
    if (count < 1 || count > (behaviour.most ?? (holdsBits(table) ? 2000 : 125))) return exception(3);
    const places = Array.from({ length: count }, (_, offset) => at + offset);
    if (!places.every((place) => bank.has(table, place))) return exception(2);
    behaviour.beforeRead?.(table, at, count);
    const values = places.map((place) => bank.get(table, place));
    const data = holdsBits(table) ? packBits(values) : Uint8Array.from(values.flatMap(be16));
    return concat([fn, data.length], data);
  }
  const verdict = behaviour.onWrite?.(asked) ?? store(bank, asked);
  if (typeof verdict === 'number') return exception(verdict);
  return fn === 5 || fn === 6 ? pdu : Uint8Array.of(fn, ...be16(asked.at), ...be16(asked.values.length));
}

function store(bank: ReturnType<typeof wordBank>, { fn, at, values }: ModbusWrite): number | true {
  const table = fn === 5 || fn === 15 ? 'coil' : 'holding';
  if (values.length === 0) return 3;
  if (!values.every((_, offset) => bank.has(table, at + offset))) return 2;
  if (fn === 5 && values[0] !== 0xff00 && values[0] !== 0) return 3;
  values.forEach((value, offset) => {
    bank.set(table, at + offset, fn === 5 ? Number(value === 0xff00) : value);
  });
  return true;
}

/** Repeatable random numbers, 0 ≤ x < 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A value that wanders within its range by at most `step` a look, in the resolution of `decimals`. */
export function wandering(
  random: () => number,
  shape: {
    readonly from: number;
    readonly min: number;
    readonly max: number;
    readonly step: number;
    readonly decimals: number;
  },
): () => number {
  let value = shape.from;
  return () => {
    const next = value + (2 * random() - 1) * shape.step;
    value = roundTo(next < shape.min || next > shape.max ? 2 * value - next : next, shape.decimals);
    value = Math.min(shape.max, Math.max(shape.min, value));
    return value;
  };
}

/** What tests and people may set on a simulator: fixed values in place of wandering ones. Unknown names throw `usage`. */
export function settable(names: readonly string[]): {
  readonly set: (values: JsonObject) => void;
  readonly get: (name: string) => Value | null | undefined;
} {
  const fixed = new Map<string, Value | null>();
  return {
    set(values) {
      for (const [name, value] of Object.entries(values)) {
        if (!names.includes(name))
          throw new Fault('usage', { text: `the simulator has no ${name}; it has ${names.join(', ')}` });
        if (typeof value === 'object' && value !== null)
          throw new Fault('usage', { text: `${name} takes one value` });
        fixed.set(name, value);
      }
    },
    get: (name) => fixed.get(name),
  };
}
