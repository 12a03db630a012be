const MODULUS = 65521;
/** Most sums that fit 32 bits before they must be reduced. */
const STRIDE = 5552;

/** Adler-32 of a text's bytes: zlib's own checksum, so that stored parts can be strung together into one zlib stream. */
export function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + STRIDE);
    for (; at < end; at += 1) {
      // Within the array, so never undefined.
      low += bytes[at] as number;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return high * 65536 + low;
}
