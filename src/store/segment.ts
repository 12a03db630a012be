import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Column, type Entry, makePart, PART_LIMIT, type Part, parsePart } from '../model/index.ts';
import { adler32 } from './adler.ts';

/** A part as it lies in the file: raw deflate of its JSON, ended by a sync flush so that parts can be strung together. */
export interface Packed {
  readonly first: number;
  readonly n: number;
  readonly boot: string;
  readonly up: number;
  /** Length and Adler-32 of the plain text. */
  readonly length: number;
  readonly adler: number;
  readonly body: Uint8Array;
}

const DEFLATE = { level: 1, finishFlush: constants.Z_SYNC_FLUSH };
const INFLATE = { finishFlush: constants.Z_SYNC_FLUSH };

export function pack(part: Part): Packed {
  const text = Buffer.from(JSON.stringify(part));
  const { first, n, boot, up } = part;
  const body = deflateRawSync(text, DEFLATE);
  return { first, n, boot, up, length: text.length, adler: adler32(text), body };
}

/** The part in a body; throws whatever zlib or JSON throw when it is damaged. */
export const unpack = (body: Uint8Array): Part => parsePart(inflateRawSync(body, INFLATE).toString());

/**
 * Entries of one lane with seqs from `first` on, in parts: each of one boot, of one inventory revision, and of at most PART_LIMIT records.
 * An `inventory` entry opens the part that is taken under its revision.
 */
export function packEntries(
  entries: readonly Entry[],
  first: number,
  rev: number,
): { readonly packed: Packed[]; readonly rev: number } {
  const packed: Packed[] = [];
  let from = 0;
  let now = rev;
  const close = (to: number) => {
    if (to > from) packed.push(pack(makePart(entries.slice(from, to), first + from, now)));
    from = to;
  };
  entries.forEach((entry, index) => {
    if (index - from === PART_LIMIT || entry.stamp.boot !== entries[from]?.stamp.boot) close(index);
    if (entry.kind !== 'inventory' || typeof entry.fields.revision !== 'number') return;
    close(index);
    now = entry.fields.revision;
  });
  close(entries.length);
  return { packed, rev: now };
}

/** The records from..to (seqs, inclusive) of a part, as a part; its base time stays. */
export function slicePart(part: Part, from: number, to: number): Part {
  const low = Math.max(0, from - part.first);
  const high = Math.min(part.n - 1, to - part.first);
  const points = part.points.flatMap((column) => sliceColumn(column, low, high));
  const events = part.events
    .filter(([seq]) => seq >= low && seq <= high)
    .map(([seq, ...rest]): Part['events'][number] => [seq - low, ...rest]);
  return { ...part, first: part.first + low, n: high - low + 1, points, events };
}

function sliceColumn(
  [device, point, seqs, times, values, quality]: Column,
  low: number,
  high: number,
): Column[] {
  // Seq offsets of a column ascend, so what is kept is one run of it.
  const begin = seqs.findIndex((seq) => seq >= low);
  const after = seqs.findIndex((seq) => seq > high);
  const end = after < 0 ? seqs.length : after;
  if (begin < 0 || begin >= end) return [];
  const cut = [device, point, seqs.slice(begin, end).map((seq) => seq - low)] as const;
  const rest = [times.slice(begin, end), values.slice(begin, end)] as const;
  const marks = Object.entries(quality ?? {})
    .filter(([index]) => Number(index) >= begin && Number(index) < end)
    .map(([index, mark]) => [Number(index) - begin, mark] as const);
  return [marks.length ? [...cut, ...rest, Object.fromEntries(marks)] : [...cut, ...rest]];
}
