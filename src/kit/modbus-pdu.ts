import type { ModbusRange, ModbusTable, ModbusWrite } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { be16, concat, u8, u16be } from './bytes.ts';

/** A PDU is function code and data, without address and checksum. Modbus Application Protocol 1.1b3, chapter 6. */

const READ_FUNCTION = { coil: 1, discrete: 2, holding: 3, input: 4 } as const satisfies Record<
  ModbusTable,
  number
>;
const TABLES = ['coil', 'discrete', 'holding', 'input'] as const satisfies readonly ModbusTable[];

export const holdsBits = (table: ModbusTable): boolean => table === 'coil' || table === 'discrete';

/** The table that function 1..4 reads. */
export const tableOf = (fn: number): ModbusTable | undefined => TABLES[fn - 1];

export const readRequest = ({ table, at, count }: ModbusRange): Uint8Array =>
  Uint8Array.of(READ_FUNCTION[table], ...be16(at), ...be16(count));

/** The write as it was asked for: the value of function 5 is not coerced to FF00 (pulse lengths live there). */
export function writeRequest({ fn, at, values }: ModbusWrite): Uint8Array {
  if (fn === 5 || fn === 6) return Uint8Array.of(fn, ...be16(at), ...be16(values[0] ?? 0));
  const data = fn === 15 ? packBits(values) : Uint8Array.from(values.flatMap(be16));
  return concat([fn, ...be16(at), ...be16(values.length), data.length], data);
}

/** What a request asks; undefined for a function that is not one of 1-6, 15, 16. Fault driver.frame-length when it does not fit. */
export function parseRequest(pdu: Uint8Array): ModbusRange | ModbusWrite | undefined {
  const fn = u8(pdu, 0);
  const table = tableOf(fn);
  if (table) {
    needLength(pdu, 5);
    return { table, at: u16be(pdu, 1), count: u16be(pdu, 3) };
  }
  if (fn === 5 || fn === 6) {
    needLength(pdu, 5);
    return { fn, at: u16be(pdu, 1), values: [u16be(pdu, 3)] };
  }
  if (fn !== 15 && fn !== 16) return undefined;
  const count = u16be(pdu, 3);
  const data = pdu.subarray(6);
  needLength(pdu, 6 + (fn === 15 ? Math.ceil(count / 8) : 2 * count));
  if (u8(pdu, 5) !== data.length)
    throw new Fault('driver.frame-length', { got: u8(pdu, 5), expected: data.length });
  return { fn, at: u16be(pdu, 1), values: fn === 15 ? unpackBits(data, count) : unpackWords(data) };
}

/** Values of a read reply, without knowing the question: as many bits as the bytes hold. */
export function readValues(pdu: Uint8Array): readonly number[] {
  const data = pdu.subarray(2);
  if (u8(pdu, 1) !== data.length)
    throw new Fault('driver.frame-length', { got: data.length, expected: u8(pdu, 1) });
  const table = tableOf(u8(pdu, 0));
  if (table && holdsBits(table)) return unpackBits(data, 8 * data.length);
  if (data.length % 2 || data.length === 0) {
    throw new Fault('driver.frame-length', { got: data.length, expected: 'an even number of data bytes' });
  }
  return unpackWords(data);
}

/** driver.exception when the reply is one (function code with its top bit set). */
export function refuseException(pdu: Uint8Array): void {
  const fn = u8(pdu, 0);
  if (fn < 0x80) return;
  needLength(pdu, 2);
  const exception = u8(pdu, 1);
  throw new Fault('driver.exception', { fn: fn & 0x7f, exception, text: exceptionText(exception) });
}

/** The name of an exception code. */
export const exceptionText = (code: number): string => EXCEPTIONS[code] ?? `undocumented code ${code}`;

const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'device failure',
  5: 'acknowledged, still working',
  6: 'device busy',
  7: 'negative acknowledgement',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target did not respond',
};

/** Bits to bytes, the first one lowest. */
export function packBits(bits: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, index) => {
    if (bit) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
  });
  return bytes;
}

export const unpackBits = (bytes: Uint8Array, count: number): number[] =>
  Array.from({ length: count }, (_, index) => ((bytes[index >> 3] ?? 0) >> (index & 7)) & 1);

const unpackWords = (bytes: Uint8Array): number[] =>
  Array.from({ length: bytes.length >> 1 }, (_, index) => u16be(bytes, 2 * index));

function needLength(pdu: Uint8Array, expected: number): void {
  if (pdu.length !== expected) throw new Fault('driver.frame-length', { got: pdu.length, expected });
}
