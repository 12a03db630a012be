import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LANES } from '../model/index.ts';
import { PAGE_BYTES } from './database.ts';
import type { Row } from './rows.ts';
import { isSound } from './sum.ts';
import { readWal } from './wal.ts';

/**
 * Reads segments out of a damaged database without its trees: every page that looks like a table leaf is searched for cells that look like
 * our rows (file format, sections 1.5, 1.6 and 2). A row proves itself by its sum, so a wrong guess costs nothing, and
 * a row found twice is the same row: they never change.
 */
export function* findRows(file: string): Generator<Row> {
  const fd = openSync(file, 'r');
  try {
    const all = readWal(file).frames.filter(({ content }) => content.length === PAGE_BYTES);
    // What no commit follows was never stored.
    const frames = all.slice(0, all.findLastIndex(({ commit }) => commit) + 1);
    const newest = new Map(frames.map(({ page, content }) => [page, content]));
    const stored = pageReader(fd);
    // An overflow page is looked for as it is now, and as it was before the log.
    const views: PageOf[] = [(page) => newest.get(page) ?? stored(page), stored];
    for (const { page, content } of frames) yield* rowsOf(content, page, views);
    // By a window of their own, which the chains of overflow pages do not move.
    const inOrder = pageReader(fd);
    const pages = Math.ceil(fstatSync(fd).size / PAGE_BYTES);
    for (let page = 1; page <= pages; page += 1) yield* rowsOf(inOrder(page), page, views);
  } finally {
    closeSync(fd);
  }
}

/** Pages read at once: what belongs together mostly lies together. */
const AT_ONCE = 256;

/** Pages of the file, from a window that is moved as needed; what lies beyond its end is zeros. */
function pageReader(fd: number): PageOf {
  let window = Buffer.alloc(0);
  let first = 0;
  return (page) => {
    if (page < first || (page - first + 1) * PAGE_BYTES > window.length) {
      // A new one each time: rows are pieces of it.
      window = Buffer.alloc(AT_ONCE * PAGE_BYTES);
      first = Math.max(1, page - (page % AT_ONCE));
      fill(fd, window, first);
    }
    return window.subarray((page - first) * PAGE_BYTES, (page - first + 1) * PAGE_BYTES);
  };
}

/** As much as can be read; what the disk has lost is zeros. */
function fill(fd: number, window: Buffer, first: number): void {
  if (tryRead(fd, window, first)) return;
  for (let at = 0; at < window.length; at += PAGE_BYTES)
    tryRead(fd, window.subarray(at, at + PAGE_BYTES), first + at / PAGE_BYTES);
}

function tryRead(fd: number, into: Buffer, page: number): boolean {
  try {
    readSync(fd, into, 0, into.length, (page - 1) * PAGE_BYTES);
    return true;
  } catch {
    into.fill(0);
    return false;
  }
}

type PageOf = (page: number) => Buffer;

const TABLE_LEAF = 13;

function* rowsOf(content: Buffer, page: number, views: readonly PageOf[]): Generator<Row> {
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

function rowAt(content: Buffer, at: number, view: PageOf): Row | undefined {
  try {
    const [length, afterLength] = varint(content, at);
    const [id, afterId] = varint(content, afterLength);
    // Before any other page is read for it: garbage would have us follow chains all over the file.
    const head = headOf(content.subarray(afterId), length);
    return head && parseRow(payloadAt(content, { at: afterId, length }, view), head, id);
  } catch {
    // Ran off the page: not a cell of ours.
    return undefined;
  }
}

interface Head {
  readonly length: number;
  readonly types: readonly number[];
}

/** The head of a segment's record: a null (the rowid), a text of one byte, a blob of eight, and eight more. Nothing else in the file begins so. */
function headOf(bytes: Buffer, payload: number): Head | undefined {
  const [length, first] = varint(bytes, 0);
  const types: number[] = [];
  for (let at = first; at < length && types.length < COLUMNS; ) {
    const [type, after] = varint(bytes, at);
    types.push(type);
    at = after;
  }
  if (types.length !== COLUMNS || types[0] !== 0 || types[1] !== 15 || types[2] !== 28) return undefined;
  const whole = types.reduce((sum, type) => sum + widthOf(type), length);
  return whole === payload ? { length, types } : undefined;
}

const COLUMNS = 11;

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

/** The columns of a segment: null (the rowid), lane, epoch, n, at, boot, up, length, adler, sum, body. */
function parseRow(payload: Buffer, { length: begin, types }: Head, id: number): Row | undefined {
  let at = begin;
  const values = types.map((type) => {
    const value = valueAt(payload, at, type);
    at += widthOf(type);
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
  return isSound(row) ? row : undefined;
}

/** slice(3, 10) of eleven. */
type SevenNumbers = [number, number, number, number, number, number, number];

const WIDTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
const widthOf = (type: number): number => WIDTHS[type] ?? Math.max(0, Math.floor((type - 12) / 2));

/** A value of a serial type. */
function valueAt(bytes: Buffer, at: number, type: number): number | Buffer | undefined {
  const width = widthOf(type);
  if (at + width > bytes.length) throw new RangeError('beyond the payload');
  if (type === 0) return undefined;
  if (type === 8 || type === 9) return type - 8;
  if (type === 7) return bytes.readDoubleBE(at);
  if (type === 6) return Number(bytes.readBigInt64BE(at));
  return type < 6 ? bytes.readIntBE(at, width) : bytes.subarray(at, at + width);
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
