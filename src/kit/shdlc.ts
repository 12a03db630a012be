import type { FrameRule } from '../contracts/index.ts';
import { concat, toHex, u8 } from './bytes.ts';
import { onesComplement8 } from './checksums.ts';
import { needLength, needSum, unknownFrame } from './frame-checks.ts';

/**
 * Sensirion's SHDLC. Between two 7E stand address, command, in replies the state, the number of data bytes, data, and the inverted sum
 * of all of these. 7E, 7D, 11 and 13 are stuffed: 7D, then the byte with bit 5 flipped.
 */
export interface ShdlcRequest {
  readonly address: number;
  readonly command: number;
  readonly data: Uint8Array;
}
export interface ShdlcReply extends ShdlcRequest {
  /** Bit 7: the device has an error in its status register; the others: 0, or why it refused. */
  readonly state: number;
}

const EDGE = 0x7e;
const ESCAPE = 0x7d;
const FLIP = 0x20;
const STUFFED: readonly number[] = [EDGE, ESCAPE, 0x11, 0x13];
/** Both edges, and 255 data bytes with address, command, state, length and sum, all of them stuffed. */
const LONGEST = 2 + 2 * (255 + 5);
/** A frame comes at 115200 baud in 50 ms; one that stops is given up. */
const GIVE_UP_MS = 200;

/** Requests and replies that hold together. */
export const shdlcFrame: FrameRule = (bytes, idle_ms) => {
  const start = bytes.indexOf(EDGE);
  if (start !== 0) return start < 0 ? (bytes.length ? { skip: bytes.length } : 'more') : { skip: start };
  const end = bytes.indexOf(EDGE, 1);
  if (end < 0) return bytes.length > LONGEST || idle_ms >= GIVE_UP_MS ? { skip: 1 } : 'more';
  const body = unstuffed(bytes.subarray(1, end));
  if (body && isWhole(body)) return { take: end + 1 };
  // What is between is garbage; the second edge may begin a frame.
  return { skip: end };
};

/** Length and sum fit, read as a request or as a reply. */
const isWhole = (body: Uint8Array): boolean =>
  body.length >= 4 &&
  onesComplement8(body.subarray(0, -1)) === body.at(-1) &&
  (body[2] === body.length - 4 || body[3] === body.length - 5);

export const shdlcRequest = (command: number, data: readonly number[] = [], address = 0): Uint8Array =>
  enclosed([address, command, data.length, ...data]);

export const shdlcReply = (command: number, state: number, data: readonly number[] = []): Uint8Array =>
  enclosed([0, command, state, data.length, ...data]);

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function openShdlcReply(frame: Uint8Array, driver: string): ShdlcReply {
  const body = opened(frame, driver, 5);
  needLength(body, 5 + u8(body, 3));
  return { address: u8(body, 0), command: u8(body, 1), state: u8(body, 2), data: body.slice(4, -1) };
}

/** Faults as above. */
export function openShdlcRequest(frame: Uint8Array, driver: string): ShdlcRequest {
  const body = opened(frame, driver, 4);
  needLength(body, 4 + u8(body, 2));
  return { address: u8(body, 0), command: u8(body, 1), data: body.slice(3, -1) };
}

function opened(frame: Uint8Array, driver: string, shortest: number): Uint8Array {
  if (frame.length < 2 || frame[0] !== EDGE || frame.at(-1) !== EDGE)
    throw unknownFrame(driver, 'they do not stand between two 7E');
  const body = unstuffed(frame.subarray(1, -1));
  if (!body) throw unknownFrame(driver, `${toHex(frame)} is not stuffed as SHDLC is`);
  if (body.length < shortest) throw unknownFrame(driver, `${body.length} bytes between two 7E`);
  needSum(u8(body, body.length - 1), onesComplement8(body.subarray(0, -1)));
  return body;
}

function enclosed(body: readonly number[]): Uint8Array {
  const whole = [...body, onesComplement8(Uint8Array.from(body))];
  return concat([EDGE], whole.flatMap(stuffed), [EDGE]);
}

const stuffed = (byte: number): readonly number[] =>
  STUFFED.includes(byte) ? [ESCAPE, byte ^ FLIP] : [byte];

/**
 * In one pass: replacing one kind of pair after the other would take the 5D of a stuffed 7D for the end of another pair. undefined: a
 * pair that is none.
 */
function unstuffed(bytes: Uint8Array): Uint8Array | undefined {
  const plain: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === ESCAPE) at += 1;
    const original = byte === ESCAPE ? (bytes[at] ?? 0) ^ FLIP : byte;
    if (byte === ESCAPE && !STUFFED.includes(original)) return undefined;
    plain.push(original);
  }
  return Uint8Array.from(plain);
}
