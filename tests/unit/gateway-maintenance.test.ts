import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommandTarget } from '../../src/contracts/index.ts';
import { Maintenance, type MaintenanceWorld, type Places } from '../../src/gateway/maintenance.ts';
import { keepWorks, recallWorks, takenUp, workFrom } from '../../src/gateway/maintenance-state.ts';
import type { EventEntry, JsonObject } from '../../src/model/index.ts';
import { quietLog } from '../support/quiet.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const HOUR = 3_600_000;
const PLACES: Places = {
  buses: ['yard', 'gate', 'bay-2'],
  devices: [
    { id: 'noise-1', bus: 'yard' },
    { id: 'bay-1', bus: 'yard' },
    { id: 'bay-2', bus: 'other' },
  ],
  derived: [
    { id: 'levels', of: ['noise-1'], with: 'any' },
    { id: 'zone', of: ['bay-1', 'bay-2'], with: 'all' },
  ],
  // A door, on the bus of its own name.
  others: ['gate'],
};

/** What may be told to have work done at it, with the store that an earlier run left. */
async function world(kept?: JsonObject, state?: MaintenanceWorld['state'], clock = new VirtualClock()) {
  const told: EventEntry[] = [];
  const store = new Map<string, JsonObject | undefined>(kept ? [['works', kept]] : []);
  let muted: ReadonlySet<string> = new Set();
  const maintenance = new Maintenance(PLACES, {
    ...{ clock, wall: clock, log: quietLog },
    state: state ?? {
      get: async (_, name) => store.get(name),
      set: async (_, name, value) => void store.set(name, value),
    },
    tell: async (event, writes) => {
      told.push(event);
      for (const { name, value } of writes) store.set(name, value);
      return true;
    },
    mute: (subjects) => {
      muted = subjects;
    },
  });
  if (!state) await maintenance.load();
  const other: CommandTarget = {
    check: () => ({ actuates: true }),
    act: async () => ({ result: 'done', facts: { by: 'the device' } }),
  };
  return {
    clock,
    maintenance,
    told,
    store,
    muted: () => [...muted].sort(),
    order: (target: string, name: string, args: JsonObject = {}, by = 'local:pi') =>
      maintenance
        .target(target, () => other)
        .act(name, args, { by, ref: 'c-1', signal: new AbortController().signal, actuated: () => {} }),
  };
}

const names = (told: readonly EventEntry[]) =>
  told.map(({ subject, name, fields }) => `${subject} ${name} ${fields.ended_by ?? fields.why}`);

describe('maintenance of a device', () => {
  it('mutes it and what is measured by it alone, and ends by itself', async () => {
    const { clock, order, muted, told } = await world();

    const outcome = await order('noise-1', 'maintenance', { ms: HOUR, why: 'calibration' });
    const during = muted();
    await clock.advance(HOUR - 1);
    const before = muted();
    await clock.advance(1);

    expect(outcome).toMatchObject({ result: 'done' });
    expect(during).toEqual(['levels', 'noise-1']);
    expect(before).toEqual(during);
    expect(muted()).toEqual([]);
    expect(names(told)).toEqual(['noise-1 maintenance-began calibration', 'noise-1 maintenance-ended time']);
    expect(told.map(({ kind, lane }) => [kind, lane])).toEqual([
      ['audit', 'a'],
      ['audit', 'a'],
    ]);
  });

  it('of one bay leaves its zone to alarm; of all of them it does not', async () => {
    const { order, muted } = await world();

    await order('bay-1', 'maintenance', { ms: HOUR, why: 'loop' });
    const one = muted();
    await order('bay-2', 'maintenance', { ms: HOUR, why: 'loop' });

    expect(one).toEqual(['bay-1']);
    expect(muted()).toEqual(['bay-1', 'bay-2', 'zone']);
  });

  it('leaves all its other commands to it', async () => {
    const { order } = await world();

    const outcome = await order('noise-1', 'address', { unit: 4 });

    expect(outcome.facts).toEqual({ by: 'the device' });
  });

  it('is over when somebody says so, and says who', async () => {
    const { order, muted, told } = await world();
    await order('noise-1', 'maintenance', { ms: HOUR, why: 'calibration' });

    await order('noise-1', 'end-maintenance', {}, 'desk');

    expect(muted()).toEqual([]);
    expect(told.at(-1)?.fields).toEqual({ of: 'device', ended_by: 'command', by: 'desk' });
  });

  it.each([
    ['longer than four hours', { ms: 4 * HOUR + 1, why: 'calibration' }],
    ['without a reason', { ms: HOUR, why: '' }],
    ['for no time', { ms: 0, why: 'calibration' }],
  ])('%s is refused', async (_what, args) => {
    const { order, muted } = await world();

    const ordering = order('noise-1', 'maintenance', args);

    await expect(ordering).rejects.toMatchObject({ code: 'command.bad-args' });
    expect(muted()).toEqual([]);
  });

  it('is for nobody who need not sign', async () => {
    const { order, muted } = await world();

    const outcome = await order('noise-1', 'maintenance', { ms: HOUR, why: 'x' }, 'unsigned:town');

    expect(outcome).toEqual({ result: 'refused', facts: { reason: 'unsigned' } });
    expect(muted()).toEqual([]);
  });

  it('does not begin before it is known what an earlier run left', async () => {
    const never = { get: () => new Promise<undefined>(() => {}), set: async () => {} };
    const { order, maintenance, muted } = await world(undefined, never);
    void maintenance.load();

    const outcome = await order('noise-1', 'maintenance', { ms: HOUR, why: 'calibration' });

    expect(outcome).toEqual({ result: 'refused', facts: { reason: 'store-not-read' } });
    expect(muted()).toEqual([]);
  });
});

