import { be16, concat, Fault, type FrameRule, headerFrame, i16be, sum8, toHex, u8, u16be } from '#kit';

/** `55 AA address length command data… sum`, both ways; the sum is that of all bytes before it. */
const HEADER = [0x55, 0xaa];
const SHORTEST = 6;
/** The longest data there is, in bytes: a distance, a temperature. */
const MOST_DATA = 2;

export const COMMANDS = { distance: 0x02, temperature: 0x03, 'set-address': 0x55 } as const;
/** Nothing in reach. */
const NONE = 0xffff;
export const ACCEPTED = 0xcc;
export const REFUSED = 0xee;
/** Every sensor on the line listens to it. */
export const EVERYBODY = 0xab;

export interface Told {
  readonly address: number;
  readonly command: number;
  readonly data: Uint8Array;
}

export const frameRule: FrameRule = headerFrame({
  header: HEADER,
  need: 4,
  length: (bytes) => (u8(bytes, 3) <= MOST_DATA ? SHORTEST + u8(bytes, 3) : undefined),
  valid: (frame) => u8(frame, frame.length - 1) === sum8(frame.subarray(0, -1)),
});

/** The answer to one command from one of these addresses; all others are passed over. */
export const answerRule =
  (addresses: readonly number[], command: number): FrameRule =>
  (bytes, idle_ms) => {
    const cut = frameRule(bytes, idle_ms);
    if (cut === 'more' || 'skip' in cut) return cut;
    const wanted = addresses.includes(u8(bytes, 2)) && u8(bytes, 3) > 0 && u8(bytes, 4) === command;
    return wanted ? cut : { skip: cut.take };
  };

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function openFrame(frame: Uint8Array): Told {
  if (u8(frame, 0) !== HEADER[0] || u8(frame, 1) !== HEADER[1])
    throw unknown(`they begin with ${toHex(frame.subarray(0, 2))}, not 55 AA`);
  const length = u8(frame, 3);
  if (frame.length !== SHORTEST + length)
    throw new Fault('driver.frame-length', { got: frame.length, expected: SHORTEST + length });
  const expected = sum8(frame.subarray(0, -1));
  const got = u8(frame, frame.length - 1);
  if (got !== expected)
    throw new Fault('driver.frame-checksum', { got: hex2(got), expected: hex2(expected) });
  return { address: u8(frame, 2), command: u8(frame, 4), data: frame.subarray(5, 5 + length) };
}

/** In the sensor's own unit; null: nothing in reach. Fault driver.frame-length. */
export function distanceOf({ data }: Told): number | null {
  const raw = u16be(needTwo(data), 0);
  return raw === NONE ? null : raw;
}

/** Degrees Celsius; null: it has none. */
export function temperatureOf({ data }: Told): number | null {
  return u16be(needTwo(data), 0) === NONE ? null : i16be(data, 0) / 10;
}

export function encodeFrame(address: number, command: number, data: readonly number[] = []): Uint8Array {
  const body = concat(HEADER, [address, data.length, command], data);
  return concat(body, [sum8(body)]);
}

export const encodeWord = (address: number, command: number, word: number | null): Uint8Array =>
  encodeFrame(address, command, be16(word ?? NONE));

function needTwo(data: Uint8Array): Uint8Array {
  if (data.length !== 2) throw new Fault('driver.frame-length', { got: data.length, expected: 2 });
  return data;
}

export const unknown = (reason: string): Fault =>
  new Fault('driver.frame-unknown', { driver: 'dfrobot-urm-uart', reason });
const hex2 = (byte: number): string => toHex(Uint8Array.of(byte));
