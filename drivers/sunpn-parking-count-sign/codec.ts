import {
  concat,
  Fault,
  type FrameRule,
  needLength,
  needSum,
  sum8,
  toHex,
  u8,
  u16le,
  unknownFrame,
} from '#kit';

/**
 * `3A colour count-low count-high info sum 0A`; the sum is that of all before it. What comes back is told in two ways by the one page
 * there is: as `3A info sum 0A` in its text, as the same seven bytes with 2A in front in its example. Both are understood.
 */
const SHOW = 0x3a;
const ECHO = 0x2a;
const END = 0x0a;
const LONG = 7;
const SHORT = 4;
/** After so much silence the beginning of our own words is no echo of them. */
const ECHO_MS = 50;

export const COLOURS = ['green', 'yellow', 'red'] as const;
export type Colour = (typeof COLOURS)[number];

export interface Showing {
  readonly count: number;
  /** null: a code the page does not know. */
  readonly colour: Colour | null;
  readonly info: number;
}
export type Answer = Showing | { readonly info: number };

export const encodeShow = (showing: { count: number; colour: Colour; info: number }): Uint8Array =>
  encodeLong(SHOW, showing);
export const encodeEcho = (showing: { count: number; colour: Colour; info: number }): Uint8Array =>
  encodeLong(ECHO, showing);

function encodeLong(start: number, { count, colour, info }: { count: number; colour: Colour; info: number }) {
  return closed([start, COLOURS.indexOf(colour), count & 0xff, count >> 8, info]);
}

const closed = (body: readonly number[]): Uint8Array => concat(body, [sum8(Uint8Array.from(body)), END]);

/** Answers to this request. On a two-wire adapter the request itself may come back first: that is no answer. */
export const answerTo =
  (request: Uint8Array): FrameRule =>
  (bytes, idle_ms) => {
    const [first] = bytes;
    if (first !== SHOW && first !== ECHO) return bytes.length ? { skip: 1 } : 'more';
    if (beginsWith(bytes, request)) {
      if (bytes.length >= request.length) return { skip: request.length };
      if (idle_ms < ECHO_MS) return 'more';
    }
    const length = first === ECHO ? LONG : SHORT;
    if (bytes.length < length) return idle_ms < ECHO_MS ? 'more' : { skip: 1 };
    return holds(bytes.subarray(0, length)) ? { take: length } : { skip: 1 };
  };

/** What was asked for, or echoed. Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeFrame(frame: Uint8Array): { readonly from: 'host' | 'sign'; readonly answer: Answer } {
  const start = u8(frame, 0);
  if (start !== SHOW && start !== ECHO)
    throw unknownFrame(
      'sunpn-parking-count-sign',
      `they begin with ${toHex(frame.subarray(0, 1))}, not 3A or 2A`,
    );
  if (start === ECHO || frame.length !== SHORT) needLength(frame, LONG);
  if (u8(frame, frame.length - 1) !== END)
    throw unknownFrame('sunpn-parking-count-sign', 'they do not end with 0A');
  needSum(u8(frame, frame.length - 2), sum8(frame.subarray(0, -2)));
  if (frame.length === SHORT) return { from: 'sign', answer: { info: u8(frame, 1) } };
  const answer = { count: u16le(frame, 2), colour: COLOURS[u8(frame, 1)] ?? null, info: u8(frame, 4) };
  return { from: start === SHOW ? 'host' : 'sign', answer };
}

function holds(frame: Uint8Array): boolean {
  try {
    return decodeFrame(frame).from === 'sign';
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** The bytes, as far as they go, are those of the request. */
const beginsWith = (bytes: Uint8Array, request: Uint8Array): boolean =>
  request.subarray(0, bytes.length).every((byte, at) => bytes[at] === byte);
