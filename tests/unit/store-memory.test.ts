import { beforeEach, describe, expect, it } from 'vitest';
import { isFault } from '../../src/faults/index.ts';
import type { Entry, GapFields, Lane } from '../../src/model/index.ts';
import { joinGaps } from '../../src/store/gap.ts';
import { Lost } from '../../src/store/lost.ts';
import { Append, Queue } from '../../src/store/queue.ts';
import { packEntries } from '../../src/store/segment.ts';
import { Settings } from '../../src/store/settings.ts';
import { event } from '../support/store-world.ts';

const at = (up: number, boot = 'boot-1') => ({ boot, up });

describe('the memory queue', () => {
  let lost: Lost;
  let queue: Queue;
  let refused: string[];

  beforeEach(() => {
    lost = new Lost();
    queue = new Queue(10, lost);
    refused = [];
  });

  /** Offers records of a lane; says whether they were taken. */
  function offer(lane: Lane, name: string, count: number, beside = 0): boolean {
    const append = new Append(count);
    append.done.catch((error) => refused.push(`${name}: ${isFault(error) && error.code}`));
    const entries = Array.from({ length: count }, (_, index): Entry => event(lane, name, at(index)));
    const chunk = { append, entries, places: undefined, riders: [] };
    const taken = queue.hasRoom(lane, chunk, beside);
    if (taken && lane !== 'a') queue.add(lane, chunk);
    return taken;
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('refuses lane c when it is full, and takes lane b for it as long as there is any', async () => {
    expect(offer('c', 'c1', 4)).toBe(true);
    expect(offer('c', 'c2', 4)).toBe(true);
    expect(offer('c', 'c3', 4)).toBe(false);
    expect(offer('b', 'b1', 6)).toBe(true);
    expect(offer('b', 'b2', 6)).toBe(false);
    await settled();
    expect(refused).toEqual([
      'c3: store.full-memory',
      'c1: store.full-memory',
      'c2: store.full-memory',
      'b2: store.full-memory',
    ]);
    expect(lost.show('memory')).toBe('0 of lane a, 6 of lane b, 12 of lane c');
    expect(queue.pending).toBe(6);
  });

  it('gives up the oldest of both for lane a, and refuses that only when nothing is left', async () => {
    offer('c', 'c1', 4);
    offer('b', 'b1', 4);
    expect(offer('a', 'a1', 3, 0)).toBe(true);
    expect(offer('a', 'a2', 5, 3)).toBe(true);
    expect(offer('a', 'a3', 3, 8)).toBe(false);
    await settled();
    expect(refused).toEqual(['c1: store.full-memory', 'b1: store.full-memory', 'a3: store.full-memory']);
  });

  it('does not refuse lane a because of what a transaction has taken, which may be all there is', () => {
    offer('c', 'c1', 10);
    queue.take(100);
    expect(offer('a', 'a1', 4, 0)).toBe(true);
    expect(offer('a', 'a2', 7, 4)).toBe(false);
  });

  it('never gives up what a transaction has taken', () => {
    offer('c', 'c1', 8);
    const taken = queue.take(100);
    expect(offer('b', 'b1', 4)).toBe(false);
    queue.putBack(taken);
    expect(queue.pending).toBe(8);
    expect(queue.take(100).c).toHaveLength(1);
  });

  it('tells once what it refused, and from when to when', () => {
    offer('c', 'c1', 10);
    offer('c', 'c2', 3);
    expect(lost.take('memory', at(99))).toMatchObject({
      lane: 'a',
      name: 'records-lost',
      fields: { reason: 'memory', lost_a: 0, lost_b: 0, lost_c: 3, from_up: 0, to_up: 2 },
    });
    expect(lost.take('memory', at(99))).toBeUndefined();
  });
});

describe('values that wait', () => {
  const set = (value: number, name = 'x') => ({ owner: 'rule', name, value: { value } });
  const done: string[] = [];
  const add = (settings: Settings, value: number, name = 'x') =>
    void settings.add(set(value, name)).then(
      () => done.push(`${name}${value}`),
      () => done.push(`${name}${value} refused`),
    );
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  let settings: Settings;
  beforeEach(() => {
    settings = new Settings();
    done.length = 0;
  });

  it('take each other’s place, and all who wait are told when the newest is stored', async () => {
    for (let value = 1; value <= 1000; value += 1) add(settings, value);
    add(settings, 1, 'y');
    const taken = settings.take();
    expect(taken.map(({ set: one }) => [one.name, one.value])).toEqual([
      ['x', { value: 1000 }],
      ['y', { value: 1 }],
    ]);
    settings.stored();
    await settled();
    expect(done).toHaveLength(1001);
  });

  it('are seen while they are under way, and until then the newer one', () => {
    add(settings, 1);
    settings.take();
    expect(settings.find('rule', 'x')?.value).toEqual({ value: 1 });
    add(settings, 2);
    expect(settings.find('rule', 'x')?.value).toEqual({ value: 2 });
    settings.stored();
    expect(settings.find('rule', 'x')?.value).toEqual({ value: 2 });
  });

  it('wait again when they could not be stored, unless a newer one has come', async () => {
    add(settings, 1);
    add(settings, 1, 'y');
    settings.take();
    add(settings, 2);
    settings.putBack();
    expect(settings.take().map(({ set: one }) => one.value)).toEqual([{ value: 2 }, { value: 1 }]);
    settings.stored();
    await settled();
    expect(done.sort()).toEqual(['x1', 'x2', 'y1']);
  });

  it('are given up together in the end', async () => {
    add(settings, 1);
    settings.take();
    add(settings, 2);
    settings.reject(new Error('no'), true);
    await settled();
    expect(done).toEqual(['x1 refused', 'x2 refused']);
    expect(settings.any).toBe(false);
  });
});

describe('parts', () => {
  const firsts = (entries: readonly Entry[]) =>
    packEntries(entries, 10, 1).packed.map(({ first, n, boot }) => [first, n, boot]);

  it('are of one boot each, and of a thousand records at most', () => {
    const many = Array.from({ length: 1500 }, (_, index) => event('c', 'x', at(index)));
    expect(firsts(many)).toEqual([
      [10, 1000, 'boot-1'],
      [1010, 500, 'boot-1'],
    ]);
    expect(
      firsts([event('c', 'x', at(1)), event('c', 'x', at(1, 'boot-2')), event('c', 'x', at(2, 'boot-2'))]),
    ).toEqual([
      [10, 1, 'boot-1'],
      [11, 2, 'boot-2'],
    ]);
  });

  it('begin anew with the inventory they are taken under', () => {
    const inventory: Entry = { ...event('a', 'inventory', at(2), { revision: 5 }), kind: 'inventory' };
    const { packed, rev } = packEntries([event('a', 'x', at(1)), inventory, event('a', 'x', at(3))], 1, 4);
    expect(packed.map(({ first, n }) => [first, n])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(rev).toBe(5);
  });
});

describe('gaps', () => {
  const gap = (from: number, to: number, more: Partial<GapFields> = {}): GapFields => {
    return {
      epoch: 'e',
      lane: 'c',
      from,
      to,
      count: to - from + 1,
      reason: 'quota',
      uplinks: ['main'],
      ...more,
    };
  };

  it('are told as one when they touch and have the same story', () => {
    expect(joinGaps([gap(1, 4), gap(5, 9), gap(11, 12)])).toEqual([gap(1, 9), gap(11, 12)]);
  });

  it.each([
    ['lane', { lane: 'b' }],
    ['epoch', { epoch: 'f' }],
    ['reason', { reason: 'damaged' }],
    ['uplinks', { uplinks: ['main', 'dead'] }],
  ] as const)('stay apart when their %s differs', (_, more) => {
    expect(joinGaps([gap(1, 4), gap(5, 9, more)])).toHaveLength(2);
  });
});
