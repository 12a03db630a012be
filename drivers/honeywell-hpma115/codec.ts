import {
  concat,
  type Decoded,
  encodeWords,
  type FrameRule,
  framesByFirst,
  headerFrame,
  needLength,
  needSum,
  openWords,
  toHex,
  twosComplement8,
  u8,
  u16be,
  unknownFrame,
  wordFrame,
} from '#kit';

export const NAME = 'honeywell-hpma115';

export type Model = 's0' | 'c0';

/** First bytes: what the host says, an answer, an unasked frame, yes and no. */
const HOST = 0x68;
const ANSWER = 0x40;
const AUTO = 0x42;
const YES = 0xa5;
const NO = 0x96;
const AUTO_LENGTH = 32;

export const CODES = {
  start: 0x01,
  stop: 0x02,
  read: 0x04,
  adjust: 0x08,
  adjustment: 0x10,
  quiet: 0x20,
  auto: 0x40,
} as const;
const NAMES: Readonly<Record<number, string>> = {
  [CODES.start]: 'start measuring',
  [CODES.stop]: 'stop measuring',
  [CODES.read]: 'read',
  [CODES.adjust]: 'set coefficient',
  [CODES.adjustment]: 'read coefficient',
  [CODES.quiet]: 'stop speaking unasked',
  [CODES.auto]: 'speak unasked',
};

/** Data bytes of a reading; the S0 has two values, the C0 four and two spare ones. */
const READING = { s0: 4, c0: 12 } as const;
const POINTS: Readonly<Record<Model, readonly string[]>> = {
  s0: ['pm2_5', 'pm10'],
  c0: ['pm1_0', 'pm2_5', 'pm4_0', 'pm10'],
};
/** Unasked, the S0 keeps one word free in front of its two. */
const FIRST_WORD = { s0: 1, c0: 0 } as const;

/** Head, number of bytes of command and data, command, data, and what brings the sum to zero. */
const framed = (head: number, code: number, data: readonly number[]): Uint8Array => {
  const body = [head, data.length + 1, code, ...data];
  return concat(body, [twosComplement8(Uint8Array.from(body))]);
};
export const request = (code: number, ...data: readonly number[]): Uint8Array => framed(HOST, code, data);

const counted = (head: number): FrameRule =>
  headerFrame({
    header: [head],
    need: 3,
    length: (bytes) => (u8(bytes, 1) >= 1 && u8(bytes, 1) <= 13 ? 3 + u8(bytes, 1) : undefined),
    valid: (frame) => twosComplement8(frame.subarray(0, -1)) === frame.at(-1),
  });
const answer = counted(ANSWER);

/** Two equal bytes. */
const pair: FrameRule = (bytes) => {
  if (bytes.length < 2) return 'more';
  return bytes[0] === bytes[1] ? { take: 2 } : { skip: 1 };
};

export const autoFrame: FrameRule = wordFrame([AUTO_LENGTH]);
/** Yes or no to a command. */
export const verdictFrame: FrameRule = framesByFirst(
  new Map([
    [YES, pair],
    [NO, pair],
  ]),
);
/** An answer with data, or no. */
export const answerFrame: FrameRule = framesByFirst(
  new Map([
    [ANSWER, answer],
    [NO, pair],
  ]),
);
/** Requests as they come in at the sensor. */
export const requestFrame: FrameRule = counted(HOST);

export const refuses = (frame: Uint8Array): boolean => frame.length === 2 && u8(frame, 0) === NO;

export type Masses = Readonly<Record<string, number | null>>;

/**
 * Values of an unasked frame (the model says which they are) or of an answer (its length does). All zero is a fan that is only
 * starting: no values. Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum.
 */
export function massesOf(frame: Uint8Array, model: Model): Masses {
  if (frame[0] === AUTO) {
    const words = openWords(frame, { driver: NAME, lengths: [AUTO_LENGTH] });
    return named(words.slice(FIRST_WORD[model]), POINTS[model]);
  }
  const data = opened(frame, CODES.read);
  const told = data.length === READING.c0 ? 'c0' : 's0';
  needLength(data, READING[told]);
  return named(
    POINTS[told].map((_, index) => u16be(data, 2 * index)),
    POINTS[told],
  );
}

function named(values: readonly number[], names: readonly string[]): Masses {
  const starting = names.every((_, index) => values[index] === 0);
  return Object.fromEntries(names.map((name, index) => [name, starting ? null : (values[index] ?? null)]));
}

/** The coefficient in percent, of an answer. Faults as above. */
function coefficientOf(frame: Uint8Array): number {
  const data = opened(frame, CODES.adjustment);
  needLength(data, 1);
  return u8(data, 0);
}

/** Faults as above. */
export function decodeFrame(frame: Uint8Array, model: Model): Decoded {
  const head = frame[0];
  if (head === AUTO) return { points: massesOf(frame, model) };
  if (head === YES || head === NO) {
    needLength(frame, 2);
    if (u8(frame, 1) !== head) throw unknownFrame(NAME, `${toHex(frame)} is neither yes nor no`);
    return { points: {}, note: head === YES ? 'acknowledges' : 'refuses' };
  }
  if (head === HOST) return { points: {}, note: `command ${commandOf(frame)}` };
  if (head !== ANSWER)
    throw unknownFrame(NAME, `they begin with ${toHex(frame.subarray(0, 1)) || 'nothing'}`);
  if (u8(frame, 2) === CODES.adjustment) return { points: { coefficient: coefficientOf(frame) } };
  return { points: massesOf(frame, model) };
}

/** The data of an answer to that command. */
function opened(frame: Uint8Array, code: number): Uint8Array {
  const data = countedData(frame);
  if (u8(frame, 0) !== ANSWER || u8(frame, 2) !== code)
    throw unknownFrame(NAME, `${toHex(frame.subarray(0, 3))} answers something else`);
  return data;
}

function countedData(frame: Uint8Array): Uint8Array {
  needLength(frame, 3 + u8(frame, 1));
  needSum(u8(frame, frame.length - 1), twosComplement8(frame.subarray(0, -1)));
  return frame.slice(3, -1);
}

function commandOf(frame: Uint8Array): string {
  const [value] = countedData(frame);
  const name = NAMES[u8(frame, 2)] ?? toHex(frame.subarray(2, 3));
  return value === undefined ? name : `${name} ${value}`;
}

export const VERDICTS = { yes: Uint8Array.of(YES, YES), no: Uint8Array.of(NO, NO) } as const;

export const encodeCoefficient = (percent: number): Uint8Array => framed(ANSWER, CODES.adjustment, [percent]);

export function encodeAnswer(values: readonly number[], model: Model): Uint8Array {
  const data = values.flatMap((value) => [value >> 8, value & 0xff]);
  return framed(ANSWER, CODES.read, [...data, ...new Array<number>(READING[model] - data.length).fill(0)]);
}

export function encodeAuto(values: readonly number[], model: Model): Uint8Array {
  const words = [...new Array<number>(FIRST_WORD[model]).fill(0), ...values];
  return encodeWords([...words, ...new Array<number>(13 - words.length).fill(0)]);
}
