import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, openPart, type SeqRange } from '../../src/model/index.ts';
import { adler32 } from '../../src/store/adler.ts';
import { packEntries, slicePart, unpack } from '../../src/store/segment.ts';
import { addAll, holdsAll, intersect, type Spans, subtract } from '../../src/store/spans.ts';

const range = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 12 }))
  .map(([from, more]): SeqRange => [from, from + more]);
const spans = fc.array(range, { maxLength: 8 }).map((ranges): Spans => addAll([], ranges));
/** The seqs of spans one by one: the same sets, without the cleverness. */
const seqs = (ranges: Spans): Set<number> =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index)));

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    kind: fc.constant('reading' as const),
    lane: fc.constant('c' as const),
    device: fc.constantFrom('one', 'two'),
    point: fc.constantFrom('level', 'mode'),
    value: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
    ),
    quality: fc.constantFrom('good' as const, 'stale' as const, 'suspect' as const),
    stamp: fc.record({ boot: fc.constantFrom('boot-1', 'boot-2'), up: fc.nat(1e6) }),
  }),
  fc.record({
    kind: fc.constant('event' as const),
    lane: fc.constant('c' as const),
    subject: fc.string(),
    name: fc.string(),
    fields: fc.record({ text: fc.string({ unit: 'grapheme' }), count: fc.nat() }),
    stamp: fc.record({ boot: fc.constantFrom('boot-1', 'boot-2'), up: fc.nat(1e6) }),
  }),
);

describe('sets of seqs', () => {
  it('hold what their lists of ranges say', () => {
    fc.assert(
      fc.property(spans, spans, range, (x, y, one) => {
        expect(seqs(intersect(x, y))).toEqual(new Set([...seqs(x)].filter((seq) => seqs(y).has(seq))));
        expect(seqs(subtract(x, y))).toEqual(new Set([...seqs(x)].filter((seq) => !seqs(y).has(seq))));
        expect(seqs(addAll(x, y))).toEqual(new Set([...seqs(x), ...seqs(y)]));
        expect(holdsAll(x, one)).toBe([...seqs([one])].every((seq) => seqs(x).has(seq)));
      }),
    );
  });

  it('are kept as few ranges as there can be, in order', () => {
    fc.assert(
      fc.property(spans, (x) => {
        const apart = x.every((one, index) => index === 0 || one[0] > (x[index - 1]?.[1] ?? 0) + 1);
        expect(apart).toBe(true);
      }),
    );
  });
});

describe('segments', () => {
  const packed = (entries: readonly Entry[], first: number) => packEntries(entries, first, 7).packed;

  it('give back what was put in, whatever it was', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 40 }),
        fc.integer({ min: 1, max: 2 ** 40 - 100 }),
        (entries, first) => {
          const records = packed(entries, first).flatMap(({ body }) => openPart(unpack(body), 'c', 'e'));
          const expected = entries.map((one, index) => ({ ...one, epoch: 'e', seq: first + index }));
          expect(records).toEqual(expected);
        },
      ),
    );
  });

  it('can be cut anywhere without changing what is in the pieces', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 30 }),
        fc.nat(),
        fc.nat(),
        (entries, at, more) => {
          const [one] = packed(entries, 100);
          const part = unpack(one?.body ?? new Uint8Array());
          const from = part.first + (at % part.n);
          const to = Math.min(part.first + part.n - 1, from + (more % part.n));
          const piece = openPart(slicePart(part, from, to), 'c', 'e');
          expect(piece).toEqual(openPart(part, 'c', 'e').filter(({ seq }) => from <= seq && seq <= to));
        },
      ),
    );
  });

  it('carry the sum that zlib computes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        expect(adler32(bytes)).toBe(deflateSync(bytes).readUInt32BE(deflateSync(bytes).length - 4));
      }),
      { numRuns: 30 },
    );
  });
});
