import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../src/contracts/index.ts';
import { healthNotes } from '../support/quiet.ts';
import { ALL, builtWorker, event, openTestStore, reading, recordsIn } from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const FAULTY = new URL('../support/store-worker-faulty.mjs', import.meta.url).href;

describe('the thread of the store', () => {
  let clock: VirtualClock;
  let health: ReturnType<typeof healthNotes>;
  let folder: string;

  beforeEach(() => {
    builtWorker();
    clock = new VirtualClock();
    health = healthNotes();
    folder = tempFolder();
  });

  /** A store whose thread has that fault, once. */
  async function open(fault: 'die' | 'mute', at: number, asked = 'commit'): Promise<Store> {
    const module = join(folder, 'worker.mjs');
    const wish = JSON.stringify({ fault, at, asked, happened: join(folder, 'happened') });
    writeFileSync(module, `import { beFaulty } from '${FAULTY}';\nawait beFaulty(${wish});\n`);
    const worker = pathToFileURL(module);
    const store = await openTestStore({ file: join(folder, 'store.db'), clock, health, worker });
    onTestFinished(() => store.outbox.close());
    return store;
  }
  const alarm = (number: number) => event('a', 'alarm', clock.now(), { number });
  /** Lets time pass until that is so. */
  const pass = (what: string, claim: () => boolean) =>
    until(what, async () => {
      if (!claim()) await clock.advance(100);
      return claim();
    });
  const numbers = async ({ outbox }: Store) =>
    (await outbox.read('a', { epoch: outbox.epoch, seq: 1 }, 100)).flatMap((record) =>
      record.kind === 'event' ? [record.fields.number] : [],
    );

  it('is replaced when it dies, and nothing that was accepted is lost or doubled', async () => {
    const store = await open('die', 3);
    const { epoch } = store.outbox;
    await store.outbox.append([alarm(1)]);
    await store.outbox.append([alarm(2)]);

    let stored = 0;
    const waiting = [3, 4].map((number) => store.outbox.append([alarm(number)]).then(() => (stored += 1)));
    const telemetry = store.outbox.append([reading('c', 1, clock.now())]);
    await pass('both are stored', () => stored === 2);
    await store.outbox.flush();

    await Promise.all([...waiting, telemetry]);
    expect(await numbers(store)).toEqual([1, 2, 3, 4]);
    expect(store.outbox.epoch).toBe(epoch);
    expect(health.ever).toContain('store-failed ');
    expect([...health.raised]).toEqual([]);
    const boots = (await store.outbox.read('a', { epoch, seq: 1 }, 100)).filter(
      ({ kind }) => kind === 'boot',
    );
    expect(boots.map((record) => record.kind === 'boot' && record.fields.clean)).toEqual([false, false]);
  });

  it('is found dead though nothing is to be stored, and leases go on', async () => {
    const store = await open('die', 1, 'quarantine');
    await store.outbox.append([alarm(1)]);
    await store.outbox.connect('main');

    await expect(store.outbox.quarantine()).rejects.toMatchObject({ code: 'store.failed' });
    await pass('it is told', () => health.ever.has('store-failed '));
    await pass('it is over', () => !health.raised.has('store-failed '));

    const lease = await store.outbox.lease('main', { lane: 'a', head: 'backlog', ...ALL });
    expect(lease && recordsIn(lease).some(({ kind }) => kind === 'event')).toBe(true);
    expect(await store.outbox.quarantine()).toEqual([]);
  });

  it('never gives a lease the id of one from before it died', async () => {
    const store = await open('die', 3);
    await store.outbox.append([alarm(1)]);
    await store.outbox.append([alarm(2)]);
    await store.outbox.connect('main');
    const want = { lane: 'a', head: 'backlog', ...ALL, max_records: 1 } as const;
    const old = [await store.outbox.lease('main', want), await store.outbox.lease('main', want)];
    let stored = false;
    const third = store.outbox.append([alarm(3)]).then(() => {
      stored = true;
    });
    await pass('it is stored', () => stored);
    await third;

    const again = await store.outbox.lease('main', want);
    // An uplink that still holds the old one refuses it.
    await store.outbox.refuse('main', old[0]?.id ?? 0, 'too large');
    await store.outbox.flush();

    expect(old.map((lease) => lease?.id)).not.toContain(again?.id);
    expect(await store.outbox.quarantine()).toEqual([]);
  });

  it('SF-21 (store): is not waited for longer than ten seconds when its disk never answers', async () => {
    const store = await open('mute', 2);
    await store.outbox.append([alarm(1)]);
    const stuck = store.outbox.append([alarm(2)]);
    await until('its thread waits for the disk', () => existsSync(join(folder, 'happened')));
    const behind = store.outbox.append([reading('c', 1, clock.now())]);
    const value = store.state.set('rule', 'window', { sum: 1 });
    const told = Promise.allSettled([stuck, behind, value]);

    let closed = false;
    const closing = store.outbox.close().then(() => {
      closed = true;
    });
    await clock.advance(9_999);
    expect(closed).toBe(false);
    await clock.advance(1);
    await closing;

    for (const result of await told) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store.failed' } });
    }
  });
});
