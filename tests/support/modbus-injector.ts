import { crc16Modbus, withCrc16 } from '../../src/kit/index.ts';

/** What can go wrong with one reply on a serial wire. */
export const RTU_MISCHIEF = [
  'late',
  'mute',
  'duplicate',
  'wrong-unit',
  'wrong-function',
  'wrong-count',
  'noise-before',
  'noise-after',
  'split',
  'merged',
  'truncated',
  'bad-crc',
  'exception',
] as const;
export type RtuMischief = (typeof RTU_MISCHIEF)[number];

/** After these the reply is still there, and the exchange must go well. */
export const HARMLESS: readonly string[] = [
  'none',
  'duplicate',
  'noise-before',
  'noise-after',
  'split',
  'merged',
];

export interface Asked {
  readonly unit: number;
  readonly at: number;
  readonly count: number;
}

/** Something to put on the wire, so many ms later; a closing far end hangs up then. */
export interface Sending {
  readonly bytes: Uint8Array;
  readonly after_ms: number;
  /** The rest of a reply: nothing else comes between. */
  readonly held?: boolean;
  readonly close?: boolean;
}

export interface Chance {
  readonly random: () => number;
  readonly timeout_ms: number;
}

/**
 * A register tells which unit, address and request it answers: the unit in the high byte; in the low one the count of requests to that unit, mixed
 * with the address. So a reply that is given to a wrong request shows in its values.
 */
const registerValue = (unit: number, at: number, round: number): number =>
  ((unit & 0xff) << 8) | ((round * 7 + at) & 0xff);

export const registersOf = ({ unit, at, count }: Asked, round: number): number[] =>
  Array.from({ length: count }, (_, index) => registerValue(unit, at + index, round));

/** Late: after the timeout, and at most up to twice of it, with some room for a machine that is busy. */
export const lateMillis = ({ random, timeout_ms }: Chance): number => timeout_ms * (1.1 + random() * 0.5);

export const someBytes = ({ random }: Chance, most: number): Uint8Array =>
  Uint8Array.from({ length: 1 + Math.floor(random() * most) }, () => Math.floor(random() * 256));

/** A place within the bytes, so that something stands on both sides of it. */
export const cutOf = ({ random }: Chance, bytes: Uint8Array): number =>
  1 + Math.floor(random() * (bytes.length - 1));

export const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** Replies to function 3 as a unit would give them, and as a bad wire delivers them. */
export function rtuReplies(
  asked: Asked,
  round: number,
  kind: RtuMischief | 'none',
  chance: Chance,
): Sending[] {
  const { unit, count } = asked;
  const good = readReply(asked, round);
  const now = (bytes: Uint8Array): Sending[] => [{ bytes, after_ms: 0 }];
  switch (kind) {
    case 'none':
      return now(good);
    case 'mute':
      return [];
    case 'late':
      return [{ bytes: good, after_ms: lateMillis(chance) }];
    case 'duplicate':
      return now(join(good, good));
    case 'wrong-unit':
      return now(readReply({ ...asked, unit: (unit % 247) + 1 }, round));
    case 'wrong-function':
      return now(withCrc16(Uint8Array.of(unit, 4, ...good.subarray(2, -2))));
    case 'wrong-count':
      return now(readReply({ ...asked, count: count > 1 ? count - 1 : 2 }, round));
    case 'noise-before':
      return now(join(someBytes(chance, 12), good));
    case 'noise-after':
      return now(join(good, someBytes(chance, 12)));
    case 'split': {
      const cut = cutOf(chance, good);
      return [
        { bytes: good.subarray(0, cut), after_ms: 0 },
        { bytes: good.subarray(cut), after_ms: 1 + chance.random() * 4, held: true },
      ];
    }
    case 'merged':
      // A serial server sends in one piece what came in two: here the word of another unit to somebody else, and the reply.
      return now(join(readReply({ ...asked, unit: (unit % 247) + 1 }, round + 1), good));
    case 'truncated':
      return now(good.subarray(0, cutOf(chance, good)));
    case 'bad-crc': {
      const bad = Uint8Array.from(good);
      const at = Math.floor(chance.random() * bad.length);
      bad[at] = (bad[at] ?? 0) ^ (1 << Math.floor(chance.random() * 8));
      return now(bad);
    }
    case 'exception':
      return now(withCrc16(Uint8Array.of(unit, 0x83, 4)));
  }
}

function readReply(asked: Asked, round: number): Uint8Array {
  const data = registersOf(asked, round).flatMap((word) => [word >> 8, word & 0xff]);
  return withCrc16(Uint8Array.of(asked.unit, 3, data.length, ...data));
}

/** The next whole request in the bytes, and what is left of them; a far end that has lost its place skips byte by byte. */
export function cutRtuRequest(
  bytes: Uint8Array,
): { readonly asked: Asked; readonly frame: Uint8Array; readonly rest: Uint8Array } | undefined {
  for (let from = 0; from + 8 <= bytes.length; from += 1) {
    const frame = bytes.subarray(from, from + 8);
    if (crc16Modbus(frame) !== 0) continue;
    const [unit = 0, , high = 0, low = 0, , count = 0] = frame;
    return { asked: { unit, at: (high << 8) | low, count }, frame, rest: bytes.subarray(from + 8) };
  }
  return undefined;
}
