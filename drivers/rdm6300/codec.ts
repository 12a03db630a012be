import { concat, Fault, type FrameRule, fixedFrame, toHex, u8, u32be, xor8 } from '#kit';

/** STX, ten hex digits (a version byte and four of id), two hex digits of their exclusive or, ETX. */
const LENGTH = 14;
const STX = 0x02;
const ETX = 0x03;

export interface Card {
  /** All ten digits, as the tag was made: `62E3086CED`. */
  readonly card: string;
  /** The four id bytes as one number, as it is mostly printed on the tag. */
  readonly number: number;
}

export const frameRule: FrameRule = fixedFrame({
  header: [STX],
  length: LENGTH,
  valid: (frame) => u8(frame, LENGTH - 1) === ETX && bytesOf(frame) !== undefined && sumsUp(frame),
});

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeCard(frame: Uint8Array): Card {
  if (u8(frame, 0) !== STX) throw unknown(`they begin with ${toHex(frame.subarray(0, 1))}, not 02`);
  if (frame.length !== LENGTH)
    throw new Fault('driver.frame-length', { got: frame.length, expected: LENGTH });
  if (u8(frame, LENGTH - 1) !== ETX) throw unknown('they do not end with 03');
  const bytes = bytesOf(frame);
  if (!bytes) throw unknown('between 02 and 03 there is something else than 0-9 and A-F');
  if (!sumsUp(frame)) {
    throw new Fault('driver.frame-checksum', {
      got: toHex(bytes.subarray(5)),
      expected: toHex(Uint8Array.of(xor8(bytes.subarray(0, 5)))),
    });
  }
  return { card: textOf(frame).slice(0, 10), number: u32be(bytes, 1) };
}

/** `card` is ten digits 0-9 and A-F. */
export function encodeCard(card: string): Uint8Array {
  const bytes = Uint8Array.from({ length: 5 }, (_, at) =>
    Number.parseInt(card.slice(2 * at, 2 * at + 2), 16),
  );
  const digits = `${card}${toHex(Uint8Array.of(xor8(bytes)))}`;
  return concat([STX], new TextEncoder().encode(digits), [ETX]);
}

const textOf = (frame: Uint8Array): string => String.fromCharCode(...frame.subarray(1, LENGTH - 1));

function bytesOf(frame: Uint8Array): Uint8Array | undefined {
  const text = textOf(frame);
  if (!/^[0-9A-F]{12}$/.test(text)) return undefined;
  return Uint8Array.from({ length: 6 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

const sumsUp = (frame: Uint8Array): boolean => xor8(bytesOf(frame) ?? new Uint8Array(1).fill(1)) === 0;

const unknown = (reason: string): Fault => new Fault('driver.frame-unknown', { driver: 'rdm6300', reason });
