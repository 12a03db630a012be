import {
  concat,
  type Decoded,
  type FrameRule,
  fixedFrame,
  needHeader,
  needLength,
  needSum,
  toHex,
  u8,
  u16le,
  u32le,
  unknownFrame,
  xor8,
} from '#kit';

export const NAME = 'panasonic-sn-gcja5';

/** 02, 28 bytes of values, state, xor of these, 03. */
const START = 0x02;
const END = 0x03;
const LENGTH = 32;
const STATE_AT = 29;

const xorOf = (frame: Uint8Array): number => xor8(frame.subarray(1, LENGTH - 2));

export const frameRule: FrameRule = fixedFrame({
  header: [START],
  length: LENGTH,
  valid: (frame) => frame.at(-1) === END && u8(frame, LENGTH - 2) === xorOf(frame),
});

const MASS = ['pm1_0', 'pm2_5', 'pm10'] as const;
/** A word between the third and the fourth is not used. */
const COUNTS = [
  ['count_0_3', 13],
  ['count_0_5', 15],
  ['count_1_0', 17],
  ['count_2_5', 21],
  ['count_5_0', 23],
  ['count_7_5', 25],
] as const;
export const COUNT_NAMES = COUNTS.map(([name]) => name);

export type Reading = Readonly<Record<string, number | boolean | null>>;

/** Nothing but zeros is a fan that is only starting: no values. Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function readingOf(frame: Uint8Array): Reading {
  needHeader(frame, [START], NAME);
  needLength(frame, LENGTH);
  if (frame.at(-1) !== END) throw unknownFrame(NAME, `they end in ${toHex(frame.subarray(-1))}, not 03`);
  needSum(u8(frame, LENGTH - 2), xorOf(frame));
  const values = [
    ...MASS.map((name, index) => [name, u32le(frame, 1 + 4 * index)] as const),
    ...COUNTS.map(([name, at]) => [name, u16le(frame, at)] as const),
  ];
  const starting = values.every(([, value]) => value === 0);
  return {
    ...Object.fromEntries(values.map(([name, value]) => [name, starting ? null : value])),
    // Two bits each for the whole, its light, its laser, its fan: 0 is well.
    defect: u8(frame, STATE_AT) !== 0,
  };
}

export const decodeFrame = (frame: Uint8Array): Decoded => ({ points: readingOf(frame) });

export function encodeReading(
  masses: readonly number[],
  { counts, state }: { readonly counts: readonly number[]; readonly state: number },
): Uint8Array {
  const body = new Uint8Array(LENGTH - 3);
  const view = new DataView(body.buffer);
  masses.forEach((value, index) => {
    view.setUint32(4 * index, value, true);
  });
  COUNTS.forEach(([, at], index) => {
    view.setUint16(at - 1, counts[index] ?? 0, true);
  });
  body[STATE_AT - 1] = state;
  return concat([START], body, [xor8(body), END]);
}
