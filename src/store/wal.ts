import { existsSync, readFileSync } from 'node:fs';

/**
 * SQLite's write-ahead log as it lies on the disk (file format, section 4): a header of 32 bytes, then frames of 24 bytes and a page. Each
 * frame's checksum goes on from the one before it. SQLite takes the frames up to the last good commit and silently ignores the rest, which is
 * right after a power cut (the rest was never synced) and wrong when the card has spoilt something that was.
 */
export interface Wal {
  /** Page images whose own checksum holds, in order; `whole` says that all before them held too. */
  readonly frames: readonly Frame[];
  /** A transaction was spoilt although a later one stands behind it: it had been synced, so records would be lost in silence. */
  readonly damaged: boolean;
}

export interface Frame {
  readonly page: number;
  readonly content: Buffer;
  /** Ends a transaction. */
  readonly commit: boolean;
  readonly whole: boolean;
}

const HEADER = 32;
const FRAME = 24;
const MAGIC = 0x377f0682;
/** What a disk writes in one piece. */
const SECTOR = 512;

export function readWal(file: string): Wal {
  const nothing: Wal = { frames: [], damaged: false };
  const path = `${file}-wal`;
  if (!existsSync(path)) return nothing;
  const bytes = readFileSync(path);
  if (bytes.length < HEADER) return nothing;
  const magic = bytes.readUInt32BE(0);
  const size = bytes.readUInt32BE(8);
  // Another page size or word order than we write: nothing that we know how to read.
  if ((magic & ~1) !== MAGIC || size < 512 || size > 65536) return { ...nothing, damaged: hasFrames(bytes) };
  const big = (magic & 1) === 1;
  const headerSum = checksum(bytes.subarray(0, 24), [0, 0], big);
  const headerGood = same(headerSum, bytes, 24);

  const salts = headerGood ? bytes.subarray(16, 24) : bytes.subarray(HEADER + 8, HEADER + 16);

  const frames: Frame[] = [];
  /** A transaction ended at or behind the first spoilt frame. */
  let ended = false;
  let damaged = false;
  let carried = headerSum;
  let whole = headerGood;
  for (let at = HEADER; at + FRAME + size <= bytes.length; at += FRAME + size) {
    const frame = bytes.subarray(at, at + FRAME);
    const content = bytes.subarray(at + FRAME, at + FRAME + size);
    // Other salts: an old frame of an earlier round of the log, behind the end, or one that is spoilt just there.
    const ours = salts.equals(frame.subarray(8, 16));
    const good =
      ours && same(checksum(content, checksum(frame.subarray(0, 8), carried, big), big), frame, 16);
    whole &&= good;
    // What the frame says of itself carries on, so that those behind a spoilt one can still be judged.
    carried = [frame.readUInt32BE(16), frame.readUInt32BE(20)];
    const commit = frame.readUInt32BE(4) !== 0;
    if (good) frames.push({ page: frame.readUInt32BE(0), content, commit, whole });
    damaged ||= good && ended;
    // Of a spoilt frame the mark of its end is believed where the power cannot have parted it from the salts.
    ended ||= !whole && commit && (good || (ours && at % SECTOR <= SECTOR - FRAME));
  }
  return { frames, damaged: headerGood ? damaged : frames.length > 0 };
}

const hasFrames = (bytes: Buffer): boolean => bytes.length > HEADER + FRAME;

type Sum = readonly [number, number];

/** SQLite's own sum over pairs of 32-bit words. */
function checksum(bytes: Buffer, [x, y]: Sum, big: boolean): Sum {
  let s0 = x;
  let s1 = y;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const first = big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const second = big ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    s0 = (s0 + first + s1) >>> 0;
    s1 = (s1 + second + s0) >>> 0;
  }
  return [s0, s1];
}

const same = ([x, y]: Sum, bytes: Buffer, at: number): boolean =>
  bytes.readUInt32BE(at) === x && bytes.readUInt32BE(at + 4) === y;
