import { describe, expect, it } from 'vitest';
import type { Acknowledged, Lease } from '../../src/contracts/index.ts';
import type { SeqRange } from '../../src/model/index.ts';
import { Settler } from '../../src/uplink/settler.ts';
import { Unsettled } from '../../src/uplink/unsettled.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';

const EPOCH = '00112233445566aa';
const ack = (ranges: readonly SeqRange[], more: Partial<Acknowledged> = {}): Acknowledged => ({
  epoch: EPOCH,
  lane: 'c',
  ranges,
  nacks: [],
  ...more,
});
const lease = (id: number, covers: SeqRange, more: Partial<Lease> = {}): Lease => ({
  id,
  epoch: EPOCH,
  lane: 'c',
  head: 'backlog',
  covers,
  records: covers[1] - covers[0] + 1,
  parts: [],
  ...more,
});

describe('batches under way', () => {
  it('are settled by an ack that covers them whole, in the order they were sent, and no other', () => {
    const unsettled = new Unsettled();
    unsettled.add(lease(1, [1, 10]), 100);
    unsettled.add(lease(2, [11, 20]), 200);
    unsettled.add(lease(3, [11, 20], { lane: 'b' }), 300);
    unsettled.add(lease(4, [11, 20], { epoch: 'ffeeddccbbaa9988' }), 300);
    unsettled.add(lease(5, [21, 30]), 400);

    const settled = unsettled.settle(
      ack([
        [5, 25],
        [1, 4],
      ]),
    );

    expect(settled.map((one) => [one.lease.id, one.sent_up])).toEqual([
      [1, 100],
      [2, 200],
    ]);
    expect(unsettled.size).toBe(3);
  });

  it('count a refused record as answered', () => {
    const unsettled = new Unsettled();
    unsettled.add(lease(1, [1, 10]), 100);
    const nacks = [{ seq: 5, reason: 'no' }];
    expect(
      unsettled.settle(
        ack([
          [1, 4],
          [6, 10],
        ]),
      ),
    ).toEqual([]);
    expect(
      unsettled.settle(
        ack(
          [
            [1, 4],
            [6, 10],
          ],
          { nacks },
        ),
      ),
    ).toHaveLength(1);
  });

  it('expire when the platform says nothing for so long after the broker took them, not before it did', () => {
    const unsettled = new Unsettled();
    unsettled.add(lease(1, [1, 10]), 100);
    unsettled.add(lease(2, [11, 20]), 100);
    unsettled.taken(1, 150);
    expect(unsettled.expired(150)).toEqual([]);
    expect(unsettled.expired(151).map((one) => one.lease.id)).toEqual([1]);
    expect(unsettled.expired(10_000)).toEqual([]);
    expect(unsettled.size).toBe(1);
  });

  it('are given up once', () => {
    const unsettled = new Unsettled();
    unsettled.add(lease(1, [1, 10]), 100);
    expect([unsettled.remove(1), unsettled.remove(1)]).toEqual([true, false]);
  });
});

describe('acknowledgements on their way into the store', () => {
  it('go one call at a time; what comes meanwhile is merged', async () => {
    const outbox = new MemoryOutbox();
    const calls: Acknowledged[] = [];
    let open = () => {};
    outbox.settle = async (_, given) => {
      calls.push(given);
      await new Promise<void>((resolve) => {
        open = resolve;
      });
    };
    const settler = new Settler(outbox, 'town');
    const first = settler.settle(ack([[1, 1]]));
    const others = [
      settler.settle(ack([[3, 3]])),
      settler.settle(ack([[2, 2]], { nacks: [{ seq: 9, reason: 'no' }] })),
      settler.settle(ack([[7, 7]], { lane: 'a' })),
    ];
    await turn();
    expect(calls).toHaveLength(1);

    for (let call = 0; call < 3; call += 1) {
      open();
      await turn();
    }
    await Promise.all([first, ...others]);

    expect(calls.slice(1)).toEqual([
      ack([[2, 3]], { nacks: [{ seq: 9, reason: 'no' }] }),
      ack([[7, 7]], { lane: 'a' }),
    ]);
  });

  it('say when the store failed, and go on afterwards', async () => {
    const outbox = new MemoryOutbox();
    const store = outbox.settle.bind(outbox);
    outbox.settle = async () => {
      throw new Error('the disk is full');
    };
    const settler = new Settler(outbox, 'town');
    await expect(settler.settle(ack([[1, 1]]))).rejects.toThrow('the disk is full');
    outbox.settle = store;
    await settler.settle(ack([[2, 2]]));
    expect(outbox.settled.map((one) => one.ack.ranges)).toEqual([[[2, 2]]]);
  });
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
