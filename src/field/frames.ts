import { crc16Modbus } from '../kit/index.ts';

/** A whole RTU frame that stands in bytes from a wire, whoever sent it. */
export interface SeenFrame {
  readonly from: number;
  readonly to: number;
  readonly unit: number;
  readonly pdu: Uint8Array;
  /** `either`: a question and its answer can have these very bytes (functions 5 and 6, and three bytes of bits). */
  readonly kind: 'question' | 'answer' | 'exception' | 'either';
}

const LONGEST = 256;
/** Report server id (17) and device identification (43) tell their length by themselves, more or less. */
const KNOWN = [1, 2, 3, 4, 5, 6, 15, 16, 17, 43];
const MOST_EXCEPTION = 11;

/**
 * Every whole frame with a good CRC, in order, wherever it begins, and how many bytes belong to none. A relaxed reading: it does not know what was
 * asked, and takes what other masters and other units say too.
 */
export function framesIn(bytes: Uint8Array): {
  readonly frames: readonly SeenFrame[];
  readonly stray: number;
} {
  const frames: SeenFrame[] = [];
  let stray = 0;
  for (let from = 0; from < bytes.length; ) {
    const frame = frameAt(bytes, from);
    if (frame) frames.push(frame);
    else stray += 1;
    from = frame ? frame.to : from + 1;
  }
  return { frames, stray };
}

function frameAt(bytes: Uint8Array, from: number): SeenFrame | undefined {
  const unit = bytes[from] ?? 0;
  const fn = bytes[from + 1];
  if (fn === undefined) return undefined;
  for (const { length, kind } of shapesOf(bytes, from, fn)) {
    const to = from + length;
    if (length > LONGEST || to > bytes.length || !sealed(bytes, from, to)) continue;
    return { from, to, unit, pdu: bytes.slice(from + 1, to - 2), kind };
  }
  return undefined;
}

interface Shape {
  readonly length: number;
  readonly kind: SeenFrame['kind'];
}

/** What the bytes from here on can be, the likelier first. */
function shapesOf(bytes: Uint8Array, from: number, fn: number): readonly Shape[] {
  const third = bytes[from + 2] ?? 0;
  if (fn >= 0x80) {
    const refused = KNOWN.includes(fn & 0x7f) && third >= 1 && third <= MOST_EXCEPTION;
    return refused ? [{ length: 5, kind: 'exception' }] : [];
  }
  if (fn === 1 || fn === 2) {
    if (third === 3) return [{ length: 8, kind: 'either' }];
    return [...answer(third >= 1, 5 + third), { length: 8, kind: 'question' }];
  }
  if (fn === 3 || fn === 4)
    return [...answer(third >= 2 && third % 2 === 0, 5 + third), { length: 8, kind: 'question' }];
  if (fn === 5 || fn === 6) return [{ length: 8, kind: 'either' }];
  if (fn === 15 || fn === 16)
    return [
      { length: 8, kind: 'answer' },
      { length: 9 + (bytes[from + 6] ?? 0), kind: 'question' },
    ];
  if (fn === 17) return [...answer(third >= 1, 5 + third), { length: 4, kind: 'question' }];
  if (fn === 43) return [...answer(true, identityLength(bytes, from)), { length: 7, kind: 'question' }];
  return [];
}

const answer = (may: boolean, length: number): readonly Shape[] => (may ? [{ length, kind: 'answer' }] : []);

/** Modbus Application Protocol 1.1b3, 6.21: objects with their lengths behind a head of eight bytes. */
function identityLength(bytes: Uint8Array, from: number): number {
  const objects = bytes[from + 7] ?? 0;
  let at = from + 8;
  for (let index = 0; index < objects; index += 1) at += 2 + (bytes[at + 1] ?? 0);
  return at + 2 - from;
}

const sealed = (bytes: Uint8Array, from: number, to: number): boolean =>
  crc16Modbus(bytes, from, to - 2) === ((bytes[to - 2] ?? 0) | ((bytes[to - 1] ?? 0) << 8));
