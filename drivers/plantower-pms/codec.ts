import {
  be16,
  concat,
  Fault,
  type FrameRule,
  headerFrame,
  i16be,
  onlyFrames,
  sum16,
  toHex,
  u8,
  u16be,
} from '#kit';

/** The word at byte 2 counts what follows it, checksum included; it tells the family apart. */
export const VARIANTS = ['auto', '5003s', '5003t', '5003st'] as const;
export type Variant = (typeof VARIANTS)[number];

const HEADER = [0x42, 0x4d];
const ACK = 8;
/** PMS3003; PMS5003, 5003S, 5003T, 7003; PMS5003ST. */
const LENGTHS = [24, 32, 40];

export type Values = Readonly<Record<string, number | null>>;

const MASS = ['pm1_0_cf1', 'pm2_5_cf1', 'pm10_cf1', 'pm1_0', 'pm2_5', 'pm10'];
const COUNTS = ['count_0_3', 'count_0_5', 'count_1_0', 'count_2_5', 'count_5_0', 'count_10'];

/** A frame or an acknowledgement that holds together. */
const anyFrame = headerFrame({
  header: HEADER,
  need: 4,
  length: (bytes) => {
    const length = 4 + u16be(bytes, 2);
    return length === ACK || LENGTHS.includes(length) ? length : undefined;
  },
  valid: (frame) => checksumOf(frame) === sum16(frame.subarray(0, -2)),
});

/** Data frames; the short answers to commands are passed over. */
export const dataFrame: FrameRule = onlyFrames(anyFrame, (frame) => frame.length !== ACK);

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeFrame(frame: Uint8Array, variant: Variant): Values | { readonly note: string } {
  if (u8(frame, 0) !== HEADER[0] || u8(frame, 1) !== HEADER[1])
    throw unknown(`they begin with ${toHex(frame.subarray(0, 2))}`);
  if (frame.length === 7 || frame.length === ACK) return noteOf(frame);
  const length = 4 + u16be(frame, 2);
  if (!LENGTHS.includes(length)) throw unknown(`the length word gives ${length} bytes`);
  if (frame.length !== length)
    throw new Fault('driver.frame-length', { got: frame.length, expected: length });
  checkSum(frame);
  return valuesOf(frame, variant);
}

export type Command = 'passive' | 'active' | 'read' | 'sleep' | 'wake';

const COMMANDS: Readonly<Record<Command, readonly [code: number, data: number]>> = {
  passive: [0xe1, 0],
  active: [0xe1, 1],
  read: [0xe2, 0],
  sleep: [0xe4, 0],
  wake: [0xe4, 1],
};

export function encodeCommand(command: Command): Uint8Array {
  const [code, data] = COMMANDS[command];
  return withSum(concat(HEADER, [code], be16(data)));
}

/** The command that seven bytes are; undefined when they are none or damaged. */
export const commandOf = (bytes: Uint8Array): Command | undefined =>
  COMMAND_NAMES.find((name) => toHex(encodeCommand(name)) === toHex(bytes));
const COMMAND_NAMES: readonly Command[] = ['passive', 'active', 'read', 'sleep', 'wake'];

/** Commands as they come in at the sensor. */
export const commandFrame: FrameRule = headerFrame({
  header: HEADER,
  need: 3,
  length: (bytes) => (u8(bytes, 2) >= 0xe0 ? 7 : undefined),
  valid: (frame) => checksumOf(frame) === sum16(frame.subarray(0, -2)),
});

/** A data frame of 16-bit words; the inverse of the reading below, for the simulator. */
export const encodeWords = (words: readonly number[]): Uint8Array =>
  withSum(concat(HEADER, be16(2 * words.length + 2), words.flatMap(be16)));

export const encodeAck = (code: number, data: number): Uint8Array =>
  withSum(concat(HEADER, [0, 4, code, data]));

function valuesOf(frame: Uint8Array, variant: Variant): Values {
  const word = (index: number) => u16be(frame, 2 + 2 * index);
  const named = (names: readonly string[], first: number): Values =>
    silenced(Object.fromEntries(names.map((name, offset) => [name, word(first + offset)])));
  const climate = (at: number): Values =>
    silenced({ temperature: i16be(frame, 2 + 2 * at) / 10, humidity: word(at + 1) / 10 });
  const version = (at: number): Values => ({ version: word(at) >> 8, error: word(at) & 0xff });
  if (frame.length === 24) return named(MASS, 1);
  if (frame.length === 40)
    return { ...named([...MASS, ...COUNTS, 'formaldehyde'], 1), ...climate(14), ...version(17) };
  if (variant === '5003t')
    return { ...named([...MASS, ...COUNTS.slice(0, 4)], 1), ...climate(11), ...version(13) };
  if (variant === '5003s') return named([...MASS, ...COUNTS, 'formaldehyde'], 1);
  return { ...named([...MASS, ...COUNTS], 1), ...version(13) };
}

/** Nothing but zeros is a sensor whose fan is still starting, not the cleanest air on earth: no values. */
const silenced = (values: Values): Values =>
  Object.values(values).some((value) => value !== 0)
    ? values
    : Object.fromEntries(Object.keys(values).map((name) => [name, null]));

function noteOf(frame: Uint8Array): { note: string } {
  checkSum(frame);
  const command = commandOf(frame);
  if (command) return { note: `command ${command}` };
  if (frame.length === ACK && u16be(frame, 2) === 4)
    return { note: `acknowledges ${toHex(frame.subarray(4, 6))}` };
  throw unknown('a short frame that is neither command nor acknowledgement');
}

function checkSum(frame: Uint8Array): void {
  const expected = sum16(frame.subarray(0, -2));
  const got = checksumOf(frame);
  if (got !== expected)
    throw new Fault('driver.frame-checksum', { got: hex4(got), expected: hex4(expected) });
}

const checksumOf = (frame: Uint8Array): number => u16be(frame, frame.length - 2);
const withSum = (bytes: Uint8Array): Uint8Array => concat(bytes, be16(sum16(bytes)));
const unknown = (reason: string): Fault =>
  new Fault('driver.frame-unknown', { driver: 'plantower-pms', reason });
const hex4 = (value: number): string => value.toString(16).padStart(4, '0').toUpperCase();
