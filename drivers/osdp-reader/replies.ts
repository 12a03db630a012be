import { type CardBits, readCardBits } from '#kit';
import { keysOf, REPLY, rawBits } from './words.ts';

export interface CardRead {
  readonly card: string;
  readonly format: CardBits['format'] | 'text';
  readonly bits: number;
  readonly facility?: number;
  readonly number?: number;
}

/** What a reply tells of the world; acknowledgements tell nothing. */
export type Told =
  | { readonly kind: 'local'; readonly tamper: boolean; readonly power_lost: boolean }
  | { readonly kind: 'inputs' | 'outputs'; readonly on: readonly boolean[] }
  | { readonly kind: 'card'; readonly card: CardRead }
  | { readonly kind: 'keys'; readonly keys: string }
  | { readonly kind: 'misread'; readonly reason: Misread; readonly bits: number };
export type Misread = 'parity' | 'bit-count' | 'key';

export function readReply(code: number, data: Uint8Array, facility_bits?: number): Told | undefined {
  switch (code) {
    case REPLY.LSTATR:
      return data.length < 2
        ? undefined
        : { kind: 'local', tamper: data[0] !== 0, power_lost: data[1] !== 0 };
    case REPLY.ISTATR:
      return { kind: 'inputs', on: Array.from(data, (byte) => byte !== 0) };
    case REPLY.OSTATR:
      return { kind: 'outputs', on: Array.from(data, (byte) => byte !== 0) };
    case REPLY.RAW:
      return data.length < 4 ? misread('bit-count', 0) : cardOf(data, facility_bits);
    case REPLY.FMT:
      return textCard(data);
    case REPLY.KEYPAD: {
      const keys = data.length < 2 ? undefined : keysOf(data);
      return keys === undefined ? misread('key', 0) : { kind: 'keys', keys };
    }
    default:
      return undefined;
  }
}

/** The formats with parities where these hold. A unit that says it sends parities must send good ones; other bits are a card as they stand. */
function cardOf(data: Uint8Array, facility_bits: number | undefined): Told {
  const raw = rawBits(data);
  if (!raw) return misread('bit-count', (data[2] ?? 0) + 256 * (data[3] ?? 0));
  const { bits, parities } = raw;
  const known = readCardBits(bits, { card: 'auto', parity: 'checked', facility_bits });
  if (typeof known !== 'string') return { kind: 'card', card: known };
  if (known === 'parity' && parities) return misread('parity', bits.length);
  const card = readCardBits(bits, { card: 'raw', parity: 'checked', facility_bits });
  return typeof card === 'string' ? misread(card, bits.length) : { kind: 'card', card };
}

/** FMT: reader, direction (1: read backwards), count, digits. */
function textCard(data: Uint8Array): Told {
  const text = String.fromCharCode(...data.subarray(3));
  if (data.length < 4 || data[2] !== text.length || !/^[0-9A-Za-z]+$/.test(text))
    return misread('bit-count', 0);
  const card = data[1] === 1 ? [...text].reverse().join('') : text;
  return { kind: 'card', card: { card, format: 'text', bits: 8 * card.length } };
}

const misread = (reason: Misread, bits: number): Told => ({ kind: 'misread', reason, bits });
