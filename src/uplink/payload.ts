import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Lease, PackedPart } from '../contracts/index.ts';
import type { ClockState, Lane, SeqRange } from '../model/index.ts';
import { adler32, joinAdler } from './adler.ts';

/** What a batch says before its parts (contract, Topics: payload). */
export interface BatchHead {
  readonly v: 1;
  readonly gateway: string;
  readonly site: string;
  readonly epoch: string;
  readonly lane: Lane;
  readonly covers: SeqRange;
  readonly historical: boolean;
  readonly sent: { readonly unix_ms: number; readonly clock: ClockState };
}

/** A batch whose size is known before it is put together. */
export interface Planned {
  readonly bytes: number;
  build(): Uint8Array;
}

export const headOf = (
  lease: Lease,
  who: { readonly gateway: string; readonly site: string },
  sent: BatchHead['sent'],
): BatchHead => ({
  v: 1,
  gateway: who.gateway,
  site: who.site,
  epoch: lease.epoch,
  lane: lease.lane,
  covers: lease.covers,
  historical: lease.head === 'backlog',
  sent,
});

/** A batch of a head and stored parts, as zlib (first byte 0x78) or as plain JSON (first byte `{`). */
export function planBatch(head: BatchHead, parts: readonly PackedPart[], compress: boolean): Planned {
  const base = parts.map(({ boot, base }) => ({
    boot,
    unix_ms: base?.unix_ms ?? null,
    clock: base?.clock ?? 'unsynced',
  }));
  const opening = Buffer.from(`${JSON.stringify({ ...head, base }).slice(0, -1)},"parts":[`);
  return compress ? zlibPlan(opening, parts) : plainPlan(opening, parts);
}

const COMMA = Buffer.from(',');
const CLOSING = Buffer.from(']}');
/** Zlib header: deflate, 32 KiB window, fastest. */
const ZLIB = Buffer.from([0x78, 0x01]);
/** A head above this is worth compressing: many parts have many bases. */
const SMALL_HEAD = 512;

/**
 * The parts are deflate blocks that end on a byte boundary and look back only into themselves, so they are strung together as they are;
 * the text between them goes into stored blocks, and the sum at the end is worked out from the sums of the pieces.
 */
function zlibPlan(opening: Buffer, parts: readonly PackedPart[]): Planned {
  const head = opening.length > SMALL_HEAD ? deflated(opening) : Buffer.concat(stored(opening, false));
  const body = parts.reduce((sum, part) => sum + part.deflated.length, 0);
  const comma = Buffer.concat(stored(COMMA, false));
  const closing = Buffer.concat(stored(CLOSING, true));
  const commas = Math.max(0, parts.length - 1) * comma.length;
  const bytes = ZLIB.length + head.length + body + commas + closing.length + 4;
  const build = () => {
    let sum = adler32(opening);
    const pieces: Uint8Array[] = [ZLIB, head];
    parts.forEach((part, index) => {
      if (index > 0) {
        pieces.push(comma);
        sum = joinAdler(sum, COMMA_SUM, COMMA.length);
      }
      pieces.push(part.deflated);
      sum = joinAdler(sum, part.adler, part.length);
    });
    sum = joinAdler(sum, CLOSING_SUM, CLOSING.length);
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32BE(sum);
    return Buffer.concat([...pieces, closing, trailer], bytes);
  };
  return { bytes, build };
}

const COMMA_SUM = adler32(COMMA);
const CLOSING_SUM = adler32(CLOSING);

/** The bases of many parts repeat each other within a hundred bytes, so a small window serves; and setting up a large one costs more than all the rest. */
const HEAD = {
  level: 1,
  windowBits: 10,
  memLevel: 4,
  chunkSize: 1024,
  finishFlush: constants.Z_SYNC_FLUSH,
} as const;
const deflated = (text: Buffer): Buffer => deflateRawSync(text, HEAD);

/** A text as stored deflate blocks (at most 65535 bytes each); only the last block of a stream is `final`. */
function stored(text: Buffer, final: boolean): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < text.length; at += 65535) {
    const piece = text.subarray(at, at + 65535);
    const header = Buffer.alloc(5);
    header[0] = final && at + piece.length === text.length ? 1 : 0;
    header.writeUInt16LE(piece.length, 1);
    header.writeUInt16LE(~piece.length & 0xffff, 3);
    blocks.push(header, piece);
  }
  return blocks;
}

function plainPlan(opening: Buffer, parts: readonly PackedPart[]): Planned {
  const body = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = opening.length + body + Math.max(0, parts.length - 1) + CLOSING.length;
  const build = () => {
    const texts = parts.flatMap((part, index) => (index > 0 ? [COMMA, plain(part)] : [plain(part)]));
    return Buffer.concat([opening, ...texts, CLOSING], bytes);
  };
  return { bytes, build };
}

/** Z_SYNC_FLUSH as finish: a part has no final block of its own. */
const plain = (part: PackedPart): Buffer =>
  inflateRawSync(part.deflated, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: part.length });
