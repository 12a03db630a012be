import type { ModbusRange, ModbusTable, ModbusWrite } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { u8, u16be } from './bytes.ts';
import { crc16Modbus, hasCrc16, withCrc16 } from './checksums.ts';
import { holdsBits, parseRequest, readValues, refuseException, tableOf } from './modbus-pdu.ts';

/** A Modbus ADU taken apart, and what it says. For `decode` and simulators; the bus has its own, streaming one. */
export interface ModbusFrame {
  readonly framing: 'rtu' | 'tcp';
  readonly unit: number;
  readonly pdu: Uint8Array;
}

export type ModbusSaying =
  /** A read reply. `at` is known only when the request was given. Bits come padded to whole bytes then. */
  | {
      readonly kind: 'values';
      readonly table: ModbusTable;
      readonly at: number | undefined;
      readonly values: readonly number[];
    }
  | { readonly kind: 'read'; readonly range: ModbusRange }
  /** A write, or its echo: functions 5 and 6 look alike in both directions. */
  | { readonly kind: 'write'; readonly write: ModbusWrite }
  /** The short acknowledgement of functions 15 and 16. */
  | { readonly kind: 'written'; readonly fn: 15 | 16; readonly at: number; readonly count: number };

export const rtuFrame = (unit: number, pdu: Uint8Array): Uint8Array => withCrc16(Uint8Array.of(unit, ...pdu));

export const tcpFrame = (transaction: number, unit: number, pdu: Uint8Array): Uint8Array =>
  Uint8Array.of(
    transaction >> 8,
    transaction & 0xff,
    0,
    0,
    (pdu.length + 1) >> 8,
    (pdu.length + 1) & 0xff,
    unit,
    ...pdu,
  );

/**
 * Opens an RTU frame (by its CRC) or a Modbus TCP one (protocol 0 and a length that fits exactly).
 * Faults: driver.frame-length, driver.frame-checksum.
 */
export function openModbus(frame: Uint8Array): ModbusFrame {
  if (frame.length < 4) throw new Fault('driver.frame-length', { got: frame.length, expected: 'at least 4' });
  if (hasCrc16(frame)) return { framing: 'rtu', unit: u8(frame, 0), pdu: frame.subarray(1, -2) };
  if (frame.length >= 9 && u16be(frame, 2) === 0 && u16be(frame, 4) === frame.length - 6) {
    return { framing: 'tcp', unit: u8(frame, 6), pdu: frame.subarray(7) };
  }
  const crc = crc16Modbus(frame, 0, frame.length - 2);
  throw new Fault('driver.frame-checksum', {
    got: `${hex2(u8(frame, frame.length - 2))} ${hex2(u8(frame, frame.length - 1))}`,
    expected: `${hex2(crc & 0xff)} ${hex2(crc >> 8)}`,
  });
}

/**
 * What a frame says. With the request it answers, the two are matched as the bus would match them.
 * Faults: those of `openModbus`, driver.exception, driver.frame-unknown (not an answer to that request).
 */
export function readModbus(frame: Uint8Array, request?: Uint8Array): ModbusSaying {
  const { unit, pdu } = openModbus(frame);
  const asked = request && openModbus(request);
  if (asked) refuseStranger(asked, unit, pdu);
  refuseException(pdu);
  const question = asked && parseRequest(asked.pdu);
  const fn = u8(pdu, 0);
  const table = tableOf(fn);
  if (table && (asked || pdu.length !== 5 || isReply(pdu))) return valuesOf(table, pdu, question);
  if ((fn === 15 || fn === 16) && pdu.length === 5) {
    return { kind: 'written', fn, at: u16be(pdu, 1), count: u16be(pdu, 3) };
  }
  const told = parseRequest(pdu);
  if (!told)
    throw new Fault('driver.frame-unknown', { driver: 'Modbus', reason: `function ${fn} is not used here` });
  if ('table' in told) refuseNoQuestion(frame, told);
  return 'table' in told ? { kind: 'read', range: told } : { kind: 'write', write: told };
}

/** Five bytes of a read function are a request, unless they count three bytes of bits. */
const isReply = (pdu: Uint8Array): boolean => u8(pdu, 0) <= 2 && u8(pdu, 1) === 3;

function valuesOf(
  table: ModbusTable,
  pdu: Uint8Array,
  question: ModbusRange | ModbusWrite | undefined,
): ModbusSaying {
  const values = readValues(pdu);
  if (values.length === 0)
    throw new Fault('driver.frame-length', { got: 0, expected: 'at least 1 data byte' });
  if (!question || !('table' in question)) return { kind: 'values', table, at: undefined, values };
  const expected = holdsBits(table) ? 8 * Math.ceil(question.count / 8) : question.count;
  if (values.length !== expected) {
    throw new Fault('driver.frame-length', { got: `${values.length} values`, expected: `${expected}` });
  }
  return { kind: 'values', table, at: question.at, values: values.slice(0, question.count) };
}

/**
 * A reply with zeros behind it still has a good CRC (a CRC without final inversion does not see trailing zeros), and can have the
 * size of a question. Such a question asks for impossibly much, or is a whole reply when the zeros are taken away.
 */
function refuseNoQuestion(frame: Uint8Array, { table, count }: ModbusRange): void {
  const most = holdsBits(table) ? 2000 : 125;
  if (count < 1 || count > most)
    throw new Fault('driver.frame-length', { got: `a question for ${count}`, expected: `1..${most}` });
  for (let end = frame.length - 1; end >= 6 && frame[end] === 0; end -= 1) {
    const shorter = frame.subarray(0, end);
    if (hasCrc16(shorter) && u8(shorter, 2) === end - 5) {
      throw new Fault('driver.frame-length', { got: frame.length, expected: end });
    }
  }
}

/** Broadcast and factory addresses (0, 248 and above) are answered with the unit's own id. */
function refuseStranger(asked: ModbusFrame, unit: number, pdu: Uint8Array): void {
  const anyUnit = asked.unit === 0 || asked.unit >= 248;
  const fits = (u8(pdu, 0) & 0x7f) === u8(asked.pdu, 0);
  if ((anyUnit || asked.unit === unit) && fits) return;
  throw new Fault('driver.frame-unknown', {
    driver: 'Modbus',
    reason: `unit ${unit} function ${u8(pdu, 0)} does not answer unit ${asked.unit} function ${u8(asked.pdu, 0)}`,
  });
}

const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0').toUpperCase();
