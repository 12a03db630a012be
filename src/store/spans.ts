import { addRange, holes, type SeqRange } from '../model/index.ts';

/** Set arithmetic on sorted lists of disjoint seq ranges, beside what the model offers. */
export type Spans = readonly SeqRange[];

export const addAll = (spans: Spans, added: Spans): Spans =>
  added.reduce<Spans>((sum, range) => addRange(sum, range), spans);

/** What lies in both. */
export function intersect(x: Spans, y: Spans): SeqRange[] {
  const both: SeqRange[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = x[i];
    const right = y[j];
    if (!left || !right) return both;
    const from = Math.max(left[0], right[0]);
    const to = Math.min(left[1], right[1]);
    if (from <= to) both.push([from, to]);
    if (left[1] < right[1]) i += 1;
    else j += 1;
  }
}

/** What lies in `x` and not in `y`. */
export const subtract = (x: Spans, y: Spans): SeqRange[] =>
  x.flatMap((range) => holes(near(y, range), range));

/** Does one span hold the whole range? */
export const holdsAll = (spans: Spans, [from, to]: SeqRange): boolean =>
  spans.some((span) => span[0] <= from && to <= span[1]);

const near = (spans: Spans, [from, to]: SeqRange): Spans =>
  spans.filter((span) => span[0] <= to && span[1] >= from);
