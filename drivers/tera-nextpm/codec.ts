import {
  concat,
  type Decoded,
  type FrameRule,
  headerFrame,
  needHeader,
  needLength,
  needSum,
  toHex,
  twosComplement8,
  u8,
  u16be,
  unknownFrame,
} from '#kit';

export const NAME = 'tera-nextpm';

/** Every frame begins with it and sums up to nothing. */
const ADDRESS = 0x81;
const REQUEST = 3;
const SHORT = 4;
const LONG = 16;

/** Mean over so many seconds, by the command that asks for it. */
export const MEANS = { 10: 0x11, 60: 0x12, 900: 0x13 } as const;
export type Mean = keyof typeof MEANS;
const STATE = 0x16;
const SLEEP = 0x15;

/** Bits of the state. */
const ASLEEP = 0x01;
const NOT_READY = 0x04;
/** Degraded, heater, climate sensor, fan, memory, laser. */
const DEFECTS = 0xfa;

const READS: readonly number[] = Object.values(MEANS);

const closed = (body: readonly number[]): Uint8Array =>
  concat(body, [twosComplement8(Uint8Array.from(body))]);
export const request = (mean: Mean): Uint8Array => closed([ADDRESS, MEANS[mean]]);

/** A reading, or the state of a sensor that has none. */
export const replyFrame: FrameRule = headerFrame({
  header: [ADDRESS],
  need: 2,
  length: (bytes) => lengthOf(u8(bytes, 1)),
  valid: (frame) => twosComplement8(frame.subarray(0, -1)) === frame.at(-1),
});
/** Requests as they come in at the sensor. */
export const requestFrame: FrameRule = headerFrame({
  header: [ADDRESS],
  need: 2,
  length: (bytes) => (lengthOf(u8(bytes, 1)) ? REQUEST : undefined),
  valid: (frame) => twosComplement8(frame.subarray(0, -1)) === frame.at(-1),
});

const lengthOf = (code: number): number | undefined => {
  if (READS.includes(code)) return LONG;
  return code === STATE || code === SLEEP ? SHORT : undefined;
};

export interface Reading {
  readonly pm1_0: number | null;
  readonly pm2_5: number | null;
  readonly pm10: number | null;
  readonly defect: boolean;
  /** It sleeps, or its fan is only starting. */
  readonly starting: boolean;
}

/** Particles up to 1, 2.5 and 10 um come as counts first, then as masses in tenths. Faults: driver.frame-unknown, -length, -checksum. */
export function readingOf(frame: Uint8Array): Reading {
  needHeader(frame, [ADDRESS], NAME);
  const code = u8(frame, 1);
  const length = lengthOf(code);
  if (!length) throw unknownFrame(NAME, `${toHex(Uint8Array.of(code))} is no reply of it`);
  needLength(frame, length);
  needSum(u8(frame, length - 1), twosComplement8(frame.subarray(0, -1)));
  const state = u8(frame, 2);
  const starting = (state & (ASLEEP | NOT_READY)) !== 0 || length === SHORT;
  const mass = (at: number) => (starting ? null : u16be(frame, at) / 10);
  return {
    pm1_0: mass(9),
    pm2_5: mass(11),
    pm10: mass(13),
    defect: (state & DEFECTS) !== 0,
    starting,
  };
}

/** Faults as above. */
export function decodeFrame(frame: Uint8Array): Decoded {
  if (frame.length === REQUEST) {
    needHeader(frame, [ADDRESS], NAME);
    needSum(u8(frame, 2), twosComplement8(frame.subarray(0, 2)));
    const mean = Object.entries(MEANS).find(([, code]) => code === frame[1])?.[0];
    return {
      points: {},
      note: mean ? `asks for the mean of ${mean} s` : `command ${toHex(frame.subarray(1, 2))}`,
    };
  }
  const { starting, ...points } = readingOf(frame);
  return { points, ...(starting && { note: 'asleep, or only starting' }) };
}

export const encodeReading = (
  mean: Mean,
  { state, masses }: { readonly state: number; readonly masses: readonly number[] },
): Uint8Array => {
  const words = [
    ...masses.map((mass) => Math.round(mass * 12)),
    ...masses.map((mass) => Math.round(mass * 10)),
  ];
  return closed([ADDRESS, MEANS[mean], state, ...words.flatMap((word) => [word >> 8, word & 0xff])]);
};
export const encodeState = (state: number): Uint8Array => closed([ADDRESS, STATE, state]);
export const STATES = { well: 0, starting: NOT_READY, fan: 0x20 } as const;
