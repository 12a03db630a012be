import { describe, expect, it, onTestFinished } from 'vitest';
import type { Bus, BytesLink } from '../../src/contracts/index.ts';
import { cardOf, keepRevision, type Revision, revise } from '../../src/devices/inventory.ts';
import { Roster, type RosterEntry } from '../../src/devices/roster.ts';
import { Fault } from '../../src/faults/index.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { deviceWorld, type Script, settingsOf } from '../support/device-world.ts';

const WIRE = { unit: 1, timeout_ms: 100, gap_ms: 0, reply_delay_ms: 0 };
const fine: Script = { sample: async () => ({ temperature: 20 }) };

/** A bus that gives links nobody uses. */
const busOf = (id: string): Bus => ({
  id,
  kind: 'bytes',
  bytes: () => ({}) as BytesLink,
  modbus: (device) => {
    throw new Fault('bus.wrong-link', { device, wanted: 'modbus', bus: id, kind: 'bytes' });
  },
  udp: (device: string): never => {
    throw new Fault('bus.wrong-link', { device, wanted: 'udp', bus: id, kind: 'bytes' });
  },
  http: (device: string): never => {
    throw new Fault('bus.wrong-link', { device, wanted: 'http', bus: id, kind: 'bytes' });
  },
  lines: (device) => {
    throw new Fault('bus.wrong-link', { device, wanted: 'line', bus: id, kind: 'bytes' });
  },
  stats: () => {
    throw new Error('nobody asks');
  },
  restart: async () => {},
  lend: async () => () => {},
  close: async () => {},
});

function open(scripts: readonly Script[]) {
  const world = deviceWorld();
  const entries: RosterEntry[] = scripts.map((script) => ({ settings: settingsOf(script), wire: WIRE }));
  const roster = Roster.open(entries, new Map([['bus', busOf('bus')]]), world.world);
  roster.start();
  onTestFinished(async () => {
    const closed = roster.close();
    await world.clock.advance(10_000);
    await closed;
  });
  return { ...world, roster };
}
const called = (id: string, script: Script = fine): Script => ({
  ...script,
  settings: { ...script.settings, id },
});

describe('the devices of a site', () => {
  it('are found by their id; another one names the nearest', async () => {
    const { roster } = open([called('air-1'), called('air-2')]);
    expect(roster.find('air-2').settings.id).toBe('air-2');
    expect(() => roster.find('air-22')).toThrow(/nearest is air-2/);
    expect(() => open([]).roster.find('x')).toThrow(/nearest is none/);
  });

  it('of one rhythm on one bus are asked at different moments, spread over their interval', async () => {
    const asked: number[] = [];
    const world = open(
      ['a', 'b', 'c', 'd'].map((id) =>
        called(id, {
          sample: async () => {
            asked.push(world.clock.now().up);
            return {};
          },
        }),
      ),
    );
    await world.clock.advance(999);
    expect(asked).toEqual([1000, 1250, 1500, 1750]);
  });

  it('run on when one cannot be opened: that one is shown with its fault, and told as down', async () => {
    const broken = called('bad', {
      settings: { driver: { ...settingsOf(fine).driver, link: 'modbus' as const } },
    });
    const { roster, clock, facts, readings } = open([called('good'), broken, called('lost')]);
    await clock.advance(1000);

    expect(roster.views().map(({ id, status, cause }) => [id, status, cause])).toEqual([
      ['good', 'online', ''],
      ['bad', 'offline', 'bus.wrong-link'],
      ['lost', 'online', ''],
    ]);
    expect(facts.get('device-down bad')).toMatch(/needs a modbus bus/);
    expect(() => roster.find('bad')).toThrow(/needs a modbus bus/);
    expect(readings).toHaveLength(2);
    await roster.close();
    expect([...facts]).toEqual([]);
  });

  it('whose driver breaks while it is opened is such a one', () => {
    const driver = {
      ...settingsOf(fine).driver,
      open: () => {
        throw new TypeError('no such register');
      },
    };
    const { roster } = open([called('bad', { settings: { driver } })]);
    expect(roster.views()).toMatchObject([{ id: 'bad', status: 'offline', cause: 'internal' }]);
  });

  it('come to rest together; one that fails does not stop the others, and is logged', async () => {
    const rested: string[] = [];
    const relay = (id: string, works: boolean): Script =>
      called(id, {
        act: async () => ({ result: 'done', facts: {} }),
        rest: async () => {
          if (!works) throw new Fault('bus.no-reply', { unit: 1, bus: 'bus', timeout_ms: 100 });
          rested.push(id);
        },
      });
    const { roster, logged } = open([relay('r-1', true), relay('r-2', false), relay('r-3', true)]);
    await roster.rest();
    expect(rested).toEqual(['r-1', 'r-3']);
    expect(logged.map(({ facts }) => facts)).toMatchObject([{ device: 'r-2' }]);
  });
});

describe('the inventory', () => {
  const cards = (...ids: string[]) => ids.map((id) => cardOf(settingsOf(called(id)), {}));

  it('tells what a device is and what its points are', () => {
    const settings = settingsOf(called('air-1', { settings: { name: 'Gate 1', zone: 'gate' } }));
    const { driver } = settings;
    expect(cardOf(settings, driver.points({}))).toEqual({
      ...{ id: 'air-1', name: 'Gate 1', zone: 'gate', driver: 'scripted' },
      ...{ about: 'A device of a test.', evidence: 'simulated' },
      points: {
        temperature: { kind: 'number', about: 'Heat.', privacy: 'plain', unit: 'Cel', min: -40, max: 80 },
        wet: { kind: 'flag', about: 'It is wet.', privacy: 'plain' },
      },
    });
  });

  it('tells of a simulated device that it is one', () => {
    const settings = settingsOf(called('air-1', { settings: { simulated: true } }));
    expect(cardOf(settings, {})).toMatchObject({ simulated: true });
  });

  it('has a revision that grows by one with each change, and not with the order of the site file', () => {
    const first = revise(undefined, cards('a', 'b'));
    expect(first.revision).toBe(1);
    expect(revise(first, cards('b', 'a'))).toBe(first);
    const second = revise(first, cards('a', 'b', 'c'));
    expect(second).toMatchObject({ revision: 2 });
    expect(revise(second, cards('a', 'b'))).toMatchObject({ revision: 3, hash: first.hash });
  });

  it('remembers its revision in the store, and writes only when it changes', async () => {
    const kept = new Map<string, JsonObject>();
    let writes = 0;
    const state = {
      get: async (owner: string, name: string) => kept.get(`${owner}/${name}`),
      set: async (owner: string, name: string, value: JsonObject) => {
        writes += 1;
        kept.set(`${owner}/${name}`, value);
      },
    };
    const store = state as Parameters<typeof keepRevision>[0];
    const told: Revision[] = [];
    for (const ids of [['a'], ['a'], ['a', 'b']]) told.push(await keepRevision(store, cards(...ids)));
    expect(told.map(({ revision }) => revision)).toEqual([1, 1, 2]);
    expect(writes).toBe(2);
  });
});
