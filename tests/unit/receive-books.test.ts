import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ack, Acks } from '../../src/receive/acks.ts';
import { Catalogue } from '../../src/receive/catalogue.ts';
import { presence } from '../../src/receive/presence.ts';
import { Ranges, Seqs } from '../../src/receive/seqs.ts';
import { inventoryPages } from '../../src/uplink/messages.ts';
import type { InventoryMessage, Status } from '../../src/uplink/shapes/index.ts';
import { shaOf } from '../support/memory-outbox.ts';

const ack = (more: Partial<Ack> = {}): Ack => ({
  site: 'riverside',
  gateway: 'gate-1',
  epoch: '00112233445566aa',
  lane: 'c',
  ranges: [],
  nacks: [],
  replay: [],
  ...more,
});

describe('acknowledgements that wait', () => {
  it('go at once, then merged and half a second apart, each lane for itself', () => {
    const acks = new Acks();
    acks.add(ack({ ranges: [[1, 10]] }));
    expect(acks.due(1000).map(({ ranges }) => ranges)).toEqual([[[1, 10]]]);

    acks.add(ack({ ranges: [[21, 30]] }));
    acks.add(ack({ ranges: [[11, 20]], nacks: [{ seq: 31, reason: 'no' }] }));
    acks.add(ack({ lane: 'a', ranges: [[5, 5]] }));

    expect(acks.due(1100).map(({ lane }) => lane)).toEqual(['a']);
    expect(acks.next()).toBe(1500);
    expect(acks.due(1499)).toEqual([]);
    expect(acks.due(1500)).toMatchObject([{ lane: 'c', ranges: [[11, 30]], nacks: [{ seq: 31 }] }]);
    expect(acks.next()).toBeUndefined();
  });

  it('are never more than two a second of a lane, whatever comes, and lose no seq', () => {
    const moments = fc.array(fc.nat(120), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(moments, (pauses) => {
        const acks = new Acks();
        const sent: { at: number; ack: Ack }[] = [];
        let now = 0;
        const pass = (until: number) => {
          for (let next = acks.next(); next !== undefined && next <= until; next = acks.next())
            for (const one of acks.due(Math.max(now, next))) sent.push({ at: Math.max(now, next), ack: one });
        };
        for (const [seq, pause] of pauses.entries()) {
          pass(now + pause);
          now += pause;
          acks.add(ack({ ranges: [[seq + 1, seq + 1]] }));
        }
        pass(now + 1000);
        const told = sent.flatMap(({ ack: { ranges } }) => ranges);
        expect(told.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBe(pauses.length);
        for (const [index, { at }] of sent.entries())
          expect(at - (sent[index - 1]?.at ?? -500)).toBeGreaterThanOrEqual(500);
      }),
    );
  });

  it('are cut to what a gateway takes, and the rest follows', () => {
    const acks = new Acks();
    const nacks = Array.from({ length: 1000 }, (_, index) => ({ seq: index + 1, reason: 'x'.repeat(200) }));
    acks.add(ack({ nacks, ranges: [[2000, 3000]] }));
    const sent = [1000, 1500, 2000, 2500].flatMap((now) => acks.due(now));
    for (const one of sent) expect(JSON.stringify(one).length).toBeLessThan(200_000);
    expect(sent.flatMap((one) => one.nacks)).toEqual(nacks);
    expect(sent.flatMap((one) => one.ranges)).toEqual([[2000, 3000]]);
    expect(acks.next()).toBeUndefined();
  });
});

describe('the seqs that came', () => {
  const some = fc.uniqueArray(fc.integer({ min: 1, max: 200_000 }), { maxLength: 60 });
  const bounds = fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 200_000 }));

  it('give the holes and the digest that a plain list gives, in any range', () => {
    fc.assert(
      fc.property(some, some, bounds, (b, c, [x, y]) => {
        const [from, to] = [Math.min(x, y), Math.max(x, y)];
        const seqs = new Seqs();
        const lanes = new Map<number, 'b' | 'c'>();
        for (const [lane, list] of [
          ['b', b],
          ['c', c],
        ] as const)
          for (const seq of list) {
            expect(seqs.add(seq, lane)).toBe(!lanes.has(seq));
            if (!lanes.has(seq)) lanes.set(seq, lane);
          }
        const inside = [...lanes.keys()]
          .filter((seq) => from <= seq && seq <= to)
          .sort((one, other) => one - other);
        const holes = [from - 1, ...inside, to + 1].flatMap((seq, index, all) => {
          const next = all[index + 1] ?? seq + 1;
          return next - seq > 1 ? [[seq + 1, next - 1]] : [];
        });
        expect(seqs.missing([from, to])).toEqual(holes);
        const ofLane = inside.filter((seq) => lanes.get(seq) === 'c');
        expect(seqs.digest('c', [from, to])).toEqual({ count: ofLane.length, sha256: shaOf(ofLane) });
        expect(seqs.count).toBe(lanes.size);
      }),
    );
  });

  it('are counted over a range of any length without looking at each number', () => {
    const seqs = new Seqs();
    const far = Number.MAX_SAFE_INTEGER - 1;
    for (const seq of [1, 70_000, far]) seqs.add(seq, 'c');
    expect(seqs.missing([1, far])).toEqual([
      [2, 69_999],
      [70_001, far - 1],
    ]);
    expect(seqs.digest('c', [1, far])).toEqual({ count: 3, sha256: shaOf([1, 70_000, far]) });
  });

  it('join up from 1, or do not', () => {
    const ranges = new Ranges();
    expect([ranges.reaches(0), ranges.reaches(1)]).toEqual([true, false]);
    ranges.add([11, 20]);
    expect(ranges.reaches(20)).toBe(false);
    ranges.add([1, 10]);
    expect([ranges.reaches(20), ranges.reaches(21)]).toEqual([true, false]);
  });
});

