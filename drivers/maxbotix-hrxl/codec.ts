import { Fault, type FrameRule, headerFrame, toHex, u8, unknownFrame } from '#kit';

/** `R1234` and CR: millimetres. Older XL models say `R123`: centimetres. Models with USB put a blank before the CR. */
const R = 0x52;
const BLANK = 0x20;
const CR = 0x0d;
const SHORTEST = 5;
const LONGEST = 7;

export const frameRule: FrameRule = headerFrame({
  header: [R],
  need: SHORTEST,
  length: (bytes) => {
    if (!digits(bytes.subarray(1, 4))) return undefined;
    if (bytes[4] === CR) return SHORTEST;
    // Its end tells, once it is there.
    return bytes[5] === BLANK ? LONGEST : SHORTEST + 1;
  },
  valid: (frame) => lineOf(frame) !== undefined,
});

/** Distance in mm. Faults: driver.frame-length, driver.frame-unknown. There is no checksum. */
export function decodeDistance(frame: Uint8Array): number {
  if (u8(frame, 0) !== R)
    throw unknownFrame('maxbotix-hrxl', `they begin with ${toHex(frame.subarray(0, 1))}, not R`);
  if (frame.length < SHORTEST || frame.length > LONGEST)
    throw new Fault('driver.frame-length', { got: frame.length, expected: `${SHORTEST} to ${LONGEST}` });
  const line = lineOf(frame);
  if (line === undefined)
    throw unknownFrame('maxbotix-hrxl', 'R is not followed by three or four digits and CR');
  return Number(line) * (line.length === 3 ? 10 : 1);
}

export const encodeDistance = (mm: number): Uint8Array =>
  new TextEncoder().encode(`R${String(mm).padStart(4, '0')}\r`);

function lineOf(frame: Uint8Array): string | undefined {
  const found = /^R(\d{3}|\d{4} ?)\r$/.exec(String.fromCharCode(...frame));
  return found?.[1]?.trimEnd();
}

const digits = (bytes: Uint8Array): boolean => bytes.every((byte) => byte >= 0x30 && byte <= 0x39);
