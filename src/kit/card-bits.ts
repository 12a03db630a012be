/**
 * What a card reader sends: bits in the order in which they came (Wiegand lines, or OSDP's RAW reply). Formats as the industry uses them:
 * 26 bits (HID H10301), 34 (H10306) and 37 (H10302, H10304) with an even parity over their first half and an odd one over their second,
 * anything else as it stands.
 */
export const CARD_FORMATS = ['auto', '26-bit', '34-bit', '37-bit', 'raw'] as const;
export type CardFormat = (typeof CARD_FORMATS)[number];

export interface CardRules {
  /** `auto`: 26, 34 and 37 bits; another number of bits is none of them, and so no card. */
  readonly card: CardFormat;
  /** Of `raw`: only so many bits are a card. Left out: any number from nine on. */
  readonly raw_bits?: number | undefined;
  /** Some readers of 34 bits send parities of their own making. */
  readonly parity: 'checked' | 'ignored';
  /** How many of its bits are the facility; left out: as the format says. */
  readonly facility_bits?: number | undefined;
}

export interface CardBits {
  /** All its bits but the parities, in hex: two cards are the same when this is. */
  readonly card: string;
  readonly format: '26-bit' | '34-bit' | '37-bit' | 'raw';
  /** Bits that came, with parities. */
  readonly bits: number;
  readonly facility?: number;
  /** The rest; left out where it is more than a number can hold exactly. */
  readonly number?: number;
}

/** Why bits are no card. */
export type CardProblem = 'parity' | 'bit-count';

/** Halves that the parities cover (the middle bit of 37 is in both), and the usual bits of the facility. */
const SHAPES: Readonly<Record<number, { readonly half: number; readonly facility: number }>> = {
  26: { half: 13, facility: 8 },
  34: { half: 17, facility: 16 },
  37: { half: 19, facility: 16 },
};
/** Fewer are a key, or a piece of something. */
const LEAST_RAW = 9;
/** More are no card of any format. */
export const MOST_CARD_BITS = 128;

/** The card that these bits are (each 0 or 1), or why they are none. */
export function readCardBits(bits: Uint8Array, rules: CardRules): CardBits | CardProblem {
  const count = bits.length;
  if (rules.card === 'raw') {
    const right = rules.raw_bits === undefined ? count >= LEAST_RAW : count === rules.raw_bits;
    return right && count <= MOST_CARD_BITS
      ? cardOf(bits, { format: 'raw', bits: count, facility: rules.facility_bits ?? 0 })
      : 'bit-count';
  }
  const shape = SHAPES[count];
  if (!shape || (rules.card !== 'auto' && rules.card !== `${count}-bit`)) return 'bit-count';
  const { half } = shape;
  const sound = ones(bits.subarray(0, half)) % 2 === 0 && ones(bits.subarray(count - half)) % 2 === 1;
  if (!sound && rules.parity === 'checked') return 'parity';
  // SHAPES has only these.
  const format = `${count}-bit` as Exclude<CardBits['format'], 'raw'>;
  const data = bits.subarray(1, count - 1);
  return cardOf(data, { format, bits: count, facility: rules.facility_bits ?? shape.facility });
}

/** The bits of a card with sound parities, as a reader sends them; `data` is its bits without. */
export function cardBits(data: Uint8Array, format: CardBits['format']): Uint8Array {
  const shape = format === 'raw' ? undefined : SHAPES[Number.parseInt(format, 10)];
  if (!shape) return data;
  const bits = Uint8Array.of(0, ...data, 0);
  bits[0] = ones(bits.subarray(0, shape.half)) % 2;
  bits[bits.length - 1] = 1 - (ones(bits.subarray(bits.length - shape.half)) % 2);
  return bits;
}

/** So many bits of a number, the highest first. */
export const bitsOfNumber = (value: number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, at) => Math.floor(value / 2 ** (count - 1 - at)) % 2);

/** `1011` → 1, 0, 1, 1. */
export const bitsOfText = (text: string): Uint8Array => Uint8Array.from(text, Number);

export const numberOfBits = (bits: Uint8Array): number => bits.reduce((total, bit) => total * 2 + bit, 0);

function cardOf(
  data: Uint8Array,
  {
    format,
    bits,
    facility,
  }: { readonly format: CardBits['format']; readonly bits: number; readonly facility: number },
): CardBits {
  const digits = Math.ceil(data.length / 4);
  const padded = Uint8Array.of(...new Uint8Array(4 * digits - data.length), ...data);
  const hex = Array.from({ length: digits }, (_, at) =>
    numberOfBits(padded.subarray(4 * at, 4 * at + 4)).toString(16),
  );
  const split = Math.min(facility, data.length - 1);
  const rest = data.subarray(split);
  return {
    card: hex.join('').toUpperCase(),
    format,
    bits,
    ...(split > 0 && { facility: numberOfBits(data.subarray(0, split)) }),
    ...(rest.length <= 53 && { number: numberOfBits(rest) }),
  };
}

const ones = (bits: Uint8Array): number => bits.reduce((total, bit) => total + bit, 0);
