import { concat, Fault, type FrameRule, fixedFrame, sum8, toHex, u8, u16be } from '#kit';

/** `FF high low sum`, millimetres. What differs between the models is whether the sum includes FF. */
const LENGTH = 4;
const HEADER = 0xff;

/** Values some models send in place of a distance. */
const NO_OBJECT = 0xfffd;
const INTERFERENCE = 0xfffe;

export interface Dialect {
  readonly sum_has_header: boolean;
}

export const frameRule = (dialect: Dialect): FrameRule =>
  fixedFrame({ header: [HEADER], length: LENGTH, valid: (frame) => u8(frame, 3) === sumOf(frame, dialect) });

/** Distance in mm; null: nothing in sight, or another sensor's echo. Faults: driver.frame-unknown, -length, -checksum. */
export function decodeDistance(frame: Uint8Array, dialect: Dialect): number | null {
  if (frame.length !== LENGTH)
    throw new Fault('driver.frame-length', { got: frame.length, expected: LENGTH });
  if (u8(frame, 0) !== HEADER) {
    throw new Fault('driver.frame-unknown', {
      driver: 'a02yyuw',
      reason: `they begin with ${toHex(frame.subarray(0, 1))}, not FF`,
    });
  }
  const expected = sumOf(frame, dialect);
  const got = u8(frame, 3);
  if (got !== expected)
    throw new Fault('driver.frame-checksum', {
      got: toHex(Uint8Array.of(got)),
      expected: toHex(Uint8Array.of(expected)),
    });
  const distance = u16be(frame, 1);
  return distance === NO_OBJECT || distance === INTERFERENCE ? null : distance;
}

export function encodeDistance(distance: number | null, dialect: Dialect): Uint8Array {
  const raw = distance ?? NO_OBJECT;
  const body = Uint8Array.of(HEADER, raw >> 8, raw & 0xff);
  return concat(body, [sumOf(concat(body, [0]), dialect)]);
}

const sumOf = (frame: Uint8Array, { sum_has_header }: Dialect): number =>
  sum8(frame.subarray(sum_has_header ? 0 : 1, 3));
