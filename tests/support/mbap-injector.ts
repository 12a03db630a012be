import {
  type Asked,
  type Chance,
  cutOf,
  join,
  lateMillis,
  registersOf,
  type Sending,
  someBytes,
} from './modbus-injector.ts';

/**
 * What can go wrong with one reply of a Modbus TCP unit. Not among it: a unit that says more than it sends and then goes on with its next reply.
 * There is no checksum; nobody could tell.
 */
export const MBAP_MISCHIEF = [
  'late',
  'mute',
  'duplicate',
  'wrong-transaction',
  'wrong-protocol',
  'wrong-unit',
  'wrong-function',
  'wrong-count',
  'split',
  'merged',
  'garbage',
  'length-0',
  'length-4000',
  'exception',
  'close',
  'close-in-the-middle',
] as const;
export type MbapMischief = (typeof MBAP_MISCHIEF)[number];

export interface MbapAsked extends Asked {
  readonly transaction: number;
}

/** Replies to function 3 as a unit would give them, and as a bad one does. */
export function mbapReplies(
  asked: MbapAsked,
  round: number,
  kind: MbapMischief | 'none',
  chance: Chance,
): Sending[] {
  const { transaction, unit, count } = asked;
  const good = readReply(asked, round);
  const now = (bytes: Uint8Array): Sending[] => [{ bytes, after_ms: 0 }];
  const changed = (at: number, word: number) => {
    const bytes = Uint8Array.from(good);
    bytes[at] = word >> 8;
    bytes[at + 1] = word & 0xff;
    return now(bytes);
  };
  switch (kind) {
    case 'none':
      return now(good);
    case 'mute':
      return [];
    case 'late':
      return [{ bytes: good, after_ms: lateMillis(chance) }];
    case 'duplicate':
      return now(join(good, good));
    case 'wrong-transaction':
      return changed(0, (transaction + 0x1234) & 0xffff);
    case 'wrong-protocol':
      return changed(2, 1);
    case 'wrong-unit':
      return now(readReply({ ...asked, unit: (unit % 247) + 1 }, round));
    case 'wrong-function':
      return now(Uint8Array.of(...good.subarray(0, 7), 4, ...good.subarray(8)));
    case 'wrong-count':
      return now(readReply({ ...asked, count: count > 1 ? count - 1 : 2 }, round));
    case 'split': {
      const cut = cutOf(chance, good);
      return [
        { bytes: good.subarray(0, cut), after_ms: 0 },
        { bytes: good.subarray(cut), after_ms: 1 + chance.random() * 4, held: true },
      ];
    }
    case 'merged':
      // The reply to a request of long ago, and the reply, in one piece.
      return now(
        join(readReply({ ...asked, transaction: (transaction + 0x8000) & 0xffff }, round + 1), good),
      );
    case 'garbage':
      return now(someBytes(chance, 40));
    case 'length-0':
      return changed(4, 0);
    case 'length-4000':
      return changed(4, 0x4000);
    case 'exception':
      return now(Uint8Array.of(...good.subarray(0, 4), 0, 3, unit, 0x83, 4));
    case 'close':
      return [{ bytes: new Uint8Array(), after_ms: 0, close: true }];
    case 'close-in-the-middle':
      return [{ bytes: good.subarray(0, cutOf(chance, good)), after_ms: 0, close: true }];
  }
}

function readReply(asked: MbapAsked, round: number): Uint8Array {
  const data = registersOf(asked, round).flatMap((word) => [word >> 8, word & 0xff]);
  const { transaction, unit } = asked;
  return Uint8Array.of(
    transaction >> 8,
    transaction & 0xff,
    0,
    0,
    0,
    3 + data.length,
    unit,
    3,
    data.length,
    ...data,
  );
}

export function cutMbapRequest(
  bytes: Uint8Array,
): { readonly asked: MbapAsked; readonly frame: Uint8Array; readonly rest: Uint8Array } | undefined {
  if (bytes.length < 12) return undefined;
  const word = (at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const asked = { transaction: word(0), unit: bytes[6] ?? 0, at: word(8), count: word(10) };
  return { asked, frame: bytes.subarray(0, 12), rest: bytes.subarray(12) };
}
