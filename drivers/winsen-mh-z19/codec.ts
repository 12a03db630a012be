import {
  type Decoded,
  type FrameRule,
  nineByteFrame,
  nineBytes,
  onlyFrames,
  openNineBytes,
  toHex,
  u8,
  u16be,
  unknownFrame,
} from '#kit';

export const NAME = 'winsen-mh-z19';

/** Second byte of what the host says: any sensor. */
const HOST = 0x01;
export const CODES = {
  abcState: 0x7d,
  abc: 0x79,
  read: 0x86,
  zero: 0x87,
  span: 0x88,
  range: 0x99,
  version: 0xa0,
} as const;
const ABC_ON = 0xa0;
/** The temperature byte is 40 higher than the temperature. */
const FORTY = 40;

export const request = (code: number, ...values: readonly number[]): Uint8Array =>
  nineBytes(HOST, code, ...values);
export const abcRequest = (on: boolean): Uint8Array => request(CODES.abc, on ? ABC_ON : 0);

export const replyTo = (code: number): FrameRule =>
  onlyFrames(nineByteFrame, (frame) => u8(frame, 1) === code);

/** Requests as they come in at the sensor. */
export const requestFrame: FrameRule = onlyFrames(nineByteFrame, (frame) => u8(frame, 1) === HOST);

export interface Reading {
  readonly co2: number | null;
  readonly temperature: number | null;
}

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeFrame(frame: Uint8Array): Decoded {
  const body = openNineBytes(frame, NAME);
  const [code = 0, ...data] = body;
  if (code === HOST) return { points: {}, note: `command ${commandOf(data)}` };
  if (code === CODES.read) return { points: { ...readingOf(body) } };
  if (code === CODES.version) return { points: { firmware: String.fromCharCode(...data.slice(0, 4)) } };
  if (code === CODES.abcState) return { points: { abc: data[5] === 1 } };
  const name = Object.entries(CODES).find(([, known]) => known === code)?.[0];
  if (!name) throw unknownFrame(NAME, `${toHex(Uint8Array.of(code))} is no command of it`);
  return { points: {}, note: `acknowledges ${name}` };
}

/** Nothing but zeros is a sensor that is only starting. Old firmwares have no temperature: its byte is zero. */
function readingOf(body: Uint8Array): Reading {
  const starting = body.subarray(1).every((byte) => byte === 0);
  const warmth = u8(body, 3);
  return { co2: starting ? null : u16be(body, 1), temperature: warmth === 0 ? null : warmth - FORTY };
}

export function openReading(frame: Uint8Array): Reading {
  return readingOf(openNineBytes(frame, NAME));
}

function commandOf([code = 0, first = 0, second = 0, , high = 0, low = 0]: readonly number[]): string {
  if (code === CODES.abc) return `abc ${first === ABC_ON ? 'on' : 'off'}`;
  if (code === CODES.span) return `span ${256 * first + second} ppm`;
  if (code === CODES.range) return `range ${256 * high + low} ppm`;
  return Object.entries(CODES).find(([, known]) => known === code)?.[0] ?? toHex(Uint8Array.of(code));
}

export const encodeReading = (co2: number, temperature: number): Uint8Array =>
  nineBytes(CODES.read, co2 >> 8, co2 & 0xff, temperature + FORTY);
