import type { Json, JsonObject } from './json.ts';
import type { Value } from './points.ts';
import type { Quality } from './reading.ts';
import type { Entry, EventKind, Lane, StoredRecord } from './records.ts';

/**
 * A part: records of one lane and one boot with consecutive seqs, as they are stored and as they travel. It is made once,
 * when the records are committed, and a batch on the wire is a header around one or more parts; so draining a
 * backlog does not re-encode it. Readings are columnar; all offsets are relative to `first` (seq) and `up` (ms).
 */
export interface Part {
  readonly boot: string;
  /** Base time: ms since boot. */
  readonly up: number;
  /** Inventory revision the records were taken under. */
  readonly rev: number;
  /** Seq of the first record. */
  readonly first: number;
  /** Number of records; the last seq is first + n - 1. */
  readonly n: number;
  readonly points: readonly Column[];
  readonly events: readonly EventRow[];
}

/** device, point, seq offsets, time offsets, values, and the quality of those that are not good (by index). */
export type Column = readonly [
  device: string,
  point: string,
  seq: readonly number[],
  t: readonly number[],
  v: readonly (Value | null)[],
  q?: Readonly<Record<string, Quality>>,
];

export type EventRow = readonly [
  seq: number,
  t: number,
  kind: EventKind,
  subject: string,
  name: string,
  fields: JsonObject,
];

/** Largest number of records in one part: bounds memory, and the work of taking a part to pieces. */
export const PART_LIMIT = 1000;

/** Makes one part of entries that share lane and boot. */
export function makePart(entries: readonly Entry[], first: number, rev: number): Part {
  const stamp = entries[0]?.stamp ?? { boot: '', up: 0 };
  const columns = new Map<string, ColumnInMaking>();
  const events: EventRow[] = [];
  entries.forEach((entry, offset) => {
    const t = entry.stamp.up - stamp.up;
    if (entry.kind !== 'reading') {
      events.push([offset, t, entry.kind, entry.subject, entry.name, entry.fields]);
      return;
    }
    const name = `${entry.device}\n${entry.point}`;
    let column = columns.get(name);
    if (!column) {
      column = { device: entry.device, point: entry.point, seq: [], t: [], v: [], q: undefined };
      columns.set(name, column);
    }
    if (entry.quality !== 'good') column.q = { ...column.q, [column.v.length]: entry.quality };
    column.seq.push(offset);
    column.t.push(t);
    column.v.push(entry.value);
  });
  const points = [...columns.values()].map(
    ({ device, point, seq, t, v, q }): Column =>
      q ? [device, point, seq, t, v, q] : [device, point, seq, t, v],
  );
  return { boot: stamp.boot, up: stamp.up, rev, first, n: entries.length, points, events };
}

interface ColumnInMaking {
  readonly device: string;
  readonly point: string;
  readonly seq: number[];
  readonly t: number[];
  readonly v: (Value | null)[];
  q: Record<string, Quality> | undefined;
}

/** The records of a part in seq order: the inverse of `makePart`. */
export function openPart(part: Part, lane: Lane, epoch: string): StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const [device, point, seqs, times, values, q] of part.points) {
    seqs.forEach((seq, index) => {
      records.push({
        kind: 'reading',
        lane: lane === 'a' ? 'b' : lane,
        epoch,
        seq: part.first + seq,
        device,
        point,
        value: values[index] ?? null,
        quality: q?.[index] ?? 'good',
        stamp: { boot: part.boot, up: part.up + (times[index] ?? 0) },
      });
    });
  }
  for (const [seq, t, kind, subject, name, fields] of part.events) {
    const stamp = { boot: part.boot, up: part.up + t };
    records.push({ kind, lane, epoch, seq: part.first + seq, subject, name, fields, stamp });
  }
  return records.sort((x, y) => x.seq - y.seq);
}

/** Narrowing of a JSON text that our own store or a peer gave; the schema check stands where it came in. */
export const parsePart = (text: string): Part => JSON.parse(text) as Part & Json;
