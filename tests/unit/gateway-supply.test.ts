import { describe, expect, it } from 'vitest';
import type { CheckedSupply } from '../../src/config/index.ts';
import type { ActResult } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { Supplies } from '../../src/gateway/supplies.ts';
import type { JsonObject, PointSpecs } from '../../src/model/index.ts';
import { deviceWorld, type Script, settingsOf } from '../support/device-world.ts';

const MINUTE = 60_000;
const FLAG: PointSpecs = { 'relay-1': { kind: 'flag', about: 'It is on.', privacy: 'plain' } };
const mute = async (): Promise<never> => {
  throw new Fault('bus.no-reply', { bus: 'bus', unit: 1, timeout_ms: 100 });
};

/** A relay board of its own making and a unit behind it that answers as `unit` does, with what an earlier run has kept. */
async function supplied(
  wish: {
    readonly kept?: JsonObject;
    readonly state?: 'broken';
    readonly lock?: true;
    /** Somebody works at these. */
    readonly worked?: readonly string[];
    readonly unit?: Script['sample'];
  } = {},
) {
  const world = deviceWorld();
  const relay = { on: false };
  const told: string[] = [];
  const act = async (name: string): Promise<ActResult> => {
    told.push(name);
    relay.on = name === 'on';
    return { result: 'done', facts: {} };
  };
  const board = world.host({
    points: FLAG,
    sample: async () => ({ 'relay-1': relay.on }),
    act,
    settings: { id: 'board', bus: 'own' },
  });
  const unit = world.host({ sample: wish.unit ?? mute, settings: { id: 'unit' } });
  const store = new Map<string, JsonObject | undefined>(wish.kept ? [['mast', wish.kept]] : []);
  const device = (id: string): CheckedSupply['relay'] => {
    const { driver, options } = settingsOf({ settings: { id } });
    // What of a site file's device a supply looks at.
    return { driver, options, config: { id, bus: 'bus' } as CheckedSupply['relay']['config'] };
  };
  const plan: CheckedSupply = {
    config: {
      ...{ id: 'mast', relay: 'board', channel: 1, contact: 'normally-closed', when: 'all' },
      ...{ silent_s: 60, off_s: 10, most_per_day: 2 },
    },
    relay: device('board'),
    cut: { name: 'on', args: {}, timing: 'host' },
    give: { name: 'off', args: {} },
    shown: { point: 'relay-1', cut: true },
    fed: [device('unit')],
  };
  const hosts = [board, unit];
  const supplies = new Supplies([plan], {
    inMaintenance: (id) => wish.worked?.includes(id) === true,
    ...{ clock: world.clock, wall: world.clock, log: world.world.log, health: world.world.health },
    hosts: () => hosts,
    host: (id) => hosts.find(({ settings }) => settings.id === id),
    tell: async (event, kept) => {
      if (wish.state === 'broken') return false;
      for (const { name, value } of kept) store.set(name, value);
      world.events.push(event);
      return true;
    },
    feedsLock: () => wish.lock === true,
    state: {
      get: async (_, name) => store.get(name),
      set: async (_, name, value) => void store.set(name, value),
    },
  });
  const stop = new AbortController();
  const start = async () => {
    await supplies.begin();
    return supplies.run(stop.signal);
  };
  return { ...world, supplies, store, relay, told, stop, start };
}
const KNOWN = { past: [], known: ['unit'] };
const names = (events: readonly { readonly name: string; readonly fields: JsonObject }[]) =>
  events.flatMap(({ name, fields }) =>
    /^(power|supply)/.test(name)
      ? [fields.outcome === undefined ? name : `${name} ${String(fields.outcome)}`]
      : [],
  );

