import { describe, expect, it, onTestFinished } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { openBook } from '../../src/access/index.ts';
import { loadSite } from '../../src/config/index.ts';
import type { ActResult } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import type { DoorsWorld } from '../../src/gateway/door-world.ts';
import { DoorRuntime } from '../../src/gateway/doors.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { listOf, person, TOKENS } from '../support/access-list.ts';
import { ANN, doorSite } from '../support/door-site.ts';
import { quietLog } from '../support/quiet.ts';
import { countedBytes } from '../support/store-world.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** The doors of a street, with a store that does as the test says and a board that counts what it is told. */
async function doors(
  store: Pick<DoorsWorld, 'state' | 'tell'>,
  obeys: () => ActResult = () => DONE,
  read: readonly string[] = ['contact', 'button', 'panel'],
) {
  const library = await openLibrary();
  const loaded = await loadSite(doorSite(), {
    library: async () => library,
    readText: () => undefined,
    derivedPoints,
  });
  if (!loaded.site) throw new Error(JSON.stringify(loaded.problems));
  const clock = new VirtualClock();
  const acts: string[] = [];
  const book = openBook(listOf([person(ANN)]), 'Asia/Shanghai');
  const runtime = new DoorRuntime(loaded.site, loaded.doors, {
    ...{ clock, log: quietLog, randomBytes: countedBytes },
    list: {
      tokens: TOKENS,
      book: () => book,
      time: () => ({ unix_ms: clock.read().unix_ms, known: true }),
      floor: { kept: () => [] },
      visits: { judge: () => ({ decision: { result: 'deny', reason: 'bad-token' } }), use: () => [] },
    },
    ...store,
    show: () => {},
    host: (id) => ({
      settings: { id, driver: { commands: {} } },
      act: async (name) => {
        acts.push(name);
        return obeys();
      },
    }),
  });
  const { boot, up } = clock.now();
  const level = (device: string) =>
    ({ device, point: 'active', value: false, quality: 'good', stamp: { boot, up } }) as const;
  const loading = runtime.load();
  // As a gateway does: a slow disk is not waited for.
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  runtime.start();
  runtime.readings(read.map(level));
  await clock.advance(1000);
  const told = acts;
  if (read.includes('panel')) acts.splice(0);
  const card = () => {
    const stamp = clock.now();
    const fields = { card: ANN };
    runtime.hear({ kind: 'event', lane: 'b', subject: 'reader', name: 'card', fields, stamp });
  };
  return { clock, acts, told, card, runtime, loading };
}

/** A store that gives what it has only when it is told to; its fire panel is not read meanwhile. */
async function slow(kept: JsonObject) {
  let open = () => {};
  const late = new Promise<void>((resolve) => {
    open = resolve;
  });
  const written: (JsonObject | undefined)[] = [];
  const get = async (_owner: string, name: string) => {
    await late;
    return name === 'gate' ? kept : undefined;
  };
  const set = async (_owner: string, _name: string, value: JsonObject | undefined) =>
    void written.push(value);
  const tell: DoorsWorld['tell'] = async (_event, writes) => {
    for (const { name, value } of writes) if (name === 'gate') written.push(value);
    return true;
  };
  const { told, clock, loading, runtime } = await doors({ state: { get, set }, tell }, () => DONE, [
    'contact',
    'button',
  ]);
  const stop = new AbortController();
  const running = runtime.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  const give = async () => {
    open();
    await loading;
  };
  return { told, clock, written, give };
}

const DONE: ActResult = { result: 'done', facts: {} };
const gone = () => Promise.reject(new Fault('internal', { text: 'the disk is gone' }));

describe('a door whose store', () => {
  it('cannot be read or written opens for a card, and locks again', async () => {
    const { acts, card, clock } = await doors({ state: { get: gone, set: gone }, tell: async () => false });

    card();
    const at_once = [...acts];
    await clock.advance(7000);

    expect(at_once).toEqual(['pulse']);
    expect(acts).toEqual(['pulse', 'off']);
  });

  it('stalls opens in the same turn that the card is told in: nothing waits for the disk', async () => {
    const never = () => new Promise<never>(() => {});
    const state = { get: async () => undefined, set: never };
    const { acts, card } = await doors({ state, tell: never });

    card();

    expect(acts).toEqual(['pulse']);
  });

  it.each([
    ['a fire', { fire: ['fire'] }, true],
    ['one that waits to be reset', { fire: ['fire', '*'] }, true],
    ['a hold-open', { hold: { by: 'desk' } }, true],
    ['nothing', {}, false],
  ])('is slow at the start relocks nothing before it is known that there was %s', async (_, left, stays) => {
    const kept = { boot: 'boot-0', scheduled: false, schedule_off: false, stopped: false, fire: [], ...left };
    const { told, give, clock } = await slow(kept);

    const before = [...told];
    await clock.advance(9000);
    const still = [...told];
    await give();
    await clock.advance(1000);

    expect([before, still]).toEqual([[], []]);
    expect(told).toEqual([stays ? 'on' : 'off']);
  });

  it('gives nothing for half a minute is waited for no longer, and nothing is written over what it may give', async () => {
    const { told, give, clock, written } = await slow({
      ...{ boot: 'boot-0', scheduled: false, schedule_off: false, stopped: false, fire: [] },
      lockdown: { by: 'desk' },
    });

    await clock.advance(31_000);
    const after = [...told];
    const meanwhile = [...written];
    await give();
    await clock.advance(1000);

    expect(after).toEqual(['off']);
    expect(meanwhile).toEqual([]);
    expect(written.at(-1)).toMatchObject({ lockdown: { by: 'desk' } });
  });

  it('is slow at the start gives back its lockdown late, and it holds from then on', async () => {
    const kept = { boot: 'boot-0', scheduled: false, schedule_off: false, stopped: false, fire: [] };
    let give = () => {};
    const late = new Promise<void>((resolve) => {
      give = resolve;
    });
    const get = async (_owner: string, name: string) => {
      await late;
      return name === 'gate' ? { ...kept, lockdown: { by: 'desk' } } : undefined;
    };
    const state = { get, set: async () => {} };
    const { acts, card, clock, loading } = await doors({ state, tell: async () => true });

    give();
    await loading;
    card();
    await clock.advance(100);

    expect(acts).not.toContain('pulse');
  });

  it('did not take what is kept of it gives it to it again with the next record', async () => {
    const kept: (readonly string[])[] = [];
    let takes = false;
    const state = { get: async () => undefined, set: gone };
    const tell: DoorsWorld['tell'] = async (_event, writes) => {
      kept.push(writes.map(({ name }) => name));
      return takes;
    };
    const { runtime, card, clock } = await doors({ state, tell });
    const how = { signal: new AbortController().signal, actuated: () => {}, ref: 'c-1', by: 'local:pi' };

    await runtime.target('gate')?.act('lockdown', {}, how);
    await clock.advance(100);
    takes = true;
    kept.splice(0);
    card();
    await clock.advance(100);
    card();

    expect(kept[0]).toEqual(['gate']);
    expect(kept.slice(1).flat()).toEqual([]);
  });
});
