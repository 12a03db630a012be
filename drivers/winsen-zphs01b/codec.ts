import {
  be16,
  concat,
  type Decoded,
  type FrameRule,
  fixedFrame,
  needHeader,
  needLength,
  needSum,
  nineByteFrame,
  nineBytes,
  onlyFrames,
  openNineBytes,
  roundTo,
  toHex,
  twosComplement8,
  u8,
  u16be,
} from '#kit';

export const NAME = 'winsen-zphs01b';

const START = 0xff;
const READ = 0x86;
const LENGTH = 26;
const HOST = 0x01;

export const ASK = nineBytes(HOST, READ);

const sumOf = (frame: Uint8Array): number => twosComplement8(frame.subarray(1, LENGTH - 1));

export const replyFrame: FrameRule = fixedFrame({
  header: [START, READ],
  length: LENGTH,
  valid: (frame) => u8(frame, LENGTH - 1) === sumOf(frame),
});
/** Requests as they come in at the module. */
export const requestFrame: FrameRule = onlyFrames(nineByteFrame, (frame) => u8(frame, 1) === HOST);

/** Place of a value and how many bytes it has; value = raw × step + offset. */
interface Field {
  readonly at: number;
  readonly bytes: 1 | 2;
  readonly step: number;
  readonly offset: number;
}
const field = (at: number, step = 1, offset = 0, bytes: 1 | 2 = 2): Field => ({ at, bytes, step, offset });

export const FIELDS = {
  pm1_0: field(2),
  pm2_5: field(4),
  pm10: field(6),
  co2: field(8),
  voc_grade: field(10, 1, 0, 1),
  temperature: field(11, 0.1, -50),
  humidity: field(13),
  formaldehyde: field(15),
  co: field(17, 0.1),
  o3: field(19, 10),
  no2: field(21, 10),
} as const satisfies Record<string, Field>;
export type FieldName = keyof typeof FIELDS;
// The keys of a literal are its own names.
export const NAMES = Object.keys(FIELDS) as readonly FieldName[];

export type Reading = Readonly<Record<string, number | null>>;

/** No carbon dioxide at all is a module that is only starting: no values. Faults: driver.frame-unknown, -length, -checksum. */
export function readingOf(frame: Uint8Array): Reading {
  needHeader(frame, [START, READ], NAME);
  needLength(frame, LENGTH);
  needSum(u8(frame, LENGTH - 1), sumOf(frame));
  const starting = u16be(frame, FIELDS.co2.at) === 0;
  return Object.fromEntries(
    NAMES.map((name) => {
      const { at, bytes, step, offset } = FIELDS[name];
      const raw = bytes === 1 ? u8(frame, at) : u16be(frame, at);
      return [name, starting ? null : roundTo(raw * step + offset, step < 1 ? 1 : 0)];
    }),
  );
}

/** Faults as above. */
export function decodeFrame(frame: Uint8Array): Decoded {
  if (frame.length !== 9) return { points: readingOf(frame) };
  const [kind = 0, code = 0] = openNineBytes(frame, NAME);
  const what = kind === HOST && code === READ ? 'command read' : `frame ${toHex(frame.subarray(1, 3))}`;
  return { points: {}, note: what };
}

export function encodeReading(values: Readonly<Record<FieldName, number>>): Uint8Array {
  const body = new Uint8Array(LENGTH - 1);
  body.set([START, READ]);
  for (const name of NAMES) {
    const { at, bytes, step, offset } = FIELDS[name];
    const raw = Math.round((values[name] - offset) / step);
    body.set(bytes === 1 ? [raw] : be16(raw), at);
  }
  return concat(body, [twosComplement8(body.subarray(1))]);
}
