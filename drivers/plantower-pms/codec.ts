import {
  be16,
  concat,
  type FrameRule,
  headerFrame,
  needLength,
  needSum,
  openWords,
  signed,
  sum16,
  toHex,
  u8,
  u16be,
  unknownFrame,
  wordFrame,
} from '#kit';

export const NAME = 'plantower-pms';

/** How many words there are tells the families apart, but for those that look like a 5003. */
export const VARIANTS = ['auto', '5003s', '5003t', '5003st'] as const;
export type Variant = (typeof VARIANTS)[number];

const HEADER = [0x42, 0x4d];
const ACK = 8;
const COMMAND = 7;
/** Bytes of a frame: PMS3003; PMS5003, 5003S, 5003T, 7003; PMS5003ST. */
const LENGTHS = [24, 32, 40];

export type Values = Readonly<Record<string, number | null>>;

const MASS = ['pm1_0_cf1', 'pm2_5_cf1', 'pm10_cf1', 'pm1_0', 'pm2_5', 'pm10'];
const COUNTS = ['count_0_3', 'count_0_5', 'count_1_0', 'count_2_5', 'count_5_0', 'count_10'];

/** Data frames; the short answers to commands are passed over. */
export const dataFrame: FrameRule = wordFrame(LENGTHS);

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeFrame(frame: Uint8Array, variant: Variant): Values | { readonly note: string } {
  if (frame.length === COMMAND || frame.length === ACK) return noteOf(frame);
  return valuesOf(openWords(frame, { driver: NAME, lengths: LENGTHS }), variant);
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
  length: (bytes) => (u8(bytes, 2) >= 0xe0 ? COMMAND : undefined),
  valid: (frame) => sumIn(frame) === sum16(frame.subarray(0, -2)),
});

export const encodeAck = (code: number, data: number): Uint8Array =>
  withSum(concat(HEADER, [0, 4, code, data]));

function valuesOf(words: readonly number[], variant: Variant): Values {
  const word = (index: number) => words[index] ?? 0;
  const named = (names: readonly string[]): Values =>
    silenced(Object.fromEntries(names.map((name, index) => [name, word(index)])));
  const climate = (at: number): Values =>
    silenced({ temperature: signed(word(at), 16) / 10, humidity: word(at + 1) / 10 });
  const version = (at: number): Values => ({ version: word(at) >> 8, error: word(at) & 0xff });
  if (words.length === 9) return named(MASS);
  if (words.length === 17)
    return { ...named([...MASS, ...COUNTS, 'formaldehyde']), ...climate(13), ...version(16) };
  if (variant === '5003t')
    return { ...named([...MASS, ...COUNTS.slice(0, 4)]), ...climate(10), ...version(12) };
  if (variant === '5003s') return named([...MASS, ...COUNTS, 'formaldehyde']);
  return { ...named([...MASS, ...COUNTS]), ...version(12) };
}

/** Nothing but zeros is a sensor whose fan is still starting, not the cleanest air on earth: no values. */
const silenced = (values: Values): Values =>
  Object.values(values).some((value) => value !== 0)
    ? values
    : Object.fromEntries(Object.keys(values).map((name) => [name, null]));

function noteOf(frame: Uint8Array): { note: string } {
  if (frame[0] !== HEADER[0] || frame[1] !== HEADER[1])
    throw unknownFrame(NAME, `they begin with ${toHex(frame.subarray(0, 2))}`);
  needSum(sumIn(frame), sum16(frame.subarray(0, -2)), 2);
  const command = commandOf(frame);
  if (command) return { note: `command ${command}` };
  if (u16be(frame, 2) !== 4)
    throw unknownFrame(NAME, 'a short frame that is neither command nor acknowledgement');
  needLength(frame, ACK);
  return { note: `acknowledges ${toHex(frame.subarray(4, 6))}` };
}

const sumIn = (frame: Uint8Array): number => u16be(frame, frame.length - 2);
const withSum = (bytes: Uint8Array): Uint8Array => concat(bytes, be16(sum16(bytes)));
