import {
  be16,
  type Decoded,
  type FrameRule,
  f32Bytes,
  f32be,
  needLength,
  onlyFrames,
  openShdlcReply,
  openShdlcRequest,
  roundTo,
  type ShdlcReply,
  shdlcFrame,
  shdlcReply,
  shdlcRequest,
  toHex,
  u32be,
  unknownFrame,
} from '#kit';

export const NAME = 'sensirion-sps30';

export const CODES = {
  start: 0x00,
  stop: 0x01,
  read: 0x03,
  clean: 0x56,
  autoClean: 0x80,
  info: 0xd0,
  version: 0xd1,
  reset: 0xd3,
} as const;

/** Start with big-endian floats; serial number of the device info. */
const FLOATS = [0x01, 0x03];
const SERIAL = [0x03];

export const REQUESTS = {
  start: shdlcRequest(CODES.start, FLOATS),
  stop: shdlcRequest(CODES.stop),
  read: shdlcRequest(CODES.read),
  clean: shdlcRequest(CODES.clean),
  info: shdlcRequest(CODES.info, SERIAL),
  version: shdlcRequest(CODES.version),
  reset: shdlcRequest(CODES.reset),
  'read auto clean': shdlcRequest(CODES.autoClean, [0]),
} as const;

export const autoCleanRequest = (seconds: number): Uint8Array =>
  shdlcRequest(CODES.autoClean, [0, ...be16(Math.floor(seconds / 0x10000)), ...be16(seconds)]);

/** The ten floats of a reading, in their order. */
export const MASS = ['pm1_0', 'pm2_5', 'pm4_0', 'pm10'] as const;
export const DETAILS = [
  'count_0_5',
  'count_1_0',
  'count_2_5',
  'count_4_0',
  'count_10',
  'typical_size',
] as const;
const READING = [...MASS, ...DETAILS];

/** The low bits of a state say why a command was refused; bit 7 that the status register holds an error. */
const DEFECT = 0x80;
export const NOT_NOW = 0x43;
const REASONS: Readonly<Record<number, string>> = {
  1: 'wrong data length',
  2: 'unknown command',
  3: 'no access right',
  4: 'illegal parameter',
  40: 'parameter out of range',
  [NOT_NOW]: 'not allowed in this state',
};

export const refusalOf = ({ state }: ShdlcReply): number => state & ~DEFECT;
export const reasonOf = (code: number): string => REASONS[code] ?? `state ${toHex(Uint8Array.of(code))}`;

/** Replies to one command. */
export const replyTo = (command: number): FrameRule =>
  onlyFrames(shdlcFrame, (frame) => {
    try {
      return openShdlcReply(frame, NAME).command === command;
    } catch {
      // A request that comes back as an echo.
      return false;
    }
  });

export type Reading = Readonly<Record<string, number | boolean | null>>;

/**
 * undefined: it has measured nothing new since it was read last. All zero, the size of the particles too, is a fan that is only
 * starting: no values. Fault driver.frame-length for another number of values.
 */
export function readingOf(reply: ShdlcReply): Reading | undefined {
  if (reply.data.length === 0) return undefined;
  needLength(reply.data, 4 * READING.length);
  const starting = reply.data.every((byte) => byte === 0);
  const values = READING.map((name, index) => {
    const value = starting ? null : f32be(reply.data, 4 * index);
    return [name, value === null ? null : roundTo(value, 2)] as const;
  });
  return { ...Object.fromEntries(values), defect: (reply.state & DEFECT) !== 0 };
}

/** What a frame says, in either direction. Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeFrame(frame: Uint8Array): Decoded {
  // Some requests could be read as replies that refuse; known requests go first.
  const asked = nameOf(frame);
  if (asked) return { points: {}, note: `command ${asked}` };
  const reply = openShdlcReply(frame, NAME);
  const refusal = refusalOf(reply);
  const name = Object.entries(CODES).find(([, code]) => code === reply.command)?.[0];
  if (!name) throw unknownFrame(NAME, `command ${toHex(Uint8Array.of(reply.command))} is not one of it`);
  if (refusal) return { points: {}, note: `refuses ${name}: ${reasonOf(refusal)}` };
  if (reply.command === CODES.read) {
    const points = readingOf(reply);
    return points ? { points } : { points: {}, note: 'nothing new measured' };
  }
  const facts = factsOf(reply);
  return facts ? { points: facts } : { points: {}, note: `acknowledges ${name}` };
}

/** What the device says of itself; undefined for a bare acknowledgement. */
export function factsOf({
  command,
  data,
}: ShdlcReply): Readonly<Record<string, string | number>> | undefined {
  if (data.length === 0) return undefined;
  if (command === CODES.info) return { serial: String.fromCharCode(...data.filter((byte) => byte > 0)) };
  if (command === CODES.autoClean) {
    needLength(data, 4);
    return { auto_clean_s: u32be(data, 0) };
  }
  if (command !== CODES.version) throw unknownFrame(NAME, `${data.length} data bytes that mean nothing`);
  needLength(data, 7);
  const [major = 0, minor = 0, , hardware = 0, , ...shdlc] = data;
  return { firmware: `${major}.${minor}`, hardware, shdlc: shdlc.join('.') };
}

function nameOf(frame: Uint8Array): string | undefined {
  const hex = toHex(frame);
  const known = Object.entries(REQUESTS).find(([, bytes]) => toHex(bytes) === hex);
  if (known) return known[0];
  const seconds = autoCleanOf(frame);
  return seconds === undefined ? undefined : `auto clean every ${seconds} s`;
}

/** The interval that a request sets; undefined for any other bytes. */
export function autoCleanOf(frame: Uint8Array): number | undefined {
  try {
    const { command, data } = openShdlcRequest(frame, NAME);
    return command === CODES.autoClean && data.length === 5 && data[0] === 0 ? u32be(data, 1) : undefined;
  } catch {
    return undefined;
  }
}

/** A reading as the sensor says it; null for nothing new. */
export const encodeReading = (values: readonly number[] | null, defect: boolean): Uint8Array =>
  shdlcReply(CODES.read, defect ? DEFECT : 0, values?.flatMap(f32Bytes) ?? []);
