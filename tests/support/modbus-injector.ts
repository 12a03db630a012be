import { withCrc16 } from '../../src/kit/index.ts';

/** What can go wrong with one reply on a wire. */
export const MISCHIEF = [
  'none',
  'late',
  'mute',
  'duplicate',
  'wrong-unit',
  'wrong-function',
  'noise-before',
  'noise-after',
  'split',
  'truncated',
  'bad-crc',
  'wrong-count',
  'exception',
] as const;
export type Mischief = (typeof MISCHIEF)[number];

/** The far end of an RTU wire: gets requests as bytes, says what to put on the wire and when. */
export interface Sending {
  readonly bytes: Uint8Array;
  readonly after_ms: number;
}

/**
 * A register holds a value that tells which unit, address and request it answers: unit in the high bits, then the count of requests
 * to that unit (mod 256), xor-ed with the address. So a reply given to a wrong request shows in its value.
 */
export const registerValue = (unit: number, at: number, round: number): number =>
  ((unit & 0xff) << 8) | ((round * 7 + at) & 0xff);

/** Replies to function 3 as a unit would, and as a bad wire delivers them. */
export function repliesTo(
  request: { readonly unit: number; readonly at: number; readonly count: number },
  round: number,
  mischief: { readonly kind: Mischief; readonly random: () => number; readonly timeout_ms: number },
): Sending[] {
  const { unit, at, count } = request;
  const { kind, random, timeout_ms } = mischief;
  const good = readReply(unit, at, count, round);
  const now = (bytes: Uint8Array): Sending => ({ bytes, after_ms: 0 });
  const noise = () =>
    Uint8Array.from({ length: 1 + Math.floor(random() * 12) }, () => Math.floor(random() * 256));
  switch (kind) {
    case 'none':
      return [now(good)];
    case 'mute':
      return [];
    case 'late':
      // Up to twice the timeout: beyond that is outside the promise.
      return [{ bytes: good, after_ms: timeout_ms * (1.1 + random() * 0.7) }];
    case 'duplicate':
      return [now(good), now(good)];
    case 'wrong-unit':
      return [now(readReply((unit % 247) + 1, at, count, round))];
    case 'wrong-function':
      return [now(withCrc16(Uint8Array.of(unit, 4, ...good.subarray(2, -2))))];
    case 'noise-before':
      return [now(join(noise(), good))];
    case 'noise-after':
      return [now(join(good, noise()))];
    case 'split': {
      const cut = 1 + Math.floor(random() * (good.length - 1));
      return [now(good.subarray(0, cut)), { bytes: good.subarray(cut), after_ms: 1 + random() * 4 }];
    }
    case 'truncated':
      return [now(good.subarray(0, 1 + Math.floor(random() * (good.length - 1))))];
    case 'bad-crc': {
      const bad = Uint8Array.from(good);
      const at_byte = Math.floor(random() * bad.length);
      bad[at_byte] = (bad[at_byte] ?? 0) ^ (1 << Math.floor(random() * 8));
      return [now(bad)];
    }
    case 'wrong-count':
      return [now(readReply(unit, at, Math.max(1, count - 1), round))];
    case 'exception':
      return [now(withCrc16(Uint8Array.of(unit, 0x83, 4)))];
  }
}

function readReply(unit: number, at: number, count: number, round: number): Uint8Array {
  const words = Array.from({ length: count }, (_, index) => registerValue(unit, at + index, round));
  const data = words.flatMap((word) => [word >> 8, word & 0xff]);
  return withCrc16(Uint8Array.of(unit, 3, data.length, ...data));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
