import {
  bitsOfNumber,
  type CardBits,
  type CardRules,
  Fault,
  type LineEdge,
  MOST_CARD_BITS,
  numberOfBits,
  readCardBits,
} from '#kit';

export type Keypad = 'none' | '4-bit' | '8-bit';
export type FrameRules = CardRules & { readonly keypad: Keypad };

/** What the bits between two silences were. */
export type Frame =
  | { readonly card: CardBits }
  | { readonly key: string }
  | { readonly misread: Misread; readonly bits: number };
export type Misread = 'parity' | 'bit-count' | 'lost-edges' | 'key';

/** The bits between two silences, in the order in which they came, and the edges that the chip had to drop meanwhile. */
export interface Burst {
  readonly bits: Uint8Array;
  readonly lost: number;
  /** When its last bit came. */
  readonly up: number;
}

const KEYS = '0123456789*#';

export function readFrame({ bits, lost }: Burst, rules: FrameRules): Frame {
  const misread = (reason: Misread): Frame => ({ misread: reason, bits: bits.length });
  if (lost > 0) return misread('lost-edges');
  if (rules.keypad === '4-bit' && bits.length === 4) return keyOf(numberOfBits(bits)) ?? misread('key');
  if (rules.keypad === '8-bit' && bits.length === 8) {
    const byte = numberOfBits(bits);
    // The high four bits are the low four turned round.
    const sound = byte >> 4 === (~byte & 0x0f);
    return (sound && keyOf(byte & 0x0f)) || misread('key');
  }
  const card = readCardBits(bits, rules);
  return typeof card === 'string' ? misread(card) : { card };
}

const keyOf = (value: number): Frame | undefined => {
  const key = KEYS[value];
  return key === undefined ? undefined : { key };
};

/** The bits of a key, as a keypad sends them. */
export function keyBits(key: string, keypad: Exclude<Keypad, 'none'>): Uint8Array {
  const value = KEYS.indexOf(key);
  return keypad === '4-bit' ? bitsOfNumber(value, 4) : bitsOfNumber(((~value & 0x0f) << 4) | value, 8);
}

/**
 * Strings edges together: a pulse on D0 is a 0, one on D1 a 1, each told by its falling edge; a silence ends them. Silence is measured by the
 * kernel's times of the edges, so a process that was held up takes no two cards for one and no card for two. Gives the bursts that have ended.
 */
export function burstReader(silence_ms: number): (edge: LineEdge) => readonly Burst[] {
  let bits: number[] = [];
  let lost = 0;
  let last_up = 0;
  const end = (): readonly Burst[] => {
    const burst = { bits: Uint8Array.from(bits), lost, up: last_up };
    const some = bits.length > 0;
    bits = [];
    lost = 0;
    return some ? [burst] : [];
  };
  return ({ line, on, how, up, lost: dropped }) => {
    if (how === 'quiet') return end();
    if (how !== 'edge' || on) return [];
    // What was dropped came before this edge: it may be missing on either side of a silence.
    lost += dropped;
    const ended = bits.length > 0 && up - last_up >= silence_ms ? end() : [];
    if (ended.length) lost = dropped;
    last_up = up;
    // More is no card whatever comes; its first bits are enough to say so.
    if (bits.length <= MOST_CARD_BITS) bits.push(line === 'd1' ? 1 : 0);
    return ended;
  };
}

/** Bits as they are written down, one hex digit for each; an F in front fills up the byte of an odd number. Fault driver.frame-unknown. */
function writtenBits(frame: Uint8Array): Uint8Array {
  const digits = [...frame].flatMap((byte) => [byte >> 4, byte & 0x0f]);
  const bits = digits[0] === 0x0f ? digits.slice(1) : digits;
  if (bits.length > 0 && bits.every((digit) => digit < 2)) return Uint8Array.from(bits);
  throw new Fault('driver.frame-unknown', {
    driver: 'wiegand-reader',
    reason: 'its bits are written as digits 0 and 1, in the order in which they come',
  });
}

/** Faults: driver.frame-unknown, driver.frame-length (no number of bits that is taken), driver.frame-checksum (parity). */
export function decodeBits(frame: Uint8Array, rules: FrameRules): CardBits | { readonly key: string } {
  const bits = writtenBits(frame);
  const read = readFrame({ bits, lost: 0, up: 0 }, rules);
  if ('card' in read) return read.card;
  if ('key' in read) return read;
  if (read.misread === 'bit-count')
    throw new Fault('driver.frame-length', { got: bits.length, expected: `${expectedBits(rules)} bits` });
  throw new Fault('driver.frame-checksum', {
    got: Array.from(bits).join(''),
    expected: read.misread === 'parity' ? 'bits whose parities are right' : 'a key',
  });
}

function expectedBits({ card, raw_bits, keypad }: FrameRules): string {
  const cards =
    card === 'auto' ? '26, 34 or 37' : card === 'raw' ? `${raw_bits ?? '9 to 128'}` : card.slice(0, 2);
  return keypad === 'none' ? cards : `${keypad[0]}, or ${cards}`;
}
