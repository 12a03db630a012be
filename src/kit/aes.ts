import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * AES-128 in cipher block chaining without padding, for the secure channels of field devices (OSDP). Whole blocks of 16 bytes in and out. One
 * block with an IV of zeros is plain AES. Pure but for `randomBlock`.
 */
export function aes128Cbc(key: Uint8Array, data: Uint8Array, iv: Uint8Array = ZEROS): Uint8Array {
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return Uint8Array.from([...cipher.update(data), ...cipher.final()]);
}

/** The way back. */
export function aes128CbcOpen(key: Uint8Array, data: Uint8Array, iv: Uint8Array = ZEROS): Uint8Array {
  const cipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return Uint8Array.from([...cipher.update(data), ...cipher.final()]);
}

/** So many random bytes that nobody can foresee. */
export const randomBlock = (count: number): Uint8Array => new Uint8Array(randomBytes(count));

const ZEROS = new Uint8Array(16);
