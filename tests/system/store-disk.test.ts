import { describe, expect, it } from 'vitest';
import type { FaultyDisk } from '../support/disk/diskfault.ts';
import { History, idOf } from '../support/store-history.ts';
import { drain, judge } from '../support/store-judge.ts';
import { type Ended, LOADS, type Load, type Machine, machine, run } from '../support/store-rig.ts';
import { openTestStore } from '../support/store-world.ts';
import { Tally } from '../support/tally.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const LOAD: Load = {
  ...LOADS.roomy,
  seed: 1,
  worker: true,
  turns: 0,
  loose: true,
  queue_records: 1500,
  synchronous: 'FULL',
};

interface Watched {
  readonly disk: FaultyDisk;
  /** Waits until that is true of what the process has said. */
  readonly until: (what: string, claim: (history: History) => boolean) => Promise<void>;
}

/** Lets a process perceive without a pause, does something to its disk, and closes it. */
async function live(card: Machine, meddle: (watched: Watched) => Promise<void>): Promise<Ended> {
  let meddling: Promise<void> | undefined;
  const ended = await run(
    card,
    () => {},
    ({ disk, log, end }) => {
      const claim = async (what: string, holds: (history: History) => boolean) =>
        void (await until(what, () => holds(History.read(log)), 60_000));
      meddling = meddle({ disk, until: claim }).finally(end);
    },
  );
  await meddling;
  return ended;
}

const lanesOf = ({ accepted, rejected }: History) =>
  new Set([...rejected.keys()].map((id) => accepted.get(id)?.lane));

/** Everything that was accepted and not refused became durable, and is there. */
async function expectKept(card: Machine, { history, code, stderr }: Ended): Promise<void> {
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(history.closed).toBe(1);
  const open = [...history.accepted.keys()].filter(
    (id) => !history.durable.has(id) && !history.rejected.has(id),
  );
  expect(open).toEqual([]);
  expect((await judge(card.file, history, card.load.quota_bytes)).complaints).toEqual([]);
}

type Act = (disk: FaultyDisk) => void;
const TROUBLES: readonly (readonly [string, Act, Act])[] = [
  ['I/O errors', (disk) => disk.fail('EIO'), (disk) => disk.fail('none')],
  ['no room to grow', (disk) => disk.fill(), (disk) => disk.fill(false)],
  ['a read-only remount', (disk) => disk.fail('EROFS'), (disk) => disk.fail('none')],
  ['no space at all', (disk) => disk.fail('ENOSPC'), (disk) => disk.fail('none')],
];

describe('a disk that refuses while the store runs', () => {
  it.each(TROUBLES.slice(0, LONG ? 4 : 2))(
    'SF-10 (store): is told, outlived and forgotten, and costs no alarm: %s',
    async (_, hurt, heal) => {
      const card = machine(tempFolder(), LOAD);

      const ended = await live(card, async ({ disk, until: claim }) => {
        await claim('it stores', ({ durable }) => durable.size > 50);
        hurt(disk);
        await claim('memory is full', ({ rejected }) => rejected.size > 200);
        // Longer than it takes to open the file afresh, in vain.
        await claim(
          'it has tried again and again',
          ({ raised }) => raised.filter((text) => /^store-failed/.test(text)).length > 12,
        );
        heal(disk);
        const before = History.read(card.log).durable.size;
        await claim(
          'it stores again',
          ({ durable, facts }) => durable.size > before + 1600 && facts.size === 0,
        );
      });

      await expectKept(card, ended);
      const { history } = ended;
      expect(lanesOf(history).has('a')).toBe(false);
      expect(lanesOf(history).has('c')).toBe(true);
      expect(new Set(history.rejected.values())).toEqual(new Set(['store.full-memory']));
      expect(history.raised.some((text) => text.startsWith('outbox-memory-full: '))).toBe(true);
      expect(await toldLost(card)).toBe(history.rejected.size);
    },
    90_000,
  );

  it('SF-8 (store): a disk that stalls holds up nobody who perceives, and is told', async () => {
    const card = machine(tempFolder(), LOAD);

    const ended = await live(card, async ({ disk, until: claim }) => {
      await claim('it stores', ({ durable }) => durable.size > 50);
      disk.stall(400);
      const before = History.read(card.log).accepted.size;
      await claim('it is told', ({ facts }) => facts.has('store-slow'));
      await claim('it perceives meanwhile', ({ accepted }) => accepted.size > before + 100);
      disk.stall(0);
      await claim('it is over', ({ facts }) => !facts.has('store-slow'));
    });

    await expectKept(card, ended);
  }, 90_000);

  it('SF-21 (store): closing commits all that was accepted, though each sync takes its time', async () => {
    const card = machine(tempFolder(), LOAD);

    const ended = await live(card, async ({ disk, until: claim }) => {
      await claim('it stores', ({ durable }) => durable.size > 50);
      disk.stall(150);
      await claim('some wait', ({ accepted, durable }) => accepted.size > durable.size + 20);
    });

    await expectKept(card, ended);
    expect(ended.history.rejected.size).toBe(0);
    const store = await openTestStore({
      file: card.file,
      clock: new VirtualClock(),
      uplinks: ['main', 'slow'],
    });
    await store.outbox.close();
    expect(store.opened.clean).toBe(true);
  }, 90_000);

  it('SF-21 (store): closing gives up on a disk that refuses to the last, and says so to all who wait', async () => {
    const card = machine(tempFolder(), LOAD);

    const ended = await live(card, async ({ disk, until: claim }) => {
      await claim('it stores', ({ durable }) => durable.size > 50);
      disk.fail('EIO');
      await claim('some wait', ({ accepted, durable }) => accepted.size > durable.size + 20);
    });

    const { history, code } = ended;
    expect([code, history.closed]).toEqual([0, 1]);
    expect(history.durable.size + history.rejected.size).toBe(history.accepted.size);
    expect(new Set(history.rejected.values())).toEqual(new Set(['store.failed']));
    expect((await judge(card.file, history, LOAD.quota_bytes)).complaints).toEqual([]);
  }, 90_000);
});

/** How many records the store's own records say were refused. */
async function toldLost({ file, load }: Machine): Promise<number> {
  const clock = new VirtualClock();
  const store = await openTestStore({
    file,
    clock,
    quota_bytes: load.quota_bytes,
    uplinks: ['main', 'slow'],
  });
  const tally = new Tally('slow');
  await drain(store.outbox, 'slow', tally);
  await store.outbox.close();
  const told = tally.all().filter((record) => idOf(record) === undefined && record.kind === 'event');
  return told.reduce((sum, record) => {
    if (record.kind !== 'event' || record.name !== 'records-lost') return sum;
    const { lost_a, lost_b, lost_c } = record.fields;
    return sum + Number(lost_a) + Number(lost_b) + Number(lost_c);
  }, 0);
}