describe('maintenance of a bus', () => {
  it('mutes the bus and every device on it', async () => {
    const { order, muted, maintenance } = await world();

    await order('bus:yard', 'maintenance', { ms: HOUR, why: 'new cable' });

    expect(muted()).toEqual(['bay-1', 'levels', 'noise-1', 'yard']);
    expect(maintenance.hasBus('yard')).toBe(true);
    expect(maintenance.views()).toMatchObject([{ kind: 'bus', subject: 'yard', why: 'new cable' }]);
    const device = maintenance.mark({ id: 'noise-1', bus: 'yard', commands: ['address'] });
    expect(device.maintenance).toMatchObject({ why: 'new cable', bus: 'yard' });
    expect(device.commands).toEqual(['address', 'maintenance', 'end-maintenance']);
  });

  it('mutes no door, and no device elsewhere, that has the id of the bus', async () => {
    const { maintenance, order, muted } = await world();

    await order('bus:gate', 'maintenance', { ms: HOUR, why: 'new cable' });
    await order('bus:bay-2', 'maintenance', { ms: HOUR, why: 'new cable' });

    expect(muted()).toEqual([]);
    expect(['gate', 'bay-2'].map((id) => maintenance.isMuted(id))).toEqual([false, false]);
    expect(maintenance.views().map(({ subject }) => subject)).toEqual(['gate', 'bay-2']);
  });

  it('is all that a bus can be told', async () => {
    const { order } = await world();

    await expect(order('bus:yard', 'restart')).rejects.toMatchObject({
      code: 'command.unknown',
      facts: { known: 'maintenance, end-maintenance' },
    });
  });
});

describe('maintenance and the end of a run', () => {
  const kept = async () => {
    const before = await world();
    await before.order('noise-1', 'maintenance', { ms: 2 * HOUR, why: 'calibration' });
    await before.order('bus:yard', 'maintenance', { ms: HOUR, why: 'new cable' });
    await before.clock.advance(HOUR / 2);
    before.maintenance.close();
    return { kept: before.store.get('works'), clock: before.clock };
  };

  it('goes on over a restart, and each ends when it was to', async () => {
    const { kept: left, clock } = await kept();
    const { muted, told } = await world(left, undefined, clock);

    const first = muted();
    await clock.advance(HOUR / 2);
    const second = muted();
    await clock.advance(HOUR);

    expect(first).toContain('yard');
    expect(second).toEqual(['levels', 'noise-1']);
    expect(muted()).toEqual([]);
    expect(names(told)).toEqual(['yard maintenance-ended time', 'noise-1 maintenance-ended time']);
  });

  it('goes on over a reboot for what the clock says is left', async () => {
    const { kept: left, clock: before } = await kept();
    const clock = new VirtualClock({ boot: 'boot-2', up: 10_000, unix_ms: before.read().unix_ms + HOUR });
    const { muted, told } = await world(left, undefined, clock);

    const first = muted();
    await clock.advance(HOUR / 2);

    expect(first).toEqual(['levels', 'noise-1']);
    expect(muted()).toEqual([]);
    expect(names(told)).toEqual(['yard maintenance-ended restart', 'noise-1 maintenance-ended time']);
  });

  it('ends with a reboot after which nobody has told the time', async () => {
    const { kept: left } = await kept();
    const clock = new VirtualClock({ boot: 'boot-2', up: 10_000 });
    clock.step(0, 'unsynced');

    const { muted, told } = await world(left, undefined, clock);

    expect(muted()).toEqual([]);
    expect(told.map(({ fields }) => fields.ended_by)).toEqual(['restart', 'restart']);
  });

  it('never lasts longer than it was to, whatever becomes of boots and clocks', () => {
    const moment = fc.record({
      boot: fc.constantFrom('b1', 'b2'),
      up: fc.integer({ min: 0, max: 10 * HOUR }),
      unix_ms: fc.option(fc.integer({ min: 0, max: 10 * HOUR }), { nil: undefined }),
    });
    fc.assert(
      fc.property(moment, moment, fc.integer({ min: 1, max: 4 * HOUR }), (begun, later, for_ms) => {
        const work = workFrom({ by: 'pi', why: 'x', for_ms }, begun);
        const now = takenUp(work, later);
        if (!now) return;
        expect(now.until_up - later.up).toBeLessThanOrEqual(4 * HOUR);
        const gone =
          begun.boot === later.boot ? later.up - begun.up : Number(later.unix_ms) - Number(begun.unix_ms);
        expect(now.until_up - later.up + gone).toBeLessThanOrEqual(4 * HOUR);
      }),
    );
  });

  it('reads what it kept, and takes what it cannot read for nothing', () => {
    const works = new Map([['noise-1', workFrom({ by: 'pi', why: 'x', for_ms: 5 }, MOMENT)]]);

    const again = recallWorks(JSON.parse(JSON.stringify(keepWorks(works))));
    const broken = recallWorks({ a: 3, b: { by: 'pi' }, c: null, d: ['x'] });

    expect(again).toEqual(works);
    expect(broken.size).toBe(0);
  });
});

const MOMENT = { boot: 'b1', up: 7, unix_ms: 9 };
