import type { FrameRule } from '../contracts/index.ts';
import { concat, u8 } from './bytes.ts';
import { twosComplement8 } from './checksums.ts';
import { needHeader, needLength, needSum } from './frame-checks.ts';
import { fixedFrame } from './frames.ts';

/**
 * Winsen's nine bytes, in both directions: FF, seven bytes, and the two's complement of the sum of those seven (summing FF too is the
 * usual mistake). MH-Z19, ZE and ZH03B modules.
 */
const START = 0xff;
const LENGTH = 9;

const sumOf = (frame: Uint8Array): number => twosComplement8(frame.subarray(1, 8));

export const nineByteFrame: FrameRule = fixedFrame({
  header: [START],
  length: LENGTH,
  valid: (frame) => u8(frame, 8) === sumOf(frame),
});

/** Up to seven bytes, the rest zero → a frame. */
export function nineBytes(...body: readonly number[]): Uint8Array {
  const frame = Uint8Array.of(START, ...body, ...new Array<number>(7 - body.length).fill(0), 0);
  frame[8] = sumOf(frame);
  return frame;
}

/** The seven bytes of a frame. Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function openNineBytes(frame: Uint8Array, driver: string): Uint8Array {
  needHeader(frame, [START], driver);
  needLength(frame, LENGTH);
  needSum(u8(frame, 8), sumOf(frame));
  return concat(frame.subarray(1, 8));
}
