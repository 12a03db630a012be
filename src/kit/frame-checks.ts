import { Fault } from '../faults/index.ts';
import { toHex } from './bytes.ts';

/** What a codec asks of a frame before it reads it. Each throws the fault that says what is wrong. */

/** Fault driver.frame-unknown when the frame begins otherwise. */
export function needHeader(frame: Uint8Array, header: readonly number[], driver: string): void {
  if (header.every((byte, at) => frame[at] === byte)) return;
  const got = toHex(frame.subarray(0, header.length)) || 'nothing';
  throw unknownFrame(driver, `they begin with ${got}, not ${toHex(Uint8Array.from(header))}`);
}

/** Fault driver.frame-length when the frame is of another length. */
export function needLength(frame: Uint8Array, expected: number): void {
  if (frame.length !== expected) throw new Fault('driver.frame-length', { got: frame.length, expected });
}

/** Fault driver.frame-checksum when the two differ; `bytes` is the width of the checksum. */
export function needSum(got: number, expected: number, bytes: 1 | 2 = 1): void {
  if (got === expected) return;
  const hex = (sum: number) =>
    sum
      .toString(16)
      .padStart(2 * bytes, '0')
      .toUpperCase();
  throw new Fault('driver.frame-checksum', { got: hex(got), expected: hex(expected) });
}

/** These bytes are no frame of that driver. */
export const unknownFrame = (driver: string, reason: string): Fault =>
  new Fault('driver.frame-unknown', { driver, reason });
