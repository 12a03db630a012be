import { crc16Modbus } from '../../kit/index.ts';

/**
 * Finding the reply in what came from the wire. Modbus over serial line 1.02, 2.5.1: address, PDU, CRC low byte first. The
 * silent gaps that should mark frames do not survive USB adapters and serial servers, so a frame is known by what was
 * asked: unit, function, byte count and CRC must all fit, wherever in the bytes it begins.
 */
export interface Expected {
  /** undefined: whoever answers; factory and broadcast addresses are answered with the unit's own. */
  readonly unit: number | undefined;
  readonly request: Uint8Array;
  /** The unit may acknowledge with the whole request. */
  readonly whole?: boolean;
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

/** The same, when the unit may acknowledge with the whole request: the longest of both. */
export function longestReply(request: Uint8Array, whole: boolean): number | undefined {
  const usual = replyLength(request);
  return whole && usual !== undefined ? Math.max(usual, wholeLength(request)) : usual;
}

const EXCEPTION_LENGTH = 5;
/** Unit and CRC around the PDU. */
const wholeLength = (request: Uint8Array): number => request.length + 3;

/** The first whole frame in `bytes` that answers; undefined: none yet. */
export function findReply(bytes: Uint8Array, expected: Expected): Found | undefined {
  const length = replyLength(expected.request);
  if (length === undefined) return undefined;
  for (let from = 0; from + EXCEPTION_LENGTH <= bytes.length; from += 1) {
    const kind = beginsAt(bytes, from, expected, length);
    if (kind === undefined) continue;
    const to = from + (kind === 'exception' ? EXCEPTION_LENGTH : length);
    if (to <= bytes.length && sealed(bytes, from, to)) return { from, to };
    if (kind === 'reply' && expected.whole && repeatsAt(bytes, from, expected.request))
      return { from, to: from + wholeLength(expected.request) };
  }
  return undefined;
}

/** Whether the whole request stands here again, under any unit, with a good CRC. */
function repeatsAt(bytes: Uint8Array, from: number, request: Uint8Array): boolean {
  const to = from + wholeLength(request);
  return (
    to <= bytes.length &&
    request.every((byte, at) => bytes[from + 1 + at] === byte) &&
    sealed(bytes, from, to)
  );
}

/** Whether the last bytes may be the first ones of the reply. */
export function hasBegun(bytes: Uint8Array, expected: Expected): boolean {
  const length = replyLength(expected.request) ?? 0;
  const longest = longestReply(expected.request, expected.whole ?? false) ?? 0;
  for (let from = Math.max(0, bytes.length - longest + 1); from < bytes.length; from += 1) {
    const kind = beginsAt(bytes, from, expected, length);
    if (kind === 'reply' || (kind === 'exception' && bytes.length < from + EXCEPTION_LENGTH)) return true;
  }
  return false;
}

/** Whether the unit has said something about the request, though damaged: its address and the function stand together. */
export function hasSpoken(bytes: Uint8Array, { unit, request }: Expected): boolean {
  for (let at = 0; at + 1 < bytes.length; at += 1) {
    const fn = (bytes[at + 1] ?? 0) & 0x7f;
    if ((unit === undefined || bytes[at] === unit) && fn === request[0]) return true;
  }
  return false;
}

/** What the bytes from here on can be, as far as they go; without the CRC. */
function beginsAt(
  bytes: Uint8Array,
  from: number,
  { unit, request }: Expected,
  length: number,
): 'reply' | 'exception' | undefined {
  if (unit !== undefined && bytes[from] !== unit) return undefined;
  const fn = request[0] ?? 0;
  const said = bytes[from + 1] ?? fn;
  if (said === (fn | 0x80)) return 'exception';
  if (said !== fn) return undefined;
  const there = Math.min(bytes.length - from, length);
  // A read reply says as many bytes as were asked for.
  if (fn <= 4) return there <= 2 || bytes[from + 2] === length - 5 ? 'reply' : undefined;
  // A write reply repeats address and value (or count).
  for (let at = 2; at < Math.min(6, there); at += 1) {
    if (bytes[from + at] !== request[at - 1]) return undefined;
  }
  return 'reply';
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
