import { describe, expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';
import { loadSite } from '../../src/config/index.ts';
import type { Outbox, State } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { DerivedDevices } from '../../src/gateway/derived.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { GatewayIntake } from '../../src/gateway/intake.ts';
import { pointPlans } from '../../src/gateway/plan.ts';
import type { JsonObject, Reading } from '../../src/model/index.ts';
import { openPipeline } from '../../src/pipeline/index.ts';
import { quietLog } from '../support/quiet.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const SIX = Date.parse('2026-11-25T06:00:00+08:00');
const SITE = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
buses:
  - { id: garden, type: modbus-rtu, path: /dev/ttyUSB0, baud: 4800 }
devices:
  - { id: mic, driver: noise-rs485, bus: garden, unit: 1, poll_ms: 2000 }
  - { id: box, driver: louver-box, bus: garden, unit: 2, poll_ms: 10000 }
derived:
  - { id: levels, type: noise, source: { device: mic, point: noise } }
  - id: air
    type: air-quality
    sources: [{ pollutant: pm2_5, device: box, point: pm2_5 }, { pollutant: pm10, device: box, point: pm10 }]
`;

/** The store's small named values, in memory, with a book of what was written. */
function memoryState() {
  const values = new Map<string, JsonObject>();
  const written: { readonly name: string; readonly bytes: number; readonly up: number }[] = [];
  const clock = new VirtualClock({ unix_ms: SIX });
  let broken = false;
  const state: State = {
    get: async (owner, name) => values.get(`${owner} ${name}`),
    set: async (owner, name, value) => {
      if (broken) throw new Fault('store.failed', { reason: 'no room' });
      written.push({ name, bytes: JSON.stringify(value ?? null).length, up: clock.now().up });
      if (value) values.set(`${owner} ${name}`, value);
      else values.delete(`${owner} ${name}`);
    },
  };
  const breakDown = () => {
    broken = true;
  };
  return { state, clock, written, values, breakDown };
}

async function world(
  store = memoryState(),
  change: (text: string) => string = (text) => text,
  { outbox }: { readonly outbox?: Pick<Outbox, 'append'> } = {},
) {
  const loaded = await loadSite(change(SITE), {
    library: () => openLibrary(),
    readText: () => undefined,
    derivedPoints,
  });
  const { clock, state } = store;
  const devices = new DerivedDevices(loaded.derived, 'Asia/Shanghai', {
    clock,
    wall: clock,
    state,
    log: quietLog,
  });
  await devices.begin();
  const stop = new AbortController();
  const made: Reading[] = [];
  const collect = outbox ? collector(devices, outbox) : () => void made.push(...devices.drain());
  const running = devices.run(collect, stop.signal);
  const hear = (device: string, point: string, value: number) =>
    devices.feedOf(device, point)?.({ device, point, value, quality: 'good', stamp: clock.now() });
  return {
    ...store,
    devices,
    made,
    /** A value of each every two seconds. */
    listen: async (ms: number, level = 60) => {
      for (let passed = 0; passed < ms; passed += 2000) {
        hear('mic', 'noise', level + ((passed / 2000) % 20));
        hear('box', 'pm2_5', 35);
        hear('box', 'pm10', 40);
        await clock.advance(2000);
      }
    },
    /** Like a process that is killed: nothing more is written. */
    kill: async () => {
      stop.abort();
      await running;
    },
  };
}

/** What was made goes the way of every reading into an outbox. */
function collector(devices: DerivedDevices, outbox: Pick<Outbox, 'append'>): () => void {
  const pipeline = openPipeline(pointPlans([], devices.points()));
  // Only appending is asked of it here.
  const intake = new GatewayIntake(pipeline, outbox as Outbox, {
    ...{ derived: devices, log: quietLog, onDurable: undefined },
  });
  return () => intake.collect();
}

describe('the state of derived devices', () => {
  it('is kept in one piece with what was made, so that a killed process does not make a window twice', async () => {
    const store = memoryState();
    const told: number[] = [];
    const outbox: Pick<Outbox, 'append'> = {
      append: async (entries, kept = []) => {
        for (const entry of entries)
          if (entry.kind === 'reading' && entry.point === 'window_complete') told.push(entry.stamp.up);
        for (const { owner, name, value } of kept) if (value) store.values.set(`${owner} ${name}`, value);
        return [];
      },
    };
    // Windows end between the minutes at which the state is written anyway.
    const short = (text: string) => text.replace('point: noise }', 'point: noise }, window_s: 100');
    const first = await world(store, short, { outbox });
    await first.listen(104_000);
    await first.kill();
    expect(told).toHaveLength(1);

    await store.clock.advance(10_000);
    const second = await world(store, short, { outbox });
    await second.listen(20_000);
    await second.kill();

    expect(told).toHaveLength(1);
  });

  it('is written once a minute, where it changed, and is small', async () => {
    const { listen, written, kill } = await world();

    await listen(600_000);
    await kill();

    const minutes = new Set(written.map(({ up }) => Math.floor(up / 60_000)));
    const each = (name: string) => written.filter((one) => one.name === name);
    expect(minutes.size).toBeLessThanOrEqual(11);
    expect(each('levels window')).toHaveLength(10);
    expect(each('air open')).toHaveLength(10);
    // The hours of the day change with the hour.
    expect(each('air means')).toHaveLength(1);
    for (const { bytes } of written) expect(bytes).toBeLessThan(600);
  });

  it('costs a killed process at most the last minute of its windows', async () => {
    const first = await world();
    await first.listen(650_000);
    await first.kill();
    const second = await world(first);
    await second.listen(300_000);
    await second.kill();

    const complete = second.made.find(({ point }) => point === 'window_complete');
    expect(complete?.value).toBeGreaterThan((100 * 840) / 900);
    expect(complete?.value).toBeLessThan(96);
  });

  it('is not touched by one that never began', async () => {
    const store = memoryState();
    const { listen, kill, devices } = await world(store);
    await listen(120_000);
    await devices.save();
    await kill();
    const before = JSON.stringify([...store.values]);
    const loaded = await loadSite(SITE, {
      library: () => openLibrary(),
      readText: () => undefined,
      derivedPoints,
    });

    const late = new DerivedDevices(loaded.derived, 'Asia/Shanghai', {
      clock: store.clock,
      wall: store.clock,
      state: store.state,
      log: quietLog,
    });
    await late.save();

    expect(JSON.stringify([...store.values])).toBe(before);
  });

  it('that cannot be written does not stop anything', async () => {
    const store = memoryState();
    const { listen, made, kill } = await world(store);
    store.breakDown();

    await listen(1_000_000);
    await kill();

    expect(made.filter(({ point }) => point === 'laeq')).toHaveLength(1);
  });

  it('of devices that are gone from the site is removed', async () => {
    const first = await world();
    await first.listen(120_000);
    await first.kill();

    const second = await world(first, (text) => text.slice(0, text.indexOf('  - id: air\n')));
    await second.kill();

    const names = [...first.values.keys()];
    expect(names).toContain('derived levels window');
    expect(names.filter((name) => name.startsWith('derived air'))).toEqual([]);
  });

  it('which is no state at all is as if it were not there', async () => {
    const store = memoryState();
    for (const name of ['levels window', 'levels parts', 'air open', 'air means'])
      store.values.set(`derived ${name}`, {
        of: 'mic/noise',
        window_s: 900,
        part: 7,
        counts: 5,
        hour: [],
        open: 3,
      });

    const { listen, made, kill } = await world(store);
    await listen(1_000_000);
    await kill();

    expect(made.filter(({ point }) => point === 'laeq').length).toBeGreaterThan(0);
  });
});
