import type { ModbusRange } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Value } from '../model/index.ts';
import { holdsBits } from './modbus-pdu.ts';
import type { MapDefaults, RegisterRow } from './register-table.ts';
import {
  fits,
  type RegisterLayout,
  readRegisters,
  registersOf,
  roundTo,
  scaled,
  writeRegisters,
} from './register-values.ts';

/** A row with all its defaults filled in. */
export interface Place {
  readonly name: string;
  readonly row: RegisterRow;
  readonly range: ModbusRange;
  readonly layout: RegisterLayout;
  /** Bits that are its own, and how far they are shifted up. undefined: all. */
  readonly field: { readonly mask: number; readonly shift: number } | undefined;
}

export function placeOf(name: string, row: RegisterRow, defaults: MapDefaults): Place {
  const table = row.table ?? defaults.table ?? 'holding';
  const words: Partial<RegisterLayout> = row.kind === 'flag' ? {} : row;
  const layout: RegisterLayout = {
    type: words.type ?? 'u16',
    word_order: words.word_order ?? defaults.word_order ?? 'high-first',
    byte_order: words.byte_order ?? defaults.byte_order ?? 'high-first',
  };
  const mask = row.kind === 'flag' ? (row.bit === undefined ? undefined : 2 ** row.bit) : row.mask;
  const problem = problemOf(row, table, layout, mask);
  if (problem) throw new Fault('driver.bad-definition', { id: name, text: problem });
  const count = holdsBits(table) ? 1 : registersOf(layout.type);
  return {
    name,
    row,
    range: { table, at: row.at, count },
    layout,
    field: mask === undefined ? undefined : { mask, shift: 31 - Math.clz32(mask & -mask) },
  };
}

function problemOf(
  row: RegisterRow,
  table: ModbusRange['table'],
  { type }: RegisterLayout,
  mask: number | undefined,
): string | undefined {
  const end = row.at + (holdsBits(table) ? 1 : registersOf(type));
  if (!Number.isInteger(row.at) || row.at < 0 || end > 0x10000)
    return `address ${row.at} is not within 0..65535`;
  if (mask !== undefined && (type === 'f32' || type.startsWith('i'))) return 'a mask needs type u16 or u32';
  if (mask !== undefined && !(mask > 0 && fits(mask, type))) return `mask ${mask} does not fit ${type}`;
  if (holdsBits(table) && (mask !== undefined || type !== 'u16'))
    return `a ${table} is one bit: no bit, mask or type`;
  if (holdsBits(table) && row.kind === 'number') return `a ${table} is one bit, not a number`;
  if (row.kind === 'number' && row.scale === 0) return 'scale 0 makes every value the same';
  if (!row.write) return undefined;
  if (table === 'discrete' || table === 'input') return `a ${table} cannot be written`;
  // Writing some bits of a register would need its other bits, which may change in between.
  return mask === undefined ? undefined : 'part of a register cannot be written';
}

/** Words (or one bit) → value; null: the device says it has none. */
export function valueAt({ row, layout, field, range }: Place, words: readonly number[]): Value | null {
  const read = holdsBits(range.table) ? (words[0] ?? 0) : readRegisters(words, layout);
  const raw = field ? Math.floor(bitAnd(read, field.mask) / 2 ** field.shift) : read;
  if (row.kind === 'flag') return (raw !== 0) !== (row.invert ?? false);
  if (row.sentinels?.includes(raw) || !Number.isFinite(raw)) return null;
  if (row.kind === 'number') return scaled(raw, row.scale ?? 1, row.offset ?? 0, row.decimals);
  return Object.entries(row.states).find(([, code]) => code === raw)?.[0] ?? null;
}

/** Value → words. `before` holds the other bits of a shared register. Fault driver.value when it does not fit. */
export function wordsFor(place: Place, value: Value | null, before: readonly number[] | undefined): number[] {
  const { layout, field, range } = place;
  const raw = rawOf(place, value);
  const code = field ? raw * 2 ** field.shift : raw;
  const room = field ? bitAnd(code, field.mask) === code : fits(code, layout.type);
  if (!room)
    throw new Fault('driver.value', { point: place.name, got: value, expected: `what fits ${layout.type}` });
  if (holdsBits(range.table)) return [code ? 1 : 0];
  const others =
    field && before ? readRegisters(before, layout) - bitAnd(readRegisters(before, layout), field.mask) : 0;
  return writeRegisters(others + code, layout);
}

function rawOf({ name, row, layout }: Place, value: Value | null): number {
  const wrong = (expected: string): Fault => new Fault('driver.value', { point: name, got: value, expected });
  if (row.kind === 'flag') {
    if (typeof value !== 'boolean') throw wrong('true or false');
    return value !== (row.invert ?? false) ? 1 : 0;
  }
  if (value === null) {
    const [sentinel] = row.sentinels ?? [];
    if (sentinel === undefined) throw wrong('a value (it has no sentinel)');
    return sentinel;
  }
  if (row.kind === 'state') {
    const code = row.states[String(value)];
    if (code === undefined) throw wrong(`one of ${Object.keys(row.states).join(', ')}`);
    return code;
  }
  if (typeof value !== 'number') throw wrong('a number');
  const raw = (value - (row.offset ?? 0)) / (row.scale ?? 1);
  return layout.type === 'f32' ? raw : roundTo(raw, 0);
}

/** Bitwise and of unsigned 32-bit numbers (`&` alone gives a signed one). */
const bitAnd = (x: number, y: number): number => (x & y) >>> 0;
