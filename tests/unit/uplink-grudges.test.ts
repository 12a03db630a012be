import { describe, expect, it } from 'vitest';
import { Grudges } from '../../src/uplink/grudges.ts';
import { PlainHealth } from '../support/uplink-world.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const EPOCH = '00112233445566aa';
const batch = (records: number, seq = 1) => ({ topic: 't/c', batch: { records, epoch: EPOCH, seq } });

function world() {
  const clock = new VirtualClock({ up: 0 });
  const health = new PlainHealth();
  return { clock, health, grudges: new Grudges({ clock, health }, 'town', 30_000) };
}

describe('what the broker refused', () => {
  it('is held back, twice as long each time up to ten minutes, and told until it is taken', async () => {
    const { clock, health, grudges } = world();
    for (const hold_s of [30, 60, 120, 240, 480, 600, 600]) {
      grudges.refused('t/c', 'not authorized');
      expect(health.now.get('uplink-refused')?.evidence).toBe('t/c: not authorized');
      await clock.advance(hold_s * 1000 - 1);
      expect(grudges.holds('t/c')).toBe(true);
      await clock.advance(1);
      expect(grudges.holds('t/c')).toBe(false);
    }
    grudges.taken('t/c');
    expect(health.facts()).toEqual([]);
    grudges.refused('t/c', 'not authorized');
    await clock.advance(30_000);
    expect(grudges.holds('t/c')).toBe(false);
  });

  it('concerns its own topic alone, and is told as long as any is left', () => {
    const { health, grudges } = world();
    grudges.refused('t/a', 'not authorized');
    grudges.refused('t/b', 'quota exceeded');
    expect(['t/a', 't/b', 't/c'].map((topic) => grudges.holds(topic))).toEqual([true, true, false]);
    grudges.taken('t/a');
    expect(health.now.get('uplink-refused')?.evidence).toBe('t/b: quota exceeded');
  });

  it('by an answer needs no careful pace; by a closed connection it does', () => {
    const { grudges } = world();
    grudges.refused('t/b', 'not authorized');
    expect(grudges.closes).toBe(false);
    grudges.struck({ topic: 't/beat' });
    expect([grudges.closes, grudges.holds('t/beat')]).toEqual([false, false]);
    grudges.struck({ topic: 't/beat' });
    expect([grudges.closes, grudges.holds('t/beat')]).toEqual([true, true]);
  });
});

describe('a connection that is closed over a batch', () => {
  it('on a lane where nothing was ever taken is a matter of rights: it is held back and nothing is set aside', () => {
    const { grudges } = world();
    for (let loss = 0; loss < 10; loss += 1) grudges.struck(batch(1));
    expect(grudges.holds('t/c')).toBe(true);
    expect(grudges.poisons('t/c', { epoch: EPOCH, seq: 1 })).toBe(false);
  });

  it('on a lane that is allowed makes the next ones smaller, down to the record that is to blame', () => {
    const { grudges } = world();
    grudges.taken('t/c');
    const sizes = [3000, 187, 11].map((records) => {
      grudges.struck(batch(records));
      return grudges.limit('t/c');
    });
    expect(sizes).toEqual([187, 11, 1]);
    expect(grudges.holds('t/c')).toBe(false);
    grudges.taken('t/c');
    for (let loss = 0; loss < 3; loss += 1) {
      expect(grudges.poisons('t/c', { epoch: EPOCH, seq: 77 })).toBe(false);
      grudges.struck(batch(1, 77));
    }
    expect(grudges.closes).toBe(true);
    expect(grudges.poisons('t/c', { epoch: EPOCH, seq: 78 })).toBe(false);
    expect(grudges.poisons('t/c', { epoch: EPOCH, seq: 77 })).toBe(true);
    expect([grudges.poisons('t/c', { epoch: EPOCH, seq: 77 }), grudges.limit('t/c'), grudges.closes]).toEqual(
      [false, undefined, false],
    );
  });

  it('accuses a record although others of its lane are taken again each time, their acknowledgements having been lost', () => {
    const { grudges } = world();
    for (let loss = 0; loss < 3; loss += 1) {
      for (const seq of [2, 3, 4]) grudges.taken('t/c', { epoch: EPOCH, seq });
      expect(grudges.poisons('t/c', { epoch: EPOCH, seq: 5 })).toBe(false);
      grudges.struck(batch(1, 5));
    }
    expect(grudges.poisons('t/c', { epoch: EPOCH, seq: 5 })).toBe(true);
  });

  it('accuses nothing when it is another record each time, or when the record was taken in between: lines do break', () => {
    const { grudges } = world();
    grudges.taken('t/c', { epoch: EPOCH, seq: 1 });
    for (let loss = 0; loss < 10; loss += 1) grudges.struck(batch(1, 5 + (loss % 2)));
    for (let loss = 0; loss < 10; loss += 1) {
      if (loss % 2 === 0) grudges.taken('t/c', { epoch: EPOCH, seq: 7 });
      grudges.struck(batch(1, 7));
    }
    expect([5, 6, 7].map((seq) => grudges.poisons('t/c', { epoch: EPOCH, seq }))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('keeps batches below the size that was too much, and tries more after a while, later each time', async () => {
    const { clock, grudges } = world();
    grudges.taken('t/c');
    grudges.struck(batch(1000));
    for (let sent = 0; sent < 20; sent += 1) grudges.taken('t/c');
    expect(grudges.limit('t/c')).toBe(496);
    await clock.advance(600_000);
    grudges.taken('t/c');
    expect(grudges.limit('t/c')).toBe(Number.POSITIVE_INFINITY);

    grudges.struck(batch(1000));
    await clock.advance(600_000);
    for (let sent = 0; sent < 20; sent += 1) grudges.taken('t/c');
    expect(grudges.limit('t/c')).toBe(496);
    await clock.advance(1_800_000);
    grudges.taken('t/c');
    expect(grudges.limit('t/c')).toBe(Number.POSITIVE_INFINITY);
  });
});
