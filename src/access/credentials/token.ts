import { createHmac } from 'node:crypto';

/** Turns what is on a card or typed on a keypad into what is looked up. Whoever has the list, but not the key, reads no number from it. */
export interface Tokens {
  /** `number` as the reader tells it, with its format: `wiegand-26:118:1603`. */
  card(number: string): string;
  /** A PIN that opens by itself. */
  pin(digits: string): string;
  /** A PIN that goes with a card; the same digits of two people are two tokens. */
  secondFactor(credential: string, digits: string): string;
}

/** HMAC-SHA-256 with the credential key of this gateway. Purposes are kept apart, so that a PIN never equals a card. */
export function tokens(key: Uint8Array): Tokens {
  const of = (...parts: readonly string[]) =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
  return {
    card: (number) => of('card', number),
    pin: (digits) => of('pin', digits),
    secondFactor: (credential, digits) => of('with-card', credential, digits),
  };
}
