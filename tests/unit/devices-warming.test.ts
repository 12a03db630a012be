import { describe, expect, it } from 'vitest';
import { type Call, Fault, type Heard, type PointSpecs } from '#kit';
import { deviceWorld } from '../support/device-world.ts';

const HEAT = { temperature: 21 };

describe('a device that warms up', () => {
  it('has no values for its time after it was started, and values after that', async () => {
    const world = deviceWorld();
    let first = true;
    world.host({
      warm_up_ms: 2500,
      sample: async (call: Call) => {
        if (first) call.started?.();
        first = false;
        return HEAT;
      },
    });

    await world.clock.advance(3100);

    expect(world.readings.map(({ value, quality }) => [value, quality])).toEqual([
      [null, 'suspect'],
      [null, 'suspect'],
      [null, 'suspect'],
      [21, 'good'],
    ]);
  });

  it('is well all the while: it answers', async () => {
    const world = deviceWorld();
    const host = world.host({
      warm_up_ms: 60_000,
      sample: async (call: Call) => {
        call.started?.();
        return HEAT;
      },
    });

    await world.clock.advance(20_000);

    expect(host.view()).toMatchObject({ status: 'online', failures: 0 });
    expect([...world.everRaised]).toEqual([]);
  });

  it('may be started by a command, while it is listened to', async () => {
    const world = deviceWorld();
    async function* watch({ signal }: Call): AsyncIterable<Heard<PointSpecs>> {
      while (!signal.aborted) {
        await world.clock.sleep('speaks', 1000, signal).catch(() => {});
        if (!signal.aborted) yield { sample: HEAT };
      }
    }
    const host = world.host({
      warm_up_ms: 2000,
      watch,
      act: async (_name, _args, call) => {
        call.started?.();
        return { result: 'done', facts: {} };
      },
    });
    await world.clock.advance(1500);

    await host.act('ask', {});
    await world.clock.advance(3000);

    expect(world.readings.map(({ value }) => value)).toEqual([21, null, null, 21]);
  });

  it('begins its time anew whenever it says so', async () => {
    const world = deviceWorld();
    let looks = 0;
    world.host({
      warm_up_ms: 1500,
      sample: async (call: Call) => {
        looks += 1;
        if (looks <= 3) call.started?.();
        return HEAT;
      },
    });

    await world.clock.advance(5100);

    expect(world.readings.map(({ value }) => value)).toEqual([null, null, null, null, 21, 21]);
  });

  it('warms up anew when it was down: it may have lost its power', async () => {
    const world = deviceWorld();
    let well = true;
    const host = world.host({
      warm_up_ms: 30_000,
      sample: async () => {
        if (!well) throw new Fault('bus.no-reply', { bus: 'bus', unit: 1, timeout_ms: 100 });
        return HEAT;
      },
    });
    await world.clock.advance(2500);
    expect(world.readings.every(({ value }) => value === 21)).toBe(true);

    well = false;
    await world.clock.advance(120_000);
    expect(host.view().status).toBe('offline');
    world.readings.length = 0;
    well = true;
    await world.clock.advance(200_000);

    const back = world.readings.find(({ value }) => value === 21)?.stamp.up ?? 0;
    expect(world.readings[0]?.value).toBeNull();
    expect(back - (world.readings[0]?.stamp.up ?? 0)).toBeGreaterThanOrEqual(30_000);
    expect(host.view().status).toBe('online');
  });

  it('counts from its first word when its driver knows of no warming up', async () => {
    const world = deviceWorld();
    world.host({
      sample: async (call: Call) => {
        call.started?.();
        return HEAT;
      },
    });

    await world.clock.advance(0);

    expect(world.readings).toMatchObject([{ value: 21, quality: 'good' }]);
  });
});
