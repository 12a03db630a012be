/** A JPEG of one grey square, for simulators; its comment says what was asked for and when, so that no two are alike. */
export function testPicture(asked: string, up: number): Uint8Array {
  const comment = Buffer.from(`${asked} at ${Math.floor(up)}`, 'latin1').subarray(0, 200);
  return Uint8Array.from([
    ...START,
    ...[0xff, 0xfe, 0, comment.length + 2],
    ...comment,
    ...TABLES_AND_SCAN,
    ...[0xff, 0xd9],
  ]);
}

/** Start, and the head of a JFIF. */
const START = [
  0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00, 0x01,
  0x00, 0x00,
];

/** A marker and what belongs to it, with its length in front. */
const segment = (marker: number, data: readonly number[]): number[] => [
  0xff,
  marker,
  0,
  data.length + 2,
  ...data,
];
const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);

/** One quantisation table, a frame of 8 × 8 grey pixels, two Huffman tables of one code each, and the scan: all coefficients are zero. */
const TABLES_AND_SCAN = [
  ...segment(0xdb, [0, ...times(64, 16)]),
  ...segment(0xc0, [8, 0, 8, 0, 8, 1, 1, 0x11, 0]),
  ...segment(0xc4, [0x00, 1, ...times(15, 0), 0]),
  ...segment(0xc4, [0x10, 1, ...times(15, 0), 0]),
  ...segment(0xda, [1, 1, 0x00, 0, 63, 0]),
  0b00111111,
];
