/** Adler-32 (RFC 1950) of texts that are strung together without reading them again. */
const BASE = 65521;

export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  // 3800 additions stay below 2^31 for any bytes, so the remainder is taken only then.
  for (let at = 0; at < bytes.length; ) {
    const stop = Math.min(at + 3800, bytes.length);
    for (; at < stop; at += 1) {
      a += bytes[at] ?? 0;
      b += a;
    }
    a %= BASE;
    b %= BASE;
  }
  return b * 65536 + a;
}

/**
 * Of a text of sum `first` followed by a text of sum `second` and that length. With A = 1 + Σd and B = Σ of all A on the way,
 * the second text starts from A1 instead of 1, so each of its steps adds A1 - 1 to B.
 */
export function joinAdler(first: number, second: number, length: number): number {
  const a1 = first % 65536;
  const a = (a1 + (second % 65536) + BASE - 1) % BASE;
  const carried = ((length % BASE) * (a1 + BASE - 1)) % BASE;
  const b = (Math.floor(first / 65536) + Math.floor(second / 65536) + carried) % BASE;
  return b * 65536 + a;
}
