import { signed } from './bytes.ts';

/** Numbers in 16-bit registers. */
export type RegisterType = 'u16' | 'i16' | 'u32' | 'i32' | 'f32';

export interface RegisterLayout {
  readonly type: RegisterType;
  /** Of two registers, which comes first. Modbus devices mostly send the high one first. */
  readonly word_order: 'high-first' | 'low-first';
  /** Of the two bytes of a register; anything but high-first breaks the Modbus standard, and exists. */
  readonly byte_order: 'high-first' | 'low-first';
}

export const registersOf = (type: RegisterType): 1 | 2 => (type === 'u16' || type === 'i16' ? 1 : 2);

/** Registers → number; NaN for a float that is none. */
export function readRegisters(words: readonly number[], layout: RegisterLayout): number {
  const [first = 0, second = 0] = layout.byte_order === 'low-first' ? words.map(swapBytes) : words;
  if (layout.type === 'u16') return first;
  if (layout.type === 'i16') return signed(first, 16);
  const raw = layout.word_order === 'low-first' ? second * 0x10000 + first : first * 0x10000 + second;
  if (layout.type === 'u32') return raw;
  return layout.type === 'i32' ? signed(raw, 32) : floatOf(raw);
}

/** Number → registers; the caller has checked that it fits (`fits`). */
export function writeRegisters(value: number, layout: RegisterLayout): number[] {
  const raw = layout.type === 'f32' ? bitsOf(value) : value;
  const low = modulo(raw, 0x10000);
  const high = modulo(Math.floor(raw / 0x10000), 0x10000);
  const words =
    registersOf(layout.type) === 1 ? [low] : layout.word_order === 'low-first' ? [low, high] : [high, low];
  return layout.byte_order === 'low-first' ? words.map(swapBytes) : words;
}

/** Lowest and highest number a type can hold. */
export const limitsOf = (type: RegisterType): readonly [number, number] =>
  type === 'f32' ? [-3.4e38, 3.4e38] : LIMITS[type];

export function fits(value: number, type: RegisterType): boolean {
  if (type === 'f32') return Number.isFinite(Math.fround(value));
  const [low, high] = LIMITS[type];
  return Number.isInteger(value) && low <= value && value <= high;
}

const LIMITS: Readonly<Record<Exclude<RegisterType, 'f32'>, readonly [number, number]>> = {
  u16: [0, 0xffff],
  i16: [-0x8000, 0x7fff],
  u32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
};

/**
 * Raw × scale + offset, without the dust of binary fractions: 658 × 0.1 is 65.8. `decimals` defaults to what scale and
 * offset can give; a float without scale gives the shortest number that is the same float (20.1, not 20.100000381…).
 */
export function scaled(raw: number, scale: number, offset: number, decimals: number | undefined): number {
  if (decimals === undefined && scale === 1 && offset === 0)
    return Number.isInteger(raw) ? raw : shortestFloat(raw);
  return roundTo(raw * scale + offset, decimals ?? Math.max(decimalsOf(scale), decimalsOf(offset)));
}

export const roundTo = (value: number, decimals: number): number => Number(value.toFixed(decimals)) + 0;

/** Digits after the point of a number as it is written; at most 6. */
export function decimalsOf(value: number): number {
  for (let decimals = 0; decimals < 6; decimals += 1) {
    if (Number(value.toFixed(decimals)) === value) return decimals;
  }
  return 6;
}

function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

const swapBytes = (word: number): number => ((word & 0xff) << 8) | (word >> 8);
const modulo = (value: number, by: number): number => ((value % by) + by) % by;

function floatOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

function bitsOf(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}
