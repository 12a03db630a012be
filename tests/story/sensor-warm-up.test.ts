import { describe, expect, it } from 'vitest';
import { wiredDevice } from '../support/wired-device.ts';

type World = Awaited<ReturnType<typeof wiredDevice>>;

/** What was heard of a point from then on: when (ms after), and what. */
const heardSince = ({ heard }: World, since: number, point: string) =>
  heard.flatMap((reading) =>
    reading.point === point && reading.stamp.up >= since
      ? [{ after: reading.stamp.up - since, value: reading.value, quality: reading.quality }]
      : [],
  );

async function act(world: World, command: string): Promise<number> {
  const acting = world.device.act(command, {});
  await world.clock.advance(2000);
  expect(await acting).toMatchObject({ result: 'done' });
  return world.clock.now().up;
}

describe('a sensor that warms up, on a real bus under a real device host', () => {
  it.each([
    ['plantower-pms', {}],
    ['plantower-pms', { mode: 'passive' }],
    ['nova-sds011', {}],
    ['nova-sds011', { mode: 'passive' }],
    ['winsen-zh03b', {}],
  ])('%s %j has no value for 30 s after it was woken, and is believed after that', async (id, options) => {
    const world = await wiredDevice(id, { options });
    await world.pass(20_000, () => world.heard.length > 0);
    await act(world, 'sleep');
    await world.clock.advance(1000);

    const woken = (await act(world, 'wake')) - 2000;
    await world.pass(90_000);

    const told = heardSince(world, woken, 'pm2_5');
    const early = told.filter(({ after }) => after < 30_000);
    const late = told.filter(({ after }) => after > 33_000);
    expect(early.length).toBeGreaterThan(0);
    expect(early.map(({ value, quality }) => [value, quality])).toEqual(early.map(() => [null, 'suspect']));
    expect(late.length).toBeGreaterThan(3);
    expect(late.every(({ value, quality }) => typeof value === 'number' && quality === 'good')).toBe(true);
  });

  it('sensirion-sps30 that lost its power is started by the gateway, and held back for 30 s', async () => {
    const world = await wiredDevice('sensirion-sps30');
    await world.pass(20_000, () => world.heard.length > 0);
    // What it has said in this very moment it has said before.
    await world.clock.advance(1);
    world.site.set('dut', { idle: true });
    const since = world.clock.now().up;

    await world.pass(70_000);

    const told = heardSince(world, since, 'pm2_5');
    expect(told[0]).toMatchObject({ value: null, quality: 'suspect' });
    expect(told.at(-1)).toMatchObject({ value: expect.any(Number), quality: 'good' });
    const firstGood = told.find(({ value }) => value !== null)?.after ?? 0;
    expect(firstGood - (told[0]?.after ?? 0)).toBeGreaterThanOrEqual(30_000);
  });

  it('winsen-mh-z19 that heats says 410 ppm, which nobody hears, and nothing for 3 minutes after', async () => {
    const world = await wiredDevice('winsen-mh-z19');
    world.site.set('dut', { heating: true });
    await world.pass(60_000);
    world.site.set('dut', { heating: false, co2: 640 });
    const heated = world.clock.now().up;

    await world.pass(240_000);

    expect(world.heard.filter(({ value }) => value === 410)).toEqual([]);
    const told = heardSince(world, heated, 'co2');
    const firstGood = told.find(({ value }) => value !== null);
    expect(firstGood).toMatchObject({ value: 640, quality: 'good' });
    expect(firstGood?.after).toBeGreaterThanOrEqual(160_000);
    expect(world.facts.size).toBe(0);
  });
});
