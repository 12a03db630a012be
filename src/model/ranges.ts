import type { SeqRange } from './records.ts';

/** Adds a range to a sorted list of disjoint ranges; neighbours are joined. */
export function addRange(ranges: readonly SeqRange[], added: SeqRange): SeqRange[] {
  let [from, to] = added;
  const before: SeqRange[] = [];
  const after: SeqRange[] = [];
  for (const range of ranges) {
    if (range[1] < from - 1) before.push(range);
    else if (range[0] > to + 1) after.push(range);
    else {
      from = Math.min(from, range[0]);
      to = Math.max(to, range[1]);
    }
  }
  return [...before, [from, to], ...after];
}

/** Takes a range out of a sorted list of disjoint ranges. */
export function removeRange(ranges: readonly SeqRange[], removed: SeqRange): SeqRange[] {
  return ranges.flatMap(([from, to]): SeqRange[] => {
    if (to < removed[0] || from > removed[1]) return [[from, to]];
    const rest: SeqRange[] = [];
    if (from < removed[0]) rest.push([from, removed[0] - 1]);
    if (to > removed[1]) rest.push([removed[1] + 1, to]);
    return rest;
  });
}

/** The parts of `within` that no range covers, ascending. */
export function holes(ranges: readonly SeqRange[], within: SeqRange): SeqRange[] {
  let open: SeqRange[] = within[0] <= within[1] ? [within] : [];
  for (const range of ranges) open = removeRange(open, range);
  return open;
}

/** The first seq at or after `from` that no range covers. */
export function firstOpen(ranges: readonly SeqRange[], from: number): number {
  const around = ranges.find((range) => range[0] <= from && from <= range[1]);
  return around ? around[1] + 1 : from;
}
