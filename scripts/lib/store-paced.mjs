// Stores readings at an even pace, one group commit a second, in virtual time, and says what that cost the disk once the log is in its steady
// state: node store-paced.mjs FOLDER RATE online|offline (under disk-counter.mjs)
import { join } from 'node:path';
import { handClock, open, secondOf } from '../bench.d/store.mjs';
import { counters } from './disk-counter.mjs';

const [folder, rate, line] = process.argv.slice(2);
const devices = Math.max(1, Number(rate) / 10);
const WARM = 400;
const SECONDS = 1200;

const clock = handClock();
const { outbox } = await open(join(folder, `paced-${rate}-${line}.db`), clock, undefined, {
  commit_ms: 1000,
});
await outbox.connect('bench');
const second = async (index) => {
  const stored = outbox.append(secondOf(index, clock.now().up, devices));
  clock.pass(1000);
  await stored;
  if (line !== 'online') return;
  const lease = await outbox.lease('bench', { lane: 'c', head: 'live', max_bytes: 1e6, max_records: 1e6 });
  await outbox.settle('bench', { epoch: lease.epoch, lane: 'c', ranges: [lease.covers], nacks: [] });
};
for (let index = 0; index < WARM; index += 1) await second(index);
const before = counters();
for (let index = 0; index < SECONDS; index += 1) await second(WARM + index);
const after = counters();
await outbox.close();
const readings = SECONDS * devices * 10;
const spent = (name) => after[name] - before[name];
process.stdout.write(
  JSON.stringify({
    readings,
    blocks: spent('blocks'),
    bytes: spent('bytes'),
    syncs: spent('fsyncs') + spent('fdatasyncs'),
  }),
);
