import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/devices/turns.ts';

const numRuns = process.env.GATELODGE_LONG ? 5000 : 300;

const visitors = fc.array(
  fc.record({
    arrives: fc.nat(20),
    stays: fc.nat(6),
    /** Has had enough after so many ticks. */
    patience: fc.option(fc.nat(15), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 25 },
);

describe('turns', () => {
  it('are had one at a time, in order of arrival, by all who wait long enough; the impatient leave at once', async () => {
    await fc.assert(
      fc.asyncProperty(visitors, async (given) => {
        const turns = new Turns();
        const tick = makeTicks();
        let inside = 0;
        const served: number[] = [];
        const left: number[] = [];
        const visits = given.map(async ({ arrives, stays, patience }, who) => {
          await tick.after(arrives);
          const enough = new AbortController();
          if (patience !== undefined) void tick.after(patience).then(() => enough.abort(new Error('enough')));
          try {
            await turns.take(enough.signal);
          } catch (reason) {
            expect(reason).toMatchObject({ message: 'enough' });
            left.push(who);
            return;
          }
          inside += 1;
          expect(inside).toBe(1);
          served.push(who);
          await tick.after(stays);
          inside -= 1;
          turns.giveBack();
        });
        const all = Promise.all(visits);
        await tick.run(400);
        await all;

        expect(served.length + left.length).toBe(given.length);
        const order = served.map((who) => given[who]?.arrives ?? 0);
        expect(order).toEqual([...order].sort((x, y) => x - y));
        for (const who of left) expect(given[who]?.patience).toBeDefined();
        // Nobody has it now.
        await turns.take(new AbortController().signal);
      }),
      { numRuns },
    );
  });

  it('barged into are had by the next one only when both have given theirs back', async () => {
    const turns = new Turns();
    const { signal } = new AbortController();
    await turns.take(signal);
    turns.barge();
    let mine = false;
    const third = turns.take(signal).then(() => {
      mine = true;
    });
    turns.giveBack();
    await new Promise(setImmediate);
    expect(mine).toBe(false);
    turns.giveBack();
    await third;
    expect(mine).toBe(true);
  });

  it('of the one who is next come before those who have waited longer', async () => {
    const turns = new Turns();
    const { signal } = new AbortController();
    await turns.take(signal);
    const order: string[] = [];
    const waits = (['last', 'next'] as const).map(async (place) => {
      await turns.take(signal, place);
      order.push(place);
      turns.giveBack();
    });
    turns.giveBack();
    await Promise.all(waits);
    expect(order).toEqual(['next', 'last']);
  });
});

/** A world of ticks: everything that is ready happens between two. */
function makeTicks() {
  const waiting: { readonly due: number; readonly go: () => void }[] = [];
  let now = 0;
  return {
    after: (ticks: number) =>
      new Promise<void>((go) => {
        waiting.push({ due: now + ticks, go });
      }),
    run: async (most: number) => {
      for (; now < most && waiting.length > 0; now += 1) {
        const ready = waiting.filter(({ due }) => due <= now);
        for (const one of ready) {
          waiting.splice(waiting.indexOf(one), 1);
          one.go();
        }
        await new Promise(setImmediate);
      }
    },
  };
}