describe('a supply', () => {
  it('that a run left cut when it died is given at the next start, and its cycle is told as interrupted', async () => {
    const left = { silent: ['unit'], count: 2 };
    const { clock, relay, start, told, events, store } = await supplied({
      kept: { ...KNOWN, left },
      unit: async () => ({ temperature: 20 }),
    });
    relay.on = true;

    void start();
    await clock.advance(5000);

    expect(told).toEqual(['off']);
    expect(names(events)).toEqual(['power-cycle-ended interrupted', 'supply-restored']);
    expect(events.find(({ name }) => name === 'power-cycle-ended')?.fields).toMatchObject({
      count: 2,
      silent: ['unit'],
    });
    expect(store.get('mast')).not.toHaveProperty('left');
  });

  it('that a run left cut is off for as long as it was to be, whoever restarts meanwhile', async () => {
    const off_until = { boot: 'boot-1', up: 30_000 };
    const left = { silent: ['unit'], count: 1, off_until };
    const { clock, relay, start, told } = await supplied({
      kept: { ...KNOWN, left },
      unit: async () => ({ temperature: 20 }),
    });
    relay.on = true;

    void start();
    await clock.advance(28_000);
    const early = [...told];
    await clock.advance(5000);

    expect(early).toEqual([]);
    expect(told).toEqual(['off']);
  });

  it('that another boot left cut is given at once: how long that was nobody knows', async () => {
    const off_until = { boot: 'boot-0', up: 30_000 };
    const { clock, relay, start, told } = await supplied({
      kept: { ...KNOWN, left: { silent: ['unit'], count: 1, off_until } },
      unit: async () => ({ temperature: 20 }),
    });
    relay.on = true;

    void start();
    await clock.advance(5000);

    expect(told).toEqual(['off']);
  });

  it('whose cycles are used up says so once, whoever restarts, and again only after its unit was back', async () => {
    const past = [
      { boot: 'boot-1', up: 1 },
      { boot: 'boot-1', up: 2 },
    ];
    let answers = false;
    const unit = async () => (answers ? { temperature: 20 } : mute());
    const told = await supplied({ kept: { ...KNOWN, past, gave_up: true }, unit });

    void told.start();
    await told.clock.advance(10 * MINUTE);
    const silent = names(told.events);
    answers = true;
    await told.clock.advance(10 * MINUTE);
    const kept = told.store.get('mast');
    answers = false;
    await told.clock.advance(10 * MINUTE);

    expect(silent).toEqual([]);
    expect(kept).not.toHaveProperty('gave_up');
    expect(names(told.events)).toEqual(['power-cycle-given-up']);
    expect(told.store.get('mast')).toHaveProperty('gave_up', true);
  });

  it('that feeds a lock after all is not cut, whatever the site file passed for', async () => {
    const { clock, start, told, events, facts } = await supplied({ kept: KNOWN, lock: true });

    void start();
    await clock.advance(10 * MINUTE);

    expect(told).toEqual([]);
    expect(names(events)).toEqual([]);
    expect(facts.get('power-cycle-held unit')).toMatch(/Relay 1 of board feeds a lock.*Wire the supply/);
  });

  it.each(['unit', 'board'])('is not cut while somebody works at its %s, and that is said', async (id) => {
    const { clock, start, told, facts } = await supplied({ kept: KNOWN, worked: [id] });

    void start();
    await clock.advance(10 * MINUTE);

    expect(told).toEqual([]);
    expect(facts.get('power-cycle-held unit')).toBe(`${id} is in maintenance: somebody works at it`);
  });

  it('whose cycles cannot be counted is not cut, and that is said', async () => {
    const { clock, start, told, events, facts } = await supplied({ kept: KNOWN, state: 'broken' });

    void start();
    await clock.advance(10 * MINUTE);

    expect(told).toEqual([]);
    expect(names(events)).toEqual([]);
    expect(facts.get('power-cycle-held unit')).toMatch(/could not be counted/);
  });

  it('has its cycle in the store before it is cut, and its time is that of the day', async () => {
    const { clock, start, told, store } = await supplied({ kept: KNOWN });

    void start();
    await clock.advance(90_000);

    expect(told).toEqual(['on', 'off']);
    expect(store.get('mast')).toMatchObject({
      past: [{ boot: 'boot-1', up: expect.any(Number), unix_ms: expect.any(Number) }],
      left: { silent: ['unit'], count: 1 },
    });
  });

  it('counts the cycles of an earlier boot as long as nobody can say that they are a day old', async () => {
    const past = [
      { boot: 'boot-0', up: 5 },
      { boot: 'boot-0', up: 6 },
    ];
    const { clock, start, told, events } = await supplied({ kept: { ...KNOWN, past } });
    clock.step(0, 'unsynced');

    void start();
    await clock.advance(30 * MINUTE);

    expect(told).toEqual([]);
    expect(names(events)).toEqual(['power-cycle-given-up']);
  });

  it('that is gone from the site file leaves nothing in the store', async () => {
    const { supplies, store } = await supplied();
    store.set('.ids', { ids: ['gone', 'mast'] });
    store.set('gone', KNOWN);

    await supplies.begin();

    expect(store.get('gone')).toBeUndefined();
    expect(store.get('.ids')).toEqual({ ids: ['mast'] });
  });

  it('takes what it cannot read of an earlier run for nothing', async () => {
    const { clock, start, told } = await supplied({
      kept: { past: [7, { boot: 1 }, null], known: ['unit', 3], left: 'x' },
    });

    void start();
    await clock.advance(90_000);

    expect(told).toEqual(['on', 'off']);
  });
});
