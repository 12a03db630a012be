import type { FrameRule } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { be16, concat, u16be } from './bytes.ts';
import { sum16 } from './checksums.ts';
import { needHeader, needLength, needSum } from './frame-checks.ts';
import { headerFrame } from './frames.ts';

/**
 * `42 4D`, the number of bytes that follow, 16-bit words, and the 16-bit sum of all before it, high bytes first: particle sensors of
 * Plantower, Honeywell and Winsen. How many words there are tells the families apart.
 */
const HEADER = [0x42, 0x4d];

/** Frames of so many bytes, header and sum included. */
export const wordFrame = (lengths: readonly number[]): FrameRule =>
  headerFrame({
    header: HEADER,
    need: 4,
    length: (bytes) => {
      const length = 4 + u16be(bytes, 2);
      return lengths.includes(length) ? length : undefined;
    },
    valid: (frame) => sumIn(frame) === sum16(frame.subarray(0, -2)),
  });

/**
 * The words of a frame, without length and sum. Faults: driver.frame-unknown (other bytes, or a length that is none of `lengths`),
 * driver.frame-length, driver.frame-checksum.
 */
export function openWords(
  frame: Uint8Array,
  { driver, lengths }: { readonly driver: string; readonly lengths: readonly number[] },
): readonly number[] {
  needHeader(frame, HEADER, driver);
  const length = 4 + u16be(frame, 2);
  if (!lengths.includes(length))
    throw new Fault('driver.frame-unknown', { driver, reason: `the length word gives ${length} bytes` });
  needLength(frame, length);
  needSum(sumIn(frame), sum16(frame.subarray(0, -2)), 2);
  return Array.from({ length: (length - 6) >> 1 }, (_, index) => u16be(frame, 4 + 2 * index));
}

/** Words → a frame. */
export function encodeWords(words: readonly number[]): Uint8Array {
  const body = concat(HEADER, be16(2 * words.length + 2), words.flatMap(be16));
  return concat(body, be16(sum16(body)));
}

const sumIn = (frame: Uint8Array): number => u16be(frame, frame.length - 2);
