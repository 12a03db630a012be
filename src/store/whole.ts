import { LANES, type SeqRange } from '../model/index.ts';
import type { Sqlite } from './database.ts';
import { epochOf, lastSeq, seqOf } from './rows.ts';
import { addAll, type Spans, subtract } from './spans.ts';

/**
 * Every seq was given once: it lies in one segment, or it is gone from a lane. Says where that does not hold; looks at all segments, but not
 * at their bodies.
 */
export function brokenSeqs(db: Sqlite): string | undefined {
  const gone = goneRanges(db);
  const ends = new Map<number, number>();
  for (const slot of slotsOf(db)) {
    const epoch = epochOf(slot.id);
    const end = ends.get(epoch) ?? 0;
    const first = seqOf(slot.id);
    if (first <= end || slot.n < 1) return `two segments hold seq ${first}`;
    const [hole] = first > end + 1 ? subtract([[end + 1, first - 1]], gone.get(epoch) ?? []) : [];
    if (hole) return `nothing tells where the seqs ${hole[0]} to ${hole[1]} are`;
    ends.set(epoch, lastSeq(slot));
  }
  return undefined;
}

function slotsOf(db: Sqlite): IterableIterator<{ readonly id: number; readonly n: number }> {
  const lanes = LANES.map((lane) => `SELECT id, n FROM seg_${lane}`);
  const rows = db.prepare(`${lanes.join(' UNION ALL ')} ORDER BY id`).iterate();
  // The shape of the rows is what was selected.
  return rows as IterableIterator<{ id: number; n: number }>;
}

function goneRanges(db: Sqlite): ReadonlyMap<number, Spans> {
  const all = new Map<number, Spans>();
  // The shape of the rows is the table's; their sums have been checked.
  const rows = db.prepare('SELECT epoch, ranges FROM gone').all() as { epoch: number; ranges: string }[];
  for (const { epoch, ranges } of rows) {
    const spans = (JSON.parse(ranges) as [number, number, number][]).map(
      ([from, to]): SeqRange => [from, to],
    );
    all.set(epoch, addAll(all.get(epoch) ?? [], spans));
  }
  return all;
}
