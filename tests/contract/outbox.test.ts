import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Lease, Outbox, Store } from '../../src/contracts/index.ts';
import type { GapFields, Lane, SeqRange, StoredRecord } from '../../src/model/index.ts';
import {
  ALL,
  builtWorker,
  type Choices,
  event,
  hashOf,
  openTestStore,
  reading,
  recordsIn,
} from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const FORMS = [
  ['in this thread', () => undefined],
  ['in a worker', builtWorker],
] as const;

describe.each(FORMS)('the store %s', (_form, worker) => {
  let clock: VirtualClock;
  let folder: string;

  beforeEach(() => {
    clock = new VirtualClock();
    folder = tempFolder();
  });

  async function open(choices: Partial<Choices> = {}): Promise<Store> {
    const file = join(folder, 'store.db');
    const store = await openTestStore({ file, clock, worker: worker(), ...choices });
    onTestFinished(() => store.outbox.close());
    return store;
  }
  const now = () => clock.now();
  const readings = (lane: 'b' | 'c', count: number, from = 1) =>
    Array.from({ length: count }, (_, index) => reading(lane, from + index, now()));
  const store = async (outbox: Outbox, ...what: Parameters<Outbox['append']>[0]) => {
    const keys = outbox.append(what);
    await outbox.flush();
    return keys;
  };
  const lease = (outbox: Outbox, lane: Lane, want: object = {}, uplink = 'main') =>
    outbox.lease(uplink, { lane, head: 'backlog', ...ALL, ...want });
  const must = async (pending: Promise<Lease | undefined>): Promise<Lease> => {
    const got = await pending;
    if (!got) throw new Error('there is nothing to lease');
    return got;
  };
  const ack = (outbox: Outbox, got: Lease, uplink = 'main') =>
    outbox.settle(uplink, { epoch: got.epoch, lane: got.lane, ranges: [got.covers], nacks: [] });
  const gapsIn = (records: readonly StoredRecord[]): GapFields[] =>
    records.flatMap((record) => (record.kind === 'gap' ? [record.fields as GapFields] : []));
  const allOf = async (outbox: Outbox, lane: Lane) =>
    outbox.read(lane, { epoch: outbox.epoch, seq: 1 }, 100_000);

  describe('appending', () => {
    it('gives consecutive seqs over all lanes, in the order of the call within a lane', async () => {
      const { outbox } = await open();
      const head = (await outbox.stats()).head;
      const keys = await store(
        outbox,
        reading('c', 1, now()),
        event('a', 'alarm', now()),
        reading('b', 2, now()),
        reading('c', 3, now()),
      );
      expect(keys.map(({ seq }) => seq).sort((x, y) => x - y)).toEqual(
        [1, 2, 3, 4].map((step) => head + step),
      );
      const c = (await allOf(outbox, 'c')).map((record) => record.kind === 'reading' && record.value);
      expect(c).toEqual([1, 3]);
      expect(keys[0]?.seq).toBeLessThan(keys[3]?.seq ?? 0);
    });

    it('stores lane a at once and lets b and c wait for the group', async () => {
      const { outbox } = await open();
      await outbox.append([event('a', 'alarm', now())]);
      let grouped = false;
      const waits = outbox.append([reading('c', 1, now())]).then(() => {
        grouped = true;
      });
      await clock.advance(800);
      expect(grouped).toBe(false);
      expect((await outbox.stats()).pending).toBe(1);
      await clock.advance(200);
      await waits;
      expect((await outbox.stats()).pending).toBe(0);
    });

    it('does not wait for the group interval when a thousand records wait', async () => {
      const { outbox } = await open();
      const keys = await outbox.append(readings('c', 1000));
      expect(keys).toHaveLength(1000);
    });

    it('gives back what was put in, with its own time and quality', async () => {
      const { outbox } = await open();
      const put = [
        reading('c', 7, { boot: clock.boot, up: 12.5 }),
        { ...reading('c', 8, now()), value: null, quality: 'suspect' as const },
        { ...reading('c', 9, now()), value: 'open' },
      ];
      const keys = await store(outbox, ...put);
      const got = await allOf(outbox, 'c');
      expect(got).toEqual(put.map((entry, index) => ({ ...entry, ...keys[index] })));
    });

    it('stores what was perceived before the clock was set before the record that says so', async () => {
      const { outbox } = await open();
      const before = outbox.append([reading('c', 1, now())]);
      const clockRecord = { ...event('a', 'offset', now()), kind: 'clock' as const, subject: '' };
      const [told] = await outbox.append([
        {
          ...clockRecord,
          fields: { boot: clock.boot, from_up: 0, offset_ms: 5000, error_ms: 1, source: 'ntp', synced: true },
        },
      ]);
      const [first] = await before;
      expect(first?.seq).toBeLessThan(told?.seq ?? 0);
    });

    it('takes nothing after it was closed, and closes twice', async () => {
      const { outbox } = await open();
      const last = outbox.append([reading('c', 1, now())]);
      await outbox.close();
      await outbox.close();
      await expect(last).resolves.toHaveLength(1);
      await expect(outbox.append([reading('c', 1, now())])).rejects.toMatchObject({ code: 'store.closed' });
      await expect(outbox.stats()).rejects.toMatchObject({ code: 'store.closed' });
    });

    it('tells the maker of a record that cannot be stored, and stores the others', async () => {
      const { outbox } = await open();
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      // Not JSON, on purpose.
      const poison = { ...event('a', 'bad', now()), fields: circular as never };
      const good = outbox.append([event('a', 'good-1', now())]);
      const bad = outbox.append([poison]);
      const after = outbox.append([event('a', 'good-2', now())]);
      await expect(bad).rejects.toMatchObject({ code: 'internal' });
      expect(await good).toHaveLength(1);
      expect(await after).toHaveLength(1);
    });
  });

  describe('leasing', () => {
    it('says nothing is there when nothing is', async () => {
      const { outbox } = await open();
      await outbox.connect('main');
      expect(await lease(outbox, 'c')).toBeUndefined();
      expect(await lease(outbox, 'c', { head: 'live' })).toBeUndefined();
    });

    it('draws the line between backlog and live where the connection began', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 3));
      const { head } = await outbox.connect('main');
      await store(outbox, ...readings('c', 2, 10));
      const old = await must(lease(outbox, 'c'));
      expect(recordsIn(old)).toHaveLength(3);
      expect(old.covers).toEqual([1, head]);
      const live = await must(lease(outbox, 'c', { head: 'live' }));
      expect(recordsIn(live)).toHaveLength(2);
      expect(live.covers[0]).toBe(head + 1);
      expect(live.head).toBe('live');
    });

    it('gives each record out once while leases are out', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 100));
      await outbox.connect('main');
      const leases: Lease[] = [];
      for (
        let got = await lease(outbox, 'c', { max_records: 7 });
        got;
        got = await lease(outbox, 'c', { max_records: 7 })
      )
        leases.push(got);
      const values = leases.flatMap(recordsIn).map(({ seq }) => seq);
      expect(values).toHaveLength(100);
      expect(new Set(values).size).toBe(100);
      expectJoined(
        leases.map(({ covers }) => covers),
        (await outbox.stats()).head,
      );
    });

    it('keeps within the limits, but for a single record that is larger alone', async () => {
      const { outbox } = await open();
      await store(
        outbox,
        ...readings('c', 500),
        event('c', 'large', now(), { text: 'x'.repeat(4000) }),
        ...readings('c', 5),
      );
      await outbox.connect('main');
      const want = { max_bytes: 2000, max_records: 60 };
      let seen = 0;
      for (let got = await lease(outbox, 'c', want); got; got = await lease(outbox, 'c', want)) {
        const bytes = got.parts.reduce((sum, { length }) => sum + length, 0);
        expect(got.records === 1 || bytes <= 2000).toBe(true);
        expect(got.records).toBeLessThanOrEqual(60);
        seen += recordsIn(got).length;
      }
      expect(seen).toBe(506);
    });

    it('joins lanes up over the seqs of other lanes', async () => {
      const { outbox } = await open();
      for (let round = 0; round < 5; round += 1) {
        await store(outbox, ...readings('b', 2), ...readings('c', 3), event('a', 'alarm', now()));
      }
      const { head } = await outbox.connect('main');
      for (const lane of ['a', 'b', 'c'] as const) {
        const covers: SeqRange[] = [];
        for (
          let got = await lease(outbox, lane, { max_records: 4 });
          got;
          got = await lease(outbox, lane, { max_records: 4 })
        )
          covers.push(got.covers);
        expectJoined(covers, head);
      }
    });

    it('lets the first live lease reach back when the backlog had nothing in its lane', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 10));
      await outbox.connect('main');
      await store(outbox, ...readings('b', 1));
      expect(await lease(outbox, 'b')).toBeUndefined();
      const live = await must(lease(outbox, 'b', { head: 'live' }));
      expect(live.covers[0]).toBe(1);
    });

    it('joins a lane up over a new connection while something older is still open', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 3));
      await outbox.connect('main');
      await store(outbox, ...readings('c', 2));
      const first = await must(lease(outbox, 'c', { head: 'live' }));
      await ack(outbox, first);
      await store(outbox, ...readings('b', 4));
      await outbox.connect('main');
      await store(outbox, ...readings('c', 1));
      const second = await must(lease(outbox, 'c', { head: 'live' }));
      const old = await must(lease(outbox, 'c'));
      expect(second.covers[0]).toBe(first.covers[1] + 1);
      expectJoined([old.covers, first.covers, second.covers], second.covers[1]);
    });

    it('gives back at once what was released', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 3));
      await outbox.connect('main');
      const first = await must(lease(outbox, 'c'));
      expect(await lease(outbox, 'c')).toBeUndefined();
      await outbox.release('main', first.id);
      const second = await must(lease(outbox, 'c'));
      expect(recordsIn(second)).toEqual(recordsIn(first));
      expect(second.id).not.toBe(first.id);
    });

    it('voids leases when a new connection begins, whose id is larger', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 3));
      const one = await outbox.connect('main');
      await must(lease(outbox, 'c'));
      const two = await outbox.connect('main');
      expect(two.connect_id).toBeGreaterThan(one.connect_id);
      expect(recordsIn(await must(lease(outbox, 'c')))).toHaveLength(3);
    });

    it('states the wall time of each part by what is known when it is leased', async () => {
      const { outbox } = await open();
      const up = clock.now().up;
      await store(outbox, ...readings('c', 2));
      await outbox.connect('main');
      const first = await must(lease(outbox, 'c'));
      expect(first.parts[0]?.base).toBeUndefined();
      await outbox.release('main', first.id);
      const fields = {
        boot: clock.boot,
        from_up: up + 10,
        offset_ms: 1e12,
        error_ms: 1,
        source: 'ntp',
        synced: true,
      };
      await outbox.append([{ ...event('a', 'offset', now(), fields), kind: 'clock', subject: '' }]);
      const second = await must(lease(outbox, 'c'));
      expect(second.parts[0]?.base).toEqual({ unix_ms: 1e12 + up, clock: 'corrected' });
    });

    it('serves each uplink by itself', async () => {
      const { outbox } = await open({ uplinks: ['main', 'second'] });
      await store(outbox, ...readings('c', 3));
      await outbox.connect('main');
      await outbox.connect('second');
      await ack(outbox, await must(lease(outbox, 'c')));
      expect(await lease(outbox, 'c')).toBeUndefined();
      expect(recordsIn(await must(lease(outbox, 'c', {}, 'second')))).toHaveLength(3);
      const { waiting } = await outbox.stats();
      expect(waiting.main?.c).toBe(0);
      expect(waiting.second?.c).toBe(3);
    });
  });

  describe('settling', () => {
    it('never gives out again what was acknowledged, also after a restart', async () => {
      const first = await open();
      await store(first.outbox, ...readings('c', 3));
      await first.outbox.connect('main');
      await ack(first.outbox, await must(lease(first.outbox, 'c')));
      await first.outbox.close();
      const second = await open();
      await second.outbox.connect('main');
      expect(await lease(second.outbox, 'c')).toBeUndefined();
    });

    it('takes ranges in any order and gives out the rest in pieces', async () => {
      const { outbox } = await open();
      const keys = await store(outbox, ...readings('c', 30));
      await outbox.connect('main');
      const whole = await must(lease(outbox, 'c'));
      const at = (index: number) => keys[index]?.seq ?? 0;
      const ranges: SeqRange[] = [
        [at(20), at(24)],
        [at(5), at(9)],
      ];
      await outbox.settle('main', { epoch: outbox.epoch, lane: 'c', ranges, nacks: [] });
      await outbox.release('main', whole.id);
      const pieces: Lease[] = [];
      for (let got = await lease(outbox, 'c'); got; got = await lease(outbox, 'c')) pieces.push(got);
      expect(pieces.map(({ records }) => records)).toEqual([5, 10, 5]);
      const left = keys
        .map(({ seq }) => seq)
        .filter((seq) => !ranges.some(([from, to]) => from <= seq && seq <= to));
      expect(pieces.flatMap(recordsIn).map(({ seq }) => seq)).toEqual(left);
      expect((await outbox.stats()).waiting.main?.c).toBe(20);
    });

    it('ignores epochs it does not know and ranges beyond the head', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 3));
      await outbox.connect('main');
      const { head } = await outbox.stats();
      await outbox.settle('main', { epoch: 'ffffffffffffffff', lane: 'c', ranges: [[1, head]], nacks: [] });
      await outbox.settle('main', { epoch: outbox.epoch, lane: 'c', ranges: [[1, head + 1]], nacks: [] });
      await outbox.settle('main', { epoch: outbox.epoch, lane: 'c', ranges: [[5, 2]], nacks: [] });
      expect(recordsIn(await must(lease(outbox, 'c')))).toHaveLength(3);
    });

    it('sets a nacked record aside, tells the gap, and goes on', async () => {
      const { outbox } = await open();
      const keys = await store(outbox, ...readings('c', 5));
      await outbox.connect('main');
      const got = await must(lease(outbox, 'c'));
      const bad = keys[2]?.seq ?? 0;
      await outbox.settle('main', {
        epoch: got.epoch,
        lane: 'c',
        ranges: [got.covers],
        nacks: [{ seq: bad, reason: 'not a number' }],
      });
      await outbox.flush();
      expect(await lease(outbox, 'c')).toBeUndefined();
      const [aside] = await outbox.quarantine();
      expect(aside).toMatchObject({
        uplink: 'main',
        reason: 'not a number',
        record: { seq: bad, kind: 'reading' },
      });
      expect(gapsIn(await allOf(outbox, 'a'))).toEqual([
        { epoch: outbox.epoch, lane: 'c', from: bad, to: bad, count: 1, reason: 'nacked', uplinks: ['main'] },
      ]);
      expect((await outbox.stats()).quarantined).toBe(1);
    });
  });

  describe('refusing', () => {
    it('finds the poison among good records by halves', async () => {
      const { outbox } = await open();
      const keys = await store(outbox, ...readings('c', 100));
      await outbox.connect('main');
      const bad = keys[42]?.seq ?? 0;
      const delivered: number[] = [];
      let refusals = 0;
      for (let got = await lease(outbox, 'c'); got; got = await lease(outbox, 'c')) {
        const seqs = recordsIn(got).map(({ seq }) => seq);
        if (seqs.includes(bad)) {
          refusals += 1;
          await outbox.refuse('main', got.id, 'packet too large');
        } else {
          delivered.push(...seqs);
          await ack(outbox, got);
        }
      }
      expect(refusals).toBeLessThanOrEqual(8);
      expect(delivered.sort((x, y) => x - y)).toEqual(
        keys.map(({ seq }) => seq).filter((seq) => seq !== bad),
      );
      await outbox.flush();
      expect(await outbox.quarantine()).toHaveLength(1);
      const [gap] = gapsIn(await allOf(outbox, 'a'));
      expect(gap).toMatchObject({ lane: 'c', count: 1, reason: 'refused', uplinks: ['main'] });
      expect((gap?.from ?? 0) <= bad && bad <= (gap?.to ?? 0)).toBe(true);
    });

    it('keeps the quarantine over a restart, and never sends what is in it', async () => {
      const first = await open();
      await store(first.outbox, ...readings('c', 1));
      await first.outbox.connect('main');
      await first.outbox.refuse('main', (await must(lease(first.outbox, 'c'))).id, 'no');
      await first.outbox.close();
      const { outbox } = await open();
      await outbox.connect('main');
      expect(await lease(outbox, 'c')).toBeUndefined();
      expect(await outbox.quarantine()).toHaveLength(1);
    });

    it('does not tell the story of a refused story for ever', async () => {
      const { outbox } = await open();
      await store(outbox, ...readings('c', 1));
      await outbox.connect('main');
      await outbox.refuse('main', (await must(lease(outbox, 'c'))).id, 'no');
      for (let round = 0; round < 20; round += 1) {
        await outbox.flush();
        const got =
          (await lease(outbox, 'a', { max_records: 1 })) ??
          (await lease(outbox, 'a', { head: 'live', max_records: 1 }));
        if (got) await outbox.refuse('main', got.id, 'no');
      }
      expect(gapsIn(await allOf(outbox, 'a')).length).toBeLessThan(6);
    });

    it('ignores leases it does not know', async () => {
      const { outbox } = await open();
      await outbox.connect('main');
      await outbox.refuse('main', 4711, 'no');
      await outbox.release('main', 4711);
      expect(await outbox.quarantine()).toHaveLength(0);
    });
  });

  describe('replaying', () => {
    it('leases again exactly what was asked for, as backlog', async () => {
      const { outbox } = await open();
      await outbox.connect('main');
      const keys = await store(outbox, ...readings('c', 20));
      await ack(outbox, await must(lease(outbox, 'c', { head: 'live' })));
      const range: SeqRange = [keys[5]?.seq ?? 0, keys[7]?.seq ?? 0];
      expect(await outbox.replay('main', outbox.epoch, 'c', range)).toBe(3);
      expect(await lease(outbox, 'c', { head: 'live' })).toBeUndefined();
      const again = await must(lease(outbox, 'c'));
      expect(recordsIn(again).map(({ seq }) => seq)).toEqual([range[0], range[0] + 1, range[1]]);
      expect(again.covers).toEqual(range);
      await ack(outbox, again);
      expect(await lease(outbox, 'c')).toBeUndefined();
      expect((await outbox.stats()).waiting.main?.c).toBe(0);
    });

    it('has nothing to give for what is not there', async () => {
      const { outbox } = await open();
      expect(await outbox.replay('main', outbox.epoch, 'c', [1, 1000])).toBe(0);
      expect(await outbox.replay('main', 'ffffffffffffffff', 'c', [1, 10])).toBe(0);
    });
  });

  describe('digests', () => {
    it('say what was sent and acknowledged since the last one', async () => {
      const { outbox } = await open();
      await outbox.connect('main');
      const first = await store(outbox, ...readings('b', 3), ...readings('c', 10));
      await ack(outbox, await must(lease(outbox, 'c', { head: 'live' })));
      const c = first.slice(3).map(({ seq }) => seq);
      const [digest, ...more] = (await outbox.digests('main')).filter(({ lane }) => lane === 'c');
      expect(more).toEqual([]);
      expect(digest).toMatchObject({ epoch: outbox.epoch, from: 1, count: 10, sha256: hashOf(c) });
      // Kept until it was taken.
      expect((await outbox.digests('main')).filter(({ lane }) => lane === 'c')).toEqual([digest]);
      if (digest) await outbox.digested('main', digest);
      expect((await outbox.digests('main')).filter(({ lane }) => lane === 'c')).toEqual([]);
    });

    it('begin again behind a gap', async () => {
      const { outbox } = await open();
      await outbox.connect('main');
      const keys = await store(outbox, ...readings('c', 10));
      const got = await must(lease(outbox, 'c', { head: 'live' }));
      const bad = keys[4]?.seq ?? 0;
      await outbox.settle('main', {
        epoch: got.epoch,
        lane: 'c',
        ranges: [got.covers],
        nacks: [{ seq: bad, reason: 'no' }],
      });
      const found = (await outbox.digests('main')).filter(({ lane }) => lane === 'c');
      expect(found.map(({ from, to }) => [from, to])).toEqual([
        [1, bad - 1],
        [bad + 1, got.covers[1]],
      ]);
      expect(found.map(({ sha256 }) => sha256)).toEqual([
        hashOf(keys.slice(0, 4).map(({ seq }) => seq)),
        hashOf(keys.slice(5).map(({ seq }) => seq)),
      ]);
    });

    it('still hold for records that have been let go since', async () => {
      const { outbox } = await open({ retain_ms: 0 });
      await outbox.connect('main');
      const seqs: number[] = [];
      for (let round = 0; round < 12; round += 1) {
        seqs.push(...(await store(outbox, ...readings('c', 2))).map(({ seq }) => seq));
        await ack(outbox, await must(lease(outbox, 'c', { head: 'live' })));
      }
      await clock.advance(5000);
      await store(outbox, ...readings('b', 1));
      expect((await outbox.stats()).kept.c).toBeLessThan(24);
      const [digest] = (await outbox.digests('main')).filter(({ lane }) => lane === 'c');
      expect(digest).toMatchObject({ count: 24, sha256: hashOf(seqs) });
    });
  });

  describe('arrivals', () => {
    it('tell the lanes that have something new, and end with the signal', async () => {
      const { outbox } = await open();
      const stop = new AbortController();
      const heard: string[] = [];
      const listening = (async () => {
        for await (const lanes of outbox.arrivals(stop.signal)) {
          heard.push([...lanes].sort().join(''));
          if (heard.join('').includes('c')) stop.abort();
        }
      })();
      await outbox.append([event('a', 'alarm', now())]);
      await store(outbox, ...readings('c', 1));
      await listening;
      expect(heard.join('')).toContain('a');
      expect(heard.join('')).toContain('c');
    });
  });

  describe('the journal', () => {
    it('gives an id one outcome, whatever comes later, also after a restart', async () => {
      const first = await open();
      expect(await first.journal.intend('id-1', { open: true })).toEqual({
        existing: false,
        outcome: undefined,
      });
      expect(await first.journal.intend('id-1', { open: true })).toEqual({
        existing: true,
        outcome: undefined,
      });
      const done = { result: 'done', facts: { ms: 500 } } as const;
      const record = { ...event('a', 'result', now()), kind: 'command' as const };
      expect(await first.journal.conclude('id-1', done, record)).toEqual(done);
      const late = { result: 'failed', facts: {} } as const;
      expect(await first.journal.conclude('id-1', late, record)).toEqual(done);
      await first.outbox.close();
      const { journal, outbox } = await open();
      expect(await journal.intend('id-1', {})).toEqual({ existing: true, outcome: done });
      const told = (await allOf(outbox, 'a')).filter(({ kind }) => kind === 'command');
      expect(told).toHaveLength(1);
    });

    it('lists intents without an outcome, oldest first', async () => {
      const { journal } = await open();
      await journal.intend('id-2', { nr: 1 });
      await journal.intend('id-1', { nr: 2 });
      await journal.intend('id-3', { nr: 3 });
      await journal.conclude('id-1', { result: 'done', facts: {} }, event('a', 'result', now()));
      expect(await journal.open()).toEqual([
        { id: 'id-2', intent: { nr: 1 } },
        { id: 'id-3', intent: { nr: 3 } },
      ]);
    });

    it('concludes an id that was never intended', async () => {
      const { journal } = await open();
      const refused = { result: 'refused', facts: { code: 'stale' } } as const;
      await journal.conclude('id-9', refused, event('a', 'result', now()));
      expect(await journal.intend('id-9', {})).toEqual({ existing: true, outcome: refused });
    });
  });

  describe('the state', () => {
    it('is what was set last, before and after it is durable, and after a restart', async () => {
      const first = await open();
      const set = first.state.set('leq', 'window', { sum: 1 });
      expect(await first.state.get('leq', 'window')).toEqual({ sum: 1 });
      await first.outbox.flush();
      await set;
      const later = first.state.set('leq', 'window', { sum: 2 });
      await clock.advance(1000);
      await later;
      expect(await first.state.get('leq', 'other')).toBeUndefined();
      await first.outbox.close();
      const { state, outbox } = await open();
      expect(await state.get('leq', 'window')).toEqual({ sum: 2 });
      const gone = state.set('leq', 'window', undefined);
      expect(await state.get('leq', 'window')).toBeUndefined();
      await outbox.flush();
      await gone;
      expect(await state.get('leq', 'window')).toBeUndefined();
    });
  });

  describe('what is kept with records', () => {
    const kept = (value: number, name = 'window') => ({ owner: 'leq', name, value: { sum: value } });

    it('is seen at once, and is there with them after a restart', async () => {
      const first = await open();
      const mixed = first.outbox.append([event('a', 'alarm', now()), ...readings('c', 2)], [kept(1)]);
      expect(await first.state.get('leq', 'window')).toEqual({ sum: 1 });
      await first.outbox.flush();
      await mixed;
      const alone = first.outbox.append([], [kept(2, 'alone')]);
      await first.outbox.close();
      expect(await alone).toEqual([]);

      const { state, outbox } = await open();
      expect(await state.get('leq', 'window')).toEqual({ sum: 1 });
      expect(await state.get('leq', 'alone')).toEqual({ sum: 2 });
      expect(await allOf(outbox, 'c')).toHaveLength(2);
    });

    it('gives way to what is set later, whichever of them is stored first', async () => {
      const { state, outbox } = await open();
      const telemetry = outbox.append(readings('c', 1), [kept(1), kept(1, 'other')]);
      const later = state.set('leq', 'window', { sum: 2 });
      // The alarm takes along what is set; the telemetry waits for its group.
      await outbox.append([event('a', 'alarm', now())]);
      await later;
      await outbox.flush();
      await telemetry;
      await outbox.close();

      const again = await open();
      expect(await again.state.get('leq', 'window')).toEqual({ sum: 2 });
      expect(await again.state.get('leq', 'other')).toEqual({ sum: 1 });
    });

    it('is not kept when they are not', async () => {
      const { state, outbox } = await open({ queue_records: 3 });
      await expect(outbox.append(readings('c', 4), [kept(1)])).rejects.toMatchObject({
        code: 'store.full-memory',
      });
      await outbox.flush();
      expect(await state.get('leq', 'window')).toBeUndefined();
    });
  });

  describe('the state, given what is not JSON', () => {
    it('tells whoever set it, and stores what others set', async () => {
      const { state, outbox } = await open();
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      // Not JSON, on purpose.
      const bad = state.set('leq', 'bad', circular as never);
      const good = state.set('leq', 'good', { sum: 1 });
      const alarm = outbox.append([event('a', 'alarm', now())]);
      await expect(bad).rejects.toThrow(/circular/);
      await outbox.flush();
      await good;
      expect(await alarm).toHaveLength(1);
      expect(await state.get('leq', 'good')).toEqual({ sum: 1 });
    });

    it('keeps a value as it was when it was set', async () => {
      const { state, outbox } = await open();
      const window = { sum: 1 };
      const set = state.set('leq', 'window', window);
      window.sum = 2;
      await outbox.flush();
      await set;
      expect(await state.get('leq', 'window')).toEqual({ sum: 1 });
    });
  });

  describe('opening', () => {
    it('tells a fresh epoch and the boot in class-A records', async () => {
      const { outbox, opened } = await open();
      expect(opened).toEqual({ epoch: outbox.epoch, fresh: true, clean: false, salvaged: undefined });
      const records = await allOf(outbox, 'a');
      expect(records.map(({ kind, seq }) => [kind, seq])).toEqual([
        ['epoch', 1],
        ['boot', 2],
      ]);
      expect(records[0]).toMatchObject({ fields: { previous: null, last_seq: 0, reason: 'fresh' } });
    });

    it('goes on with the epoch and the seqs, and tells how the last run ended', async () => {
      const first = await open();
      await store(first.outbox, ...readings('c', 3));
      const up = clock.now().up;
      const { head } = await first.outbox.stats();
      const old = await first.outbox.connect('main');
      await first.outbox.close();
      clock = new VirtualClock({ boot: 'boot-2', up: 50 });
      const second = await open();
      expect(second.opened).toMatchObject({ epoch: first.outbox.epoch, fresh: false, clean: true });
      const [boot] = (await allOf(second.outbox, 'a')).filter(
        ({ kind, stamp }) => kind === 'boot' && stamp.boot === 'boot-2',
      );
      expect(boot).toMatchObject({
        seq: head + 1,
        fields: { boot: 'boot-2', clean: true, previous: 'boot-1', last_up: up },
      });
      expect((await second.outbox.connect('main')).connect_id).toBeGreaterThan(old.connect_id);
    });

    it('begins a new epoch on another machine and still sends the rows of the old one', async () => {
      const first = await open();
      await store(first.outbox, ...readings('c', 3));
      const { head } = await first.outbox.stats();
      await first.outbox.close();
      const { outbox } = await open({ machine: 'machine-2' });
      expect(outbox.epoch).not.toBe(first.outbox.epoch);
      const [told] = (await allOf(outbox, 'a')).filter(({ kind }) => kind === 'epoch');
      expect(told).toMatchObject({
        seq: 1,
        fields: { previous: first.outbox.epoch, last_seq: head, reason: 'machine' },
      });
      await outbox.connect('main');
      const old = await must(lease(outbox, 'c'));
      expect(old).toMatchObject({ epoch: first.outbox.epoch, covers: [1, head], records: 3 });
      await ack(outbox, old);
      expect(await lease(outbox, 'c')).toBeUndefined();
      expect((await must(lease(outbox, 'a'))).epoch).toBe(first.outbox.epoch);
      expect((await must(lease(outbox, 'a'))).epoch).toBe(outbox.epoch);
    });

    it('gives a new uplink what is kept and tells it what is not', async () => {
      const first = await open({ retain_ms: 0 });
      await first.outbox.connect('main');
      for (let round = 0; round < 20; round += 1) {
        await store(first.outbox, ...readings('c', 1));
        await ack(first.outbox, await must(lease(first.outbox, 'c', { head: 'live' })));
      }
      await clock.advance(5000);
      await store(first.outbox, ...readings('b', 1));
      const { kept } = await first.outbox.stats();
      expect(kept.c).toBeLessThan(20);
      await first.outbox.close();
      const { outbox } = await open({ uplinks: ['main', 'late'], retain_ms: 0 });
      const gaps = gapsIn(await allOf(outbox, 'a'));
      expect(gaps).toEqual([
        expect.objectContaining({
          lane: 'c',
          reason: 'not-kept',
          uplinks: ['late'],
          count: 20 - kept.c,
          from: 1,
        }),
      ]);
    });
  });
});

/** Ranges that touch each other without overlapping, from 1 to the head. */
function expectJoined(ranges: readonly SeqRange[], head: number): void {
  let next = 1;
  for (const [from, to] of [...ranges].sort((x, y) => x[0] - y[0])) {
    expect(from).toBe(next);
    next = to + 1;
  }
  expect(next).toBe(head + 1);
}
