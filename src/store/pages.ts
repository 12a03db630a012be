import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LANES, type Part } from '../model/index.ts';
import { PAGE_BYTES } from './database.ts';
import { type Row, seqOf } from './rows.ts';
import { unpack } from './segment.ts';
import { isSound } from './sum.ts';
import { readWal } from './wal.ts';

/**
 * Reads segments out of a damaged database without its trees: every page that looks like a table leaf is searched for cells that look like
 * our rows (file format, sections 1.5, 1.6 and 2). A row proves itself by its sum, so a wrong guess costs nothing, and
 * a row found twice is the same row: they never change.
 */
export interface FoundRow extends Row {
  readonly part: Part;
}

export function* findRows(file: string): Generator<FoundRow> {
  const fd = openSync(file, 'r');
  try {
    const all = readWal(file).frames.filter(({ content }) => content.length === PAGE_BYTES);
    // What no commit follows was never stored.
    const frames = all.slice(0, all.findLastIndex(({ commit }) => commit) + 1);
    const newest = new Map(frames.map(({ page, content }) => [page, content]));
    const stored = (page: number) => readPage(fd, page);
    // An overflow page is looked for as it is now, and as it was before the log.
    const views: PageOf[] = [(page) => newest.get(page) ?? stored(page), stored];
    for (const { page, content } of frames) yield* rowsOf(content, page, views);
    const pages = Math.ceil(fstatSync(fd).size / PAGE_BYTES);
    for (let page = 1; page <= pages; page += 1) yield* rowsOf(stored(page), page, views);
  } finally {
    closeSync(fd);
  }
}

function readPage(fd: number, page: number): Buffer {
  const content = Buffer.alloc(PAGE_BYTES);
  readSync(fd, content, 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
  return content;
}

type PageOf = (page: number) => Buffer;

const TABLE_LEAF = 13;

function* rowsOf(content: Buffer, page: number, views: readonly PageOf[]): Generator<FoundRow> {
  const header = page === 1 ? 100 : 0;
  if (content.length < PAGE_BYTES || content[header] !== TABLE_LEAF) return;
  const cells = content.readUInt16BE(header + 3);
  for (let index = 0; index < cells; index += 1) {
    const pointer = header + 8 + 2 * index;
    if (pointer + 2 > content.length) return;
    const at = content.readUInt16BE(pointer);
    for (const view of views) {
      const row = rowAt(content, at, view);
      if (!row) continue;
      yield row;
      break;
    }
  }
}

function rowAt(content: Buffer, at: number, view: PageOf): FoundRow | undefined {
  try {
    const [length, afterLength] = varint(content, at);
    const [id, afterId] = varint(content, afterLength);
    if (length < 32 || length > 16_000_000) return undefined;
    return parseRow(payloadAt(content, { at: afterId, length }, view), id);
  } catch {
    // Ran off the page: not a cell of ours.
    return undefined;
  }
}

/** A payload that does not fit its page goes on in a chain of overflow pages. */
function payloadAt(
  content: Buffer,
  cell: { readonly at: number; readonly length: number },
  view: PageOf,
): Buffer {
  const most = PAGE_BYTES - 35;
  const least = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
  const fitting = least + ((cell.length - least) % (PAGE_BYTES - 4));
  const here = cell.length <= most ? cell.length : fitting <= most ? fitting : least;
  const pieces = [content.subarray(cell.at, cell.at + here)];
  let left = cell.length - here;
  let next = left > 0 ? content.readUInt32BE(cell.at + here) : 0;
  while (left > 0) {
    const page = view(next);
    next = page.readUInt32BE(0);
    pieces.push(page.subarray(4, 4 + Math.min(left, PAGE_BYTES - 4)));
    left -= PAGE_BYTES - 4;
  }
  return Buffer.concat(pieces);
}

/** The record format of a segment: null (the rowid), lane, epoch, n, at, boot, up, length, adler, sum, body. */
function parseRow(payload: Buffer, id: number): FoundRow | undefined {
  const [headerLength, first] = varint(payload, 0);
  const types: number[] = [];
  for (let at = first; at < headerLength; ) {
    const [type, after] = varint(payload, at);
    types.push(type);
    at = after;
  }
  // A null, a text of one byte, a blob of eight: nothing else in the file begins so.
  if (types.length !== 11 || types[0] !== 0 || types[1] !== 15 || types[2] !== 28) return undefined;
  let at = headerLength;
  const values = types.map((type) => {
    const [value, width] = valueAt(payload, at, type);
    at += width;
    return value;
  });
  const [, laneText, epoch] = values;
  const lane = LANES.find((one) => laneText instanceof Buffer && one === laneText.toString());
  const body = values.at(-1);
  if (!lane || !(epoch instanceof Buffer) || !(body instanceof Buffer)) return undefined;
  const [n, age, boot, up, length, adler, sum] = values
    .slice(3, 10)
    .map((value) => (typeof value === 'number' ? value : Number.NaN)) as SevenNumbers;
  const row = { lane, epoch, id, n, at: age, boot, up, length, adler, sum, body };
  if (!isSound(row)) return undefined;
  const part = unpack(body);
  return part.n === n && part.first === seqOf(id) ? { ...row, part } : undefined;
}

/** slice(3, 10) of eleven. */
type SevenNumbers = [number, number, number, number, number, number, number];

/** A value of a serial type, and its width. */
function valueAt(bytes: Buffer, at: number, type: number): [number | Buffer | undefined, number] {
  if (type === 0) return [undefined, 0];
  if (type === 8 || type === 9) return [type - 8, 0];
  if (type === 7) return [bytes.readDoubleBE(at), 8];
  if (type <= 6) {
    const width = [0, 1, 2, 3, 4, 6, 8][type] ?? 0;
    return width === 8 ? [Number(bytes.readBigInt64BE(at)), 8] : [bytes.readIntBE(at, width), width];
  }
  const width = Math.floor((type - 12) / 2);
  if (at + width > bytes.length) throw new RangeError('beyond the payload');
  return [bytes.subarray(at, at + width), width];
}

/** SQLite's variable-length integer: seven bits a byte, high first; numbers beyond 2^53 are none of ours. */
function varint(bytes: Buffer, at: number): [number, number] {
  let value = 0;
  for (let index = 0; index < 9; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new RangeError('beyond the page');
    value = value * 128 + (byte & 127);
    if (byte < 128) return [value, at + index + 1];
  }
  throw new RangeError('too long for ours');
}