describe('presence', () => {
  const status = (more: Partial<Status>): Status => ({
    v: 1,
    gateway: 'gate-1',
    state: 'online',
    connect_id: 5,
    contract: { version: 1, min: 1 },
    versions: {},
    epoch: '00112233445566aa',
    boot: 'boot-1',
    clock: 'synced',
    ...more,
  });
  const after = (...words: Partial<Status>[]) =>
    words.reduce<ReturnType<typeof presence> | undefined>(
      (before, word) => presence(before, status(word)),
      undefined,
    );

  it.each([
    ['a will of this connection', [{}, { state: 'offline' }], false],
    ['an old will that comes late', [{ connect_id: 6 }, { state: 'offline', connect_id: 5 }], true],
    ['a goodbye, then a new connection', [{}, { state: 'offline' }, { connect_id: 6 }], true],
    [
      'a will of a database that is gone',
      [
        { connect_id: 90 },
        { connect_id: 1, epoch: 'ffeeddccbbaa9988' },
        { state: 'offline', connect_id: 90 },
      ],
      true,
    ],
    [
      'a will of a database nobody heard of',
      [{}, { state: 'offline', connect_id: 99, epoch: 'ffeeddccbbaa9988' }],
      true,
    ],
    ['a state that a later version adds', [{}, { state: 'asleep' }], false],
  ])('after %s is right', (_what, words, online) => {
    expect(after(...words)?.online).toBe(online);
  });
});

describe('an inventory in pages', () => {
  const devices = Array.from({ length: 30 }, (_, index) => ({
    id: `air-${index}`,
    driver: 'pms5003',
    points: { pm: { kind: 'number', about: `Number ${index}.` } },
  }));
  // Made by our own end, which the schema test covers.
  const pages = inventoryPages({ revision: 4, devices }, 'gate-1', 1000) as InventoryMessage[];

  it('is whole when its last page came, in any order, and more than once', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(pages, { minLength: pages.length }), (shuffled) => {
        const catalogue = new Catalogue();
        const [first = pages[0], ...rest] = shuffled;
        for (const page of [first, first, ...rest.slice(0, -1)])
          if (page) expect(catalogue.add(page, page)).toBeUndefined();
        const last = rest.at(-1);
        expect(last && catalogue.add(last, last)).toEqual(devices);
      }),
      { numRuns: 20 },
    );
    expect(pages.length).toBeGreaterThan(3);
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(1000);
  });

  it('is refused when it is not what its hash says', () => {
    const [page] = inventoryPages(
      { revision: 1, devices: devices.slice(0, 2) },
      'gate-1',
      60_000,
    ) as InventoryMessage[];
    if (!page) throw new Error('there is always a page 0');
    expect(page.hash).toBe(
      createHash('sha256')
        .update(JSON.stringify(devices.slice(0, 2)))
        .digest('hex'),
    );
    const forged = { ...page, devices: devices.slice(1, 3) };
    expect(() => new Catalogue().add(forged, forged)).toThrow(/hash/);
  });
});
