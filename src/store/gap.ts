import type { EventEntry, GapFields, Stamp } from '../model/index.ts';

/** The record that tells a platform what will never come. */
export const gapEntry = (fields: GapFields, stamp: Stamp): EventEntry => ({
  kind: 'gap',
  lane: 'a',
  subject: '',
  name: 'gap',
  fields,
  stamp,
});

/** Neighbouring gaps with the same story are told as one. */
export function joinGaps(gaps: readonly GapFields[]): GapFields[] {
  const joined: GapFields[] = [];
  for (const gap of gaps) {
    const last = joined.at(-1);
    if (last && last.to + 1 === gap.from && sameStory(last, gap)) {
      joined[joined.length - 1] = { ...last, to: gap.to, count: last.count + gap.count };
    } else joined.push(gap);
  }
  return joined;
}

const sameStory = (x: GapFields, y: GapFields): boolean =>
  x.epoch === y.epoch &&
  x.lane === y.lane &&
  x.reason === y.reason &&
  JSON.stringify(x.uplinks) === JSON.stringify(y.uplinks);
