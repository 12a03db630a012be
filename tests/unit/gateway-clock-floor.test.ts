import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClockFloor } from '../../src/gateway/clock-floor.ts';
import { quietLog } from '../support/quiet.ts';
import { openTestStore, reading } from '../support/store-world.ts';
import { tempFolder } from '../support/temp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const EVENING = Date.parse('2026-11-25T18:30Z');

/** A reading was stored in the evening; then the machine starts again without a time of day. */
async function afterPowerCut({ synced = true } = {}) {
  const file = join(tempFolder(), 'store.sqlite');
  const clock = new VirtualClock({ up: 1000, unix_ms: EVENING });
  const wall = { from_up: 0, offset_ms: EVENING - 1000, synced, error_ms: 1, source: 'ntp' };
  const before = await openTestStore({ file, clock, wall });
  const stored = before.outbox.append([reading('c', 1, { boot: clock.boot, up: 61_000 })]);
  await before.outbox.flush();
  await stored;
  await before.outbox.close();
  const store = await openTestStore({ file, clock: new VirtualClock({ boot: 'boot-2', unix_ms: 0 }) });
  const read = { unix_ms: 0, state: 'unsynced' as const, error_ms: 0, source: 'none' };
  const newest_ms = store.opened.newest_unix_ms;
  const floor = new ClockFloor({ state: store.state, wall: { read: () => read }, log: quietLog, newest_ms });
  await floor.load();
  return { floor, store };
}

describe('the time of day of doors, when nobody has set the clock', () => {
  it('is that of the newest record in the store, and is not taken for known', async () => {
    const { floor, store } = await afterPowerCut();

    const time = floor.time();

    expect(time).toEqual({ unix_ms: EVENING + 60_000, known: false });
    await store.outbox.close();
  });

  it('is not learnt from records of a boot that did not know it either', async () => {
    const { floor, store } = await afterPowerCut({ synced: false });

    const time = floor.time();

    expect(time).toEqual({ unix_ms: 0, known: false });
    await store.outbox.close();
  });
});
