import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Outbox } from '../../src/contracts/index.ts';
import type { EventEntry, GapFields, Lane, StoredRecord } from '../../src/model/index.ts';
import { dice, healthNotes } from '../support/quiet.ts';
import { drain } from '../support/store-judge.ts';
import { event, openTestStore } from '../support/store-world.ts';
import { Tally } from '../support/tally.ts';
import { tempFolder } from '../support/temp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const QUOTA = 400 * 1024;
const UPLINKS = ['main', 'dead'];

describe('a store that is filled', () => {
  let clock: VirtualClock;
  let file: string;
  let health: ReturnType<typeof healthNotes>;
  let chance: () => number;
  let number: number;

  beforeEach(() => {
    clock = new VirtualClock();
    file = join(tempFolder(), 'store.db');
    health = healthNotes();
    chance = dice(9);
    number = 0;
  });

  async function open(): Promise<Outbox> {
    const { outbox } = await openTestStore({ file, clock, health, quota_bytes: QUOTA, uplinks: UPLINKS });
    onTestFinished(() => outbox.close());
    return outbox;
  }

  /** About a kilobyte that does not deflate. */
  function large(lane: Lane): EventEntry {
    number += 1;
    const text = Array.from({ length: 200 }, () => Math.floor(chance() * 1e8).toString(36)).join('');
    return event(lane, 'large', clock.now(), { number, text });
  }
  const size = () => statSync(file).size + (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  /** Stores so many records of about a kilobyte, in groups of ten, and looks at the size after each. */
  async function fill(outbox: Outbox, lane: Lane, records: number): Promise<void> {
    for (let done = 0; done < records; done += 10) {
      const stored = outbox.append(Array.from({ length: 10 }, () => large(lane)));
      await outbox.flush();
      await stored;
      expect(size()).toBeLessThanOrEqual(QUOTA * 1.02);
      await clock.advance(1000);
    }
  }
  const kept = async (outbox: Outbox, lane: Lane) => outbox.read(lane, { epoch: outbox.epoch, seq: 1 }, 1e6);
  const numbers = (records: readonly StoredRecord[]) =>
    records
      .flatMap((record) => (record.kind === 'event' ? [record] : []))
      .map(({ fields }) => Number(fields.number));
  const gapsIn = (records: readonly StoredRecord[]) =>
    records.flatMap((record) => (record.kind === 'gap' ? [record.fields as GapFields] : []));

  it('SF-9: keeps within the quota and tells exactly what it dropped, to whom it mattered', async () => {
    const outbox = await open();
    await outbox.append([event('a', 'first', clock.now())]);
    await fill(outbox, 'c', 100);
    const settled = (await outbox.stats()).head;
    await outbox.connect('main');
    await outbox.settle('main', { epoch: outbox.epoch, lane: 'c', ranges: [[1, settled]], nacks: [] });
    const before = await kept(outbox, 'c');
    const all = new Map(before.map((record) => [record.seq, record]));

    for (let round = 0; round < 11; round += 1) {
      await fill(outbox, 'c', 100);
      for (const record of await kept(outbox, 'c')) all.set(record.seq, record);
    }

    const left = await kept(outbox, 'c');
    const gaps = gapsIn(await kept(outbox, 'a'));
    // The oldest went: what is left is the newest, without a break.
    expect(numbers(left)).toEqual(
      Array.from({ length: left.length }, (_, index) => number - left.length + 1 + index),
    );
    expect(left.length).toBeGreaterThan(150);
    const gone = [...all.keys()].filter((seq) => seq < (left[0]?.seq ?? 0));
    const told = gaps.map((gap) => gone.filter((seq) => gap.from <= seq && seq <= gap.to));
    expect(told.map(({ length }) => length)).toEqual(gaps.map(({ count }) => count));
    expect(told.flat().sort((x, y) => x - y)).toEqual(gone);
    expect(new Set(gaps.map(({ lane, reason }) => `${lane} ${reason}`))).toEqual(new Set(['c quota']));
    for (const { from, to, uplinks } of gaps) {
      const hurt = to <= settled ? ['dead'] : from > settled ? ['main', 'dead'] : 'one of the two';
      expect(uplinks).toEqual(hurt);
    }
    expect(gaps.some(({ uplinks }) => uplinks.length === 1)).toBe(true);
    expect(health.raised).toContain('outbox-evicting ');
  });

  it('SF-9, SF-3: leaves no uplink a hole that nobody explains', async () => {
    const outbox = await open();
    const records = { a: 10, b: 120, c: 200 };
    for (const lane of ['c', 'a', 'b', 'c', 'b', 'c'] as const) await fill(outbox, lane, records[lane]);

    for (const uplink of UPLINKS) {
      const tally = new Tally(uplink);
      await drain(outbox, uplink, tally);
      expect(tally.holes({ [outbox.epoch]: (await outbox.stats()).head })).toEqual([]);
      expect(tally.gaps.length).toBeGreaterThan(0);
    }
  });

  it('SF-9: drops the lowest class first, and of it the oldest', async () => {
    const outbox = await open();
    await fill(outbox, 'a', 40);
    await fill(outbox, 'b', 80);
    await fill(outbox, 'c', 300);
    const a = numbers(await kept(outbox, 'a'));
    const b = numbers(await kept(outbox, 'b'));
    expect([a.length, b.length]).toEqual([40, 80]);

    await fill(outbox, 'b', 100);
    const later = numbers(await kept(outbox, 'b'));
    expect(later.slice(0, 80)).toEqual(b);
    expect(later).toHaveLength(180);

    await fill(outbox, 'b', 300);
    expect(await kept(outbox, 'c')).toEqual([]);
    const newest = numbers(await kept(outbox, 'b'));
    expect(newest).toEqual(
      Array.from({ length: newest.length }, (_, index) => number - newest.length + 1 + index),
    );
    expect(numbers(await kept(outbox, 'a'))).toEqual(a);
  });

  it('SF-9: refuses telemetry rather than drop an alarm for it, says so, and takes it again when there is room', async () => {
    const outbox = await open();
    await fill(outbox, 'a', 200);
    await fill(outbox, 'c', 50);
    while (!health.raised.has('outbox-evicting ') || (await kept(outbox, 'c')).length > 0)
      await fill(outbox, 'a', 10);
    const alarms = numbers(await kept(outbox, 'a'));

    const refused: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const stored = outbox.append(Array.from({ length: 10 }, () => large('c')));
      stored.catch(({ code, message }) => refused.push(`${code}: ${message}`));
      await outbox.flush();
      expect(size()).toBeLessThanOrEqual(QUOTA * 1.02);
    }
    const meanwhile = numbers(await kept(outbox, 'a'));
    const { head } = await outbox.stats();
    for (const uplink of UPLINKS)
      await outbox.settle(uplink, { epoch: outbox.epoch, lane: 'a', ranges: [[1, head]], nacks: [] });
    await outbox.flush();
    await fill(outbox, 'c', 50);

    expect(refused.length).toBeGreaterThan(10);
    expect(refused[0]).toMatch(
      /^store\.full: The store is full of records that matter more than these of lane c/,
    );
    expect(meanwhile).toEqual(alarms);
    expect(numbers(await kept(outbox, 'c')).length).toBeGreaterThanOrEqual(50);
    const told = (await kept(outbox, 'a')).find(
      (record) => record.kind === 'event' && record.name === 'records-lost',
    );
    expect(told).toMatchObject({
      fields: { reason: 'room', lost_a: 0, lost_b: 0, lost_c: refused.length * 10 },
    });
    expect(health.raised).not.toContain('outbox-evicting ');
  });

  it('SF-9: lets the oldest alarms go for newer ones when there is nothing else, and tells that again as long as needed', async () => {
    const outbox = await open();
    await fill(outbox, 'c', 350);

    await fill(outbox, 'a', 900);

    const left = numbers(await kept(outbox, 'a')).filter((one) => one > 350);
    expect(left).toEqual(Array.from({ length: left.length }, (_, index) => number - left.length + 1 + index));
    const tally = new Tally('dead');
    await drain(outbox, 'dead', tally);
    expect(tally.holes({ [outbox.epoch]: (await outbox.stats()).head })).toEqual([]);
    // The gaps of lane c were told in records of lane a that have long gone themselves.
    expect(tally.gaps.some(({ lane }) => lane === 'c')).toBe(true);
  });

  it('SF-9: keeps within the quota when a group is as large as a group can be', async () => {
    const outbox = await open();
    await fill(outbox, 'c', 350);

    const small = Array.from({ length: 5000 }, (_, index) => event('c', 'small', clock.now(), { index }));
    await outbox.append(small);

    expect(size()).toBeLessThanOrEqual(QUOTA * 1.02);
    expect((await outbox.stats()).kept.c).toBeGreaterThanOrEqual(5000);
  });
});
