import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LANES, type Lane } from '../../src/model/index.ts';
import { openInProcess } from '../../src/store/backend.ts';
import type { Batch } from '../../src/store/protocol.ts';
import { openStoreOver } from '../../src/store/store.ts';
import { healthNotes } from '../support/quiet.ts';
import { countedBytes, event, reading } from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUNS = process.env.GATELODGE_LONG ? 300 : 30;

/** A store whose transactions are seen as they go to the disk. */
async function watched() {
  const clock = new VirtualClock();
  const batches: Batch[] = [];
  const store = await openStoreOver(
    async (options) => {
      const backend = await openInProcess(options);
      return {
        ...backend,
        call: (method, ...args) => {
          const [first] = args;
          // Of a commit the first argument is its batch.
          if (method === 'commit') batches.push(first as Batch);
          return backend.call(method, ...args);
        },
      };
    },
    {
      ...{ file: join(tempFolder(), 'store.db'), clock, health: healthNotes(), randomBytes: countedBytes },
      ...{ quota_bytes: 2 ** 24, uplinks: [], machine: 'one', commit_ms: 900 },
    },
  );
  return { clock, batches, ...store };
}

/** The appends whose records a transaction holds (`3 c`: of the third one, in that lane), and the numbers of those whose values it holds. */
function numbersIn({ ops, b, c, state }: Batch) {
  const entries = [...ops.flatMap((op) => (op.op === 'append' ? op.entries : [])), ...b, ...c];
  const told = entries.map(
    (entry) => `${entry.kind === 'reading' ? entry.value : entry.fields.n} ${entry.lane}`,
  );
  return {
    told: new Set(told),
    kept: state.flatMap(({ value }) => (typeof value?.n === 'number' ? [value.n] : [])),
  };
}

it('what is kept with records is in the transaction of the last of their lanes, and in no other, whatever else is going on', async () => {
  const step = fc.record({
    lanes: fc.array(fc.constantFrom<Lane>('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
    wait: fc.constantFrom(0, 0, 1, 500, 1000),
    beside: fc.constantFrom('nothing', 'set', 'alarm'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { clock, batches, outbox, state } = await watched();
      for (const [index, { lanes, wait, beside }] of steps.entries()) {
        const n = index + 1;
        const entries = lanes.map((lane) =>
          lane === 'a' ? event('a', 'told', clock.now(), { n }) : reading(lane, n, clock.now()),
        );
        void outbox.append(entries, [{ owner: 'mark', name: `of-${n}`, value: { n } }]);
        if (beside === 'set') void state.set('other', 'x', { sum: n });
        if (beside === 'alarm') void outbox.append([event('a', 'alarm', clock.now())]);
        if (wait > 0) await clock.advance(wait);
      }
      const closed = outbox.close();
      await clock.advance(1000);
      await closed;

      const stored = batches.map(numbersIn);
      for (const [index, { lanes }] of steps.entries()) {
        const n = index + 1;
        const lane = LANES.findLast((one) => lanes.includes(one));
        const its = stored.findIndex(({ told }) => told.has(`${n} ${lane}`));
        expect(stored.flatMap(({ kept }, at) => (kept.includes(n) ? [at] : []))).toEqual([its]);
      }
    }),
    { numRuns: RUNS },
  );
});
