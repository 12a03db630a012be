import type { Cut, FrameRule } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/**
 * Rules that cut frames out of a stream. Each decides from the bytes at the front alone and waits while it cannot decide, so any
 * chunking gives the same frames. After a false start exactly one byte is dropped: a frame whose first byte repeats
 * (`42 42 4D …`), or that begins inside what looked like another one, is still found.
 */

/** A fixed header, a length that can be told from the first `need` bytes, and usually a checksum. */
export interface HeaderShape {
  readonly header: readonly number[];
  /** How many bytes must be there before `length` can tell; at least the header. */
  readonly need: number;
  /** Whole length of the frame in bytes; undefined: no frame begins like this. Gets at least `need` bytes. */
  readonly length: (bytes: Uint8Array) => number | undefined;
  /** Whether a whole frame holds together; a frame that does not is a false start. */
  readonly valid?: (frame: Uint8Array) => boolean;
  /** A frame that stopped coming for this long is given up; default 500 ms. */
  readonly give_up_ms?: Millis;
}

export function headerFrame(shape: HeaderShape): FrameRule {
  const giveUp = shape.give_up_ms ?? 500;
  return (bytes, idle_ms) => {
    const start = findHeader(bytes, shape.header);
    if (start > 0) return { skip: start };
    const cut = bytes.length < shape.need ? 'more' : cutAtLength(bytes, shape);
    return cut === 'more' && bytes.length > 0 && idle_ms >= giveUp ? { skip: 1 } : cut;
  };
}

function cutAtLength(bytes: Uint8Array, shape: HeaderShape): Cut {
  const length = shape.length(bytes);
  if (length === undefined || length < shape.need) return { skip: 1 };
  if (bytes.length < length) return 'more';
  return shape.valid?.(bytes.subarray(0, length)) === false ? { skip: 1 } : { take: length };
}

/** Offset of the first place where the header is, or may be once more bytes come; the number of bytes when nowhere. */
function findHeader(bytes: Uint8Array, header: readonly number[]): number {
  for (let at = 0; at < bytes.length; at += 1) {
    const there = Math.min(header.length, bytes.length - at);
    let same = 0;
    while (same < there && bytes[at + same] === header[same]) same += 1;
    if (same === there) return at;
  }
  return bytes.length;
}

/** A header and always the same length. */
export const fixedFrame = (
  shape: Omit<HeaderShape, 'need' | 'length'> & { readonly length: number },
): FrameRule => headerFrame({ ...shape, need: shape.header.length, length: () => shape.length });

/**
 * Text or bytes ended by a delimiter, which is part of the frame. A delimiter whose first bytes repeat (`\r\r\n`) is found.
 * What is longer than `max` without a delimiter is dropped byte by byte.
 */
export function delimitedFrame(delimiter: readonly number[], max: number): FrameRule {
  const first = delimiter[0];
  return (bytes) => {
    const limit = Math.min(bytes.length, max) - delimiter.length;
    for (let at = 0; at <= limit; at += 1) {
      if (bytes[at] === first && delimiter.every((byte, offset) => bytes[at + offset] === byte)) {
        return { take: at + delimiter.length };
      }
    }
    return bytes.length >= max ? { skip: 1 } : 'more';
  };
}

/** Whatever came before a silence of `idle_ms`, for devices that end a frame by falling silent. */
export const idleFrame =
  (idle_ms: Millis, max: number): FrameRule =>
  (bytes, silent_ms) => {
    if (bytes.length > max) return { skip: bytes.length - max };
    return bytes.length > 0 && silent_ms >= idle_ms ? { take: bytes.length } : 'more';
  };

/** Frames of `rule` that `wanted` refuses are dropped: an acknowledgement in front of the reply that was asked for. */
export const onlyFrames =
  (rule: FrameRule, wanted: (frame: Uint8Array) => boolean): FrameRule =>
  (bytes, idle_ms) => {
    const cut = rule(bytes, idle_ms);
    if (cut === 'more' || 'skip' in cut || wanted(bytes.subarray(0, cut.take))) return cut;
    return { skip: cut.take };
  };

/**
 * All frames at the front of the bytes, and how many bytes are used up: for recordings, simulators and tests.
 * The bus does the same, piece by piece.
 */
export function cutFrames(
  bytes: Uint8Array,
  rule: FrameRule,
  idle_ms: Millis = 0,
): { frames: Uint8Array[]; used: number } {
  const frames: Uint8Array[] = [];
  let used = 0;
  while (used < bytes.length) {
    const rest = bytes.subarray(used);
    const cut = rule(rest, idle_ms);
    if (cut === 'more') break;
    if ('take' in cut) frames.push(rest.slice(0, cut.take));
    used += 'take' in cut ? cut.take : cut.skip;
  }
  return { frames, used };
}
