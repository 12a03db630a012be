import { Fault } from '../faults/index.ts';

/** Readers take the offset of the first byte. Reading past the end is driver.frame-length, never a silent zero. */
export const u8 = (bytes: Uint8Array, at: number): number => byteAt(bytes, at);
export const u16be = (bytes: Uint8Array, at: number): number =>
  byteAt(bytes, at) * 256 + byteAt(bytes, at + 1);
export const u16le = (bytes: Uint8Array, at: number): number =>
  byteAt(bytes, at + 1) * 256 + byteAt(bytes, at);
export const u32be = (bytes: Uint8Array, at: number): number =>
  u16be(bytes, at) * 0x10000 + u16be(bytes, at + 2);
export const u32le = (bytes: Uint8Array, at: number): number =>
  u16le(bytes, at + 2) * 0x10000 + u16le(bytes, at);
export const i8 = (bytes: Uint8Array, at: number): number => signed(u8(bytes, at), 8);
export const i16be = (bytes: Uint8Array, at: number): number => signed(u16be(bytes, at), 16);
export const i16le = (bytes: Uint8Array, at: number): number => signed(u16le(bytes, at), 16);

/** An unsigned number of so many bits, read as two's complement. */
export const signed = (raw: number, bits: 8 | 16 | 32): number =>
  raw >= 2 ** (bits - 1) ? raw - 2 ** bits : raw;

/** Two bytes, high byte first; only the low 16 bits count. */
export const be16 = (value: number): readonly [number, number] => [(value >>> 8) & 0xff, value & 0xff];

/** Bytes and byte lists, strung together. */
export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** `42 4D 00 1C`: how sniffers and datasheets print bytes. */
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ');

/**
 * Bytes of a hex text; blanks, commas, colons and 0x before a byte are ignored.
 * Fault usage when anything else is in it or a half byte is left over.
 */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/0x/gi, '').replace(/[\s,:-]/g, '');
  const odd = /[^0-9a-f]/i.exec(digits);
  if (odd) throw new Fault('usage', { text: `'${odd[0]}' is no hex digit; write bytes as 01 03 02 …` });
  if (digits.length % 2) {
    throw new Fault('usage', { text: `${digits.length} hex digits are no whole bytes; write two per byte` });
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined)
    throw new Fault('driver.frame-length', { got: bytes.length, expected: `at least ${at + 1}` });
  return byte;
}
