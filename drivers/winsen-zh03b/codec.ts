import {
  type Decoded,
  encodeWords,
  type FrameRule,
  nineByteFrame,
  nineBytes,
  onlyFrames,
  openNineBytes,
  openWords,
  toHex,
  u8,
  u16be,
  unknownFrame,
  wordFrame,
} from '#kit';

export const NAME = 'winsen-zh03b';

/** It speaks in words, and answers in nine bytes. */
const LENGTH = 24;
const WORD_START = 0x42;
const HOST = 0x01;
export const CODES = { mode: 0x78, read: 0x86, dormant: 0xa7 } as const;
const ACTIVE = 0x40;
const PASSIVE = 0x41;

export const REQUESTS = {
  active: nineBytes(HOST, CODES.mode, ACTIVE),
  passive: nineBytes(HOST, CODES.mode, PASSIVE),
  read: nineBytes(HOST, CODES.read),
  sleep: nineBytes(HOST, CODES.dormant, 1),
  wake: nineBytes(HOST, CODES.dormant, 0),
} as const;

export const activeFrame: FrameRule = wordFrame([LENGTH]);
export const replyTo = (code: number): FrameRule =>
  onlyFrames(nineByteFrame, (frame) => u8(frame, 1) === code);
/** Requests as they come in at the sensor. */
export const requestFrame: FrameRule = onlyFrames(nineByteFrame, (frame) => u8(frame, 1) === HOST);

export interface Masses {
  readonly pm1_0: number | null;
  readonly pm2_5: number | null;
  readonly pm10: number | null;
}

/** Either kind of frame. Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function massesOf(frame: Uint8Array): Masses {
  if (frame[0] === WORD_START) {
    const [, , , pm1_0 = 0, pm2_5 = 0, pm10 = 0] = openWords(frame, { driver: NAME, lengths: [LENGTH] });
    return unlessStarting({ pm1_0, pm2_5, pm10 });
  }
  const body = openNineBytes(frame, NAME);
  if (u8(body, 0) !== CODES.read) throw unknownFrame(NAME, 'an answer to another question');
  return unlessStarting({ pm2_5: u16be(body, 1), pm10: u16be(body, 3), pm1_0: u16be(body, 5) });
}

/** Nothing but zeros is a fan that is only starting, not the cleanest air on earth. */
const unlessStarting = (masses: Masses): Masses =>
  Object.values(masses).some((value) => value !== 0) ? masses : { pm1_0: null, pm2_5: null, pm10: null };

/** Faults as above. */
export function decodeFrame(frame: Uint8Array): Decoded {
  if (frame[0] === WORD_START) return { points: { ...massesOf(frame) } };
  const [kind = 0, code = 0, value = 0] = openNineBytes(frame, NAME);
  if (kind === HOST) return { points: {}, note: `command ${commandOf(code, value)}` };
  if (kind === CODES.read) return { points: { ...massesOf(frame) } };
  if (kind !== CODES.dormant && kind !== CODES.mode)
    throw unknownFrame(NAME, `${toHex(Uint8Array.of(kind))} is no answer of it`);
  const what = kind === CODES.mode ? 'its mode' : 'sleep or wake';
  return { points: {}, note: `${code === 1 ? 'acknowledges' : 'refuses'} ${what}` };
}

function commandOf(code: number, value: number): string {
  if (code === CODES.read) return 'read';
  if (code === CODES.mode) return value === ACTIVE ? 'active mode' : 'question and answer mode';
  if (code === CODES.dormant) return value === 1 ? 'sleep' : 'wake';
  return toHex(Uint8Array.of(code));
}

/** Whether an answer to sleep or wake says that it was understood. */
export const acknowledged = (frame: Uint8Array): boolean => u8(openNineBytes(frame, NAME), 1) === 1;

export const encodeActive = ([pm1_0, pm2_5, pm10]: readonly [number, number, number]): Uint8Array =>
  encodeWords([0, 0, 0, pm1_0, pm2_5, pm10, 0, 0, 0]);
export const encodeAnswer = ([pm1_0, pm2_5, pm10]: readonly [number, number, number]): Uint8Array =>
  nineBytes(CODES.read, ...[pm2_5, pm10, pm1_0].flatMap((value) => [value >> 8, value & 0xff]));
