import { inflateSync } from 'node:zlib';
import type { ClockState, Column, EventRow, Part } from '../model/index.ts';
import { type BatchMessageHead, batchHeadSchema } from '../uplink/shapes/index.ts';

/** A message that inflates beyond this is not one of ours. */
const LARGEST = 8 * 1024 * 1024;

export interface Batch {
  readonly head: BatchMessageHead;
  readonly parts: readonly Part[];
  /** Its JSON text as it came (inflated). */
  readonly text: Buffer;
}

/** Takes a batch message apart: JSON or zlib (the first byte tells), checked against the contract. Throws an Error with the reason. */
export function openBatch(payload: Uint8Array): Batch {
  const text =
    payload[0] === 0x78
      ? inflateSync(payload, { maxOutputLength: LARGEST })
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return checkBatch(JSON.parse(text.toString()), text);
}

export function checkBatch(message: unknown, text: Buffer): Batch {
  const head = batchHeadSchema.parse(message);
  if (head.covers[0] > head.covers[1]) throw new Error('covers ends before it begins');
  if (head.base.length !== head.parts.length)
    throw new Error(`${head.base.length} bases for ${head.parts.length} parts`);
  for (const part of head.parts) checkPart(part, head.covers);
  // Each part was just checked to be of this shape.
  return { head, parts: head.parts as Part[], text };
}

/**
 * By hand and not by the schema: a batch has thousands of readings and this looks at each once. The same rules, and besides that the columns are
 * of equal length, the offsets lie inside the part, and it holds as many records as it says.
 */
function checkPart(given: unknown, [from, to]: readonly [number, number]): void {
  if (typeof given !== 'object' || given === null) throw new Error('a part is not an object');
  // Read field by field below; nothing is believed yet.
  const part = given as { [key in keyof Part]?: unknown };
  const { boot, up, rev, first, n, points, events } = part;
  if (typeof boot !== 'string' || typeof up !== 'number' || !Number.isInteger(rev))
    throw new Error('a part has no boot, up or rev');
  if (
    typeof first !== 'number' ||
    typeof n !== 'number' ||
    !Number.isInteger(first) ||
    !Number.isInteger(n) ||
    n < 1
  ) {
    throw new Error('a part has no first or n');
  }
  if (first < from || first + n - 1 > to)
    throw new Error(`part ${first}+${n} is outside of covers ${from}–${to}`);
  if (!Array.isArray(points) || !Array.isArray(events)) throw new Error('a part has no points or events');
  let records = 0;
  for (const column of points) records += checkColumn(column, n);
  for (const event of events) records += checkEvent(event, n);
  if (records !== n) throw new Error(`a part of ${n} records holds ${records}`);
}

function checkColumn(column: unknown, n: number): number {
  if (!Array.isArray(column)) throw new Error('a column is not a list');
  const [device, point, seqs, times, values, quality] = column;
  if (typeof device !== 'string' || typeof point !== 'string')
    throw new Error('a column has no device or point');
  if (!Array.isArray(seqs) || !Array.isArray(times) || !Array.isArray(values))
    throw new Error('a column is not of three lists');
  if (seqs.length !== times.length || seqs.length !== values.length)
    throw new Error('the lists of a column differ in length');
  if (quality !== undefined && (typeof quality !== 'object' || quality === null))
    throw new Error('the quality of a column is no object');
  for (let at = 0; at < seqs.length; at += 1) {
    const seq = seqs[at];
    if (!Number.isInteger(seq) || seq < 0 || seq >= n) throw new Error(`seq offset ${seq} in a part of ${n}`);
    if (typeof times[at] !== 'number') throw new Error('a time is not a number');
    const value = values[at];
    if (typeof value === 'object' && value !== null) throw new Error('a value is an object');
  }
  return seqs.length;
}

function checkEvent(event: unknown, n: number): number {
  if (!Array.isArray(event)) throw new Error('an event is not a list');
  const [seq, time, kind, subject, name, fields] = event;
  if (!Number.isInteger(seq) || seq < 0 || seq >= n || typeof time !== 'number')
    throw new Error('an event has no seq or time');
  if ([kind, subject, name].some((text) => typeof text !== 'string'))
    throw new Error('an event has no kind, subject or name');
  if (typeof fields !== 'object' || fields === null) throw new Error('an event has no fields');
  return 1;
}

/** A state of the clock that this version does not know is trusted like none at all. */
export function clockOf(told: string | undefined): ClockState {
  return told === 'corrected' || told === 'synced' || told === 'holdover' ? told : 'unsynced';
}

/** All seqs of a part. */
export function eachSeq(part: Part, visit: (seq: number) => void): void {
  for (const column of part.points as readonly Column[])
    for (const offset of column[2]) visit(part.first + offset);
  for (const event of part.events as readonly EventRow[]) visit(part.first + event[0]);
}
