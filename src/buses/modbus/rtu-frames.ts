import { crc16Modbus } from '../../kit/index.ts';

/**
 * Finding the reply in what came from the wire. Modbus over serial line 1.02, 2.5.1: address, PDU, CRC low byte first. The
 * silent gaps that should mark frames do not survive USB adapters and serial servers, so a frame is known by what was
 * asked: unit, function, byte count and CRC must all fit, wherever in the bytes it begins.
 */
export interface Expected {
  readonly unit: number;
  readonly request: Uint8Array;
}

export interface Found {
  /** Where the frame begins and ends. */
  readonly from: number;
  readonly to: number;
}

/** Bytes of the whole reply to a request PDU, or undefined for a function whose reply length we do not know. */
export function replyLength(request: Uint8Array): number | undefined {
  const fn = request[0] ?? 0;
  const count = ((request[3] ?? 0) << 8) | (request[4] ?? 0);
  if (fn === 1 || fn === 2) return 5 + Math.ceil(count / 8);
  if (fn === 3 || fn === 4) return 5 + 2 * count;
  return fn === 5 || fn === 6 || fn === 15 || fn === 16 ? 8 : undefined;
}

const EXCEPTION_LENGTH = 5;

/** The first whole frame in `bytes` that answers; undefined: none yet. */
export function findReply(bytes: Uint8Array, expected: Expected): Found | undefined {
  const length = replyLength(expected.request);
  const fn = expected.request[0] ?? 0;
  if (length === undefined) return undefined;
  for (let from = 0; from + EXCEPTION_LENGTH <= bytes.length; from += 1) {
    if (bytes[from] !== expected.unit) continue;
    const said = bytes[from + 1];
    if (said === (fn | 0x80) && sealed(bytes, from, from + EXCEPTION_LENGTH)) {
      return { from, to: from + EXCEPTION_LENGTH };
    }
    if (said !== fn || from + length > bytes.length) continue;
    if (fits(bytes, from, expected.request, length) && sealed(bytes, from, from + length)) {
      return { from, to: from + length };
    }
  }
  return undefined;
}

/** A read reply says as many bytes as were asked for; a write reply repeats address and value (or count). */
function fits(bytes: Uint8Array, from: number, request: Uint8Array, length: number): boolean {
  if ((request[0] ?? 0) <= 4) return bytes[from + 2] === length - 5;
  for (let index = 1; index < 5; index += 1) if (bytes[from + 1 + index] !== request[index]) return false;
  return true;
}

const sealed = (bytes: Uint8Array, from: number, to: number): boolean =>
  crc16Modbus(bytes, from, to - 2) === ((bytes[to - 2] ?? 0) | ((bytes[to - 1] ?? 0) << 8));

/** Where our own request stands in what came back, when the adapter hears itself. */
export function findEcho(bytes: Uint8Array, sent: Uint8Array): Found | undefined {
  for (let from = 0; from + sent.length <= bytes.length; from += 1) {
    let same = 0;
    while (same < sent.length && bytes[from + same] === sent[same]) same += 1;
    if (same === sent.length) return { from, to: from + same };
  }
  return undefined;
}

/** Whether a frame of this unit with a good CRC is in there, though not the one that was asked for. */
export function hasFrameOf(unit: number, bytes: Uint8Array): boolean {
  for (let from = 0; from + EXCEPTION_LENGTH <= bytes.length; from += 1) {
    if (bytes[from] !== unit) continue;
    for (let to = from + EXCEPTION_LENGTH; to <= bytes.length; to += 1)
      if (sealed(bytes, from, to)) return true;
  }
  return false;
}
