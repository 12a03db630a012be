import type { FrameRule } from '../contracts/index.ts';
import { hasCrc16, u8, u16be } from '../kit/index.ts';

/** Longest RTU frame there is. */
const LONGEST = 256;

/**
 * Requests on an RTU wire, as a unit hears them. A unit has the silence between frames; a pty does not keep it, so a request
 * is told by its length and CRC, and whole requests behind garbage are looked for at once.
 */
export const rtuRequests: FrameRule = (bytes) => {
  const length = lengthOf(bytes);
  if (length !== undefined && bytes.length >= length) {
    return hasCrc16(bytes.subarray(0, length)) ? { take: length } : { skip: 1 };
  }
  for (let at = 1; at + 4 <= bytes.length; at += 1) {
    const rest = bytes.subarray(at);
    if (lengthOf(rest) === rest.length && hasCrc16(rest)) return { skip: at };
  }
  // A function of another length: the bytes that are there are it, or not yet.
  if (length === undefined && bytes.length >= 4 && knownLength(bytes) === 'other' && hasCrc16(bytes))
    return { take: bytes.length };
  return bytes.length >= LONGEST ? { skip: 1 } : 'more';
};

function lengthOf(bytes: Uint8Array): number | undefined {
  const length = knownLength(bytes);
  return typeof length === 'number' ? length : undefined;
}

function knownLength(bytes: Uint8Array): number | 'other' | 'unknown yet' {
  if (bytes.length < 2) return 'unknown yet';
  const fn = u8(bytes, 1);
  if (fn >= 1 && fn <= 6) return 8;
  if (fn !== 15 && fn !== 16) return 'other';
  return bytes.length < 7 ? 'unknown yet' : 9 + u8(bytes, 6);
}

/** Modbus TCP: seven bytes of header, of which two tell the length. What is no such header ends the conversation. */
export const tcpRequests: FrameRule = (bytes) => {
  if (bytes.length < 7) return 'more';
  const length = 6 + u16be(bytes, 4);
  if (u16be(bytes, 2) !== 0 || length < 8 || length > 260) return { skip: bytes.length };
  return bytes.length < length ? 'more' : { take: length };
};
