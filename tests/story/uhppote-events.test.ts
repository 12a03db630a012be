import { describe, expect, it } from 'vitest';
import { wiredDevice } from '../support/wired-device.ts';

type World = Awaited<ReturnType<typeof controller>>;

/** A controller that is up. */
async function controller(options: object = {}) {
  const world = await wiredDevice('uhppote', { options: { serial: 423_187_757, ...options } });
  await world.pass(5000, () => world.heard.length > 0);
  // It is listened to a moment after the bus is open.
  await world.clock.advance(2000);
  const own = () => world.events.filter(({ name }) => Object.hasOwn(world.driver.events, name));
  /** Events of the controller as they came: `door-forced 2`. */
  const told = () => own().map(({ name, fields }) => `${name} ${String(fields.door ?? '')}`.trim());
  const indexes = () => own().map(({ fields }) => fields.index);
  return { ...world, own, told, indexes };
}

async function act(world: World, name: string, args: Record<string, string | number>) {
  const outcome = world.device.act(name, args);
  await world.clock.advance(300);
  return outcome;
}

async function rest(world: World) {
  const resting = world.device.rest();
  await world.clock.advance(1000);
  await resting;
}

describe('the events of an access controller', () => {
  it('come at once, by name, with the card and the door', async () => {
    const world = await controller();
    const began = world.clock.now().up;
    world.site.set('dut', { 'card-2': 6_154_410 });
    await world.clock.advance(200);
    world.site.set('dut', { 'door-2': true });
    await world.clock.advance(200);
    world.site.set('dut', { 'door-2': false, 'button-1': true });
    await world.clock.advance(200);

    expect(world.told()).toEqual(['swipe 2', 'door-opened 2', 'door-closed 2', 'button 1']);
    expect(world.own()[0]?.fields).toMatchObject({
      card: 6_154_410,
      granted: true,
      direction: 'in',
      code: 1,
    });
    for (const { stamp, lane } of world.own()) {
      expect(stamp.up - began).toBeLessThan(700);
      expect(lane).toBe('a');
    }
    expect(world.heard.findLast(({ point }) => point === 'button-1')?.value).toBe(true);
  });

  it('tell a door that is forced, held, and a fire', async () => {
    const world = await controller();
    world.site.set('dut', { 'door-3': true });
    world.site.set('dut', { 'held-3': true });
    world.site.set('dut', { fire: true });
    await world.clock.advance(1500);

    expect(world.told()).toEqual(['door-forced 3', 'door-held 3', 'fire 0']);
    expect(world.heard.findLast(({ point }) => point === 'fire')?.value).toBe(true);
    expect(world.heard.findLast(({ point }) => point === 'unlocked-4')?.value).toBe(true);
  });

  it('that happened while the network was away come afterwards, each once and in order', async () => {
    const world = await controller();
    world.site.set('dut', { 'card-1': 11 });
    await world.clock.advance(500);
    world.site.faults.set('bus', 'unplug');
    for (let card = 100; card < 220; card += 1) world.site.set('dut', { 'card-1': card });
    await world.pass(60_000, () => world.facts.has('device-down'));

    world.site.faults.clear('bus');
    await world.pass(120_000, () => world.own().length >= 121);

    expect(world.indexes()).toEqual(Array.from({ length: 121 }, (_, index) => index + 1));
    expect(world.own().map(({ fields }) => fields.card)).toEqual([
      11,
      ...Array.from({ length: 120 }, (_, index) => 100 + index),
    ]);
  });

  it.each([
    'duplicate',
    'lost',
    'noise',
    'late',
  ] as const)('are each told once on a network with much of %s', async (fault) => {
    const world = await controller();
    world.site.faults.set('dut', fault, { rate: 0.3, ms: 700 });
    for (let card = 1; card <= 40; card += 1) {
      world.site.set('dut', { 'card-1': card });
      await world.clock.advance(400);
    }
    world.site.faults.clear('dut');
    await world.pass(120_000, () => world.own().length >= 40);

    expect(world.indexes()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it('go on where they were left when another gateway process takes over', async () => {
    const world = await controller();
    world.site.set('dut', { 'card-1': 1 });
    await world.clock.advance(1000);
    const closed = world.roster.close();
    await world.clock.advance(5000);
    await closed;
    world.site.set('dut', { 'card-1': 2 });
    world.site.set('dut', { 'card-1': 3 });

    const again = world.reopen();
    await world.pass(10_000, () => world.own().length >= 3);

    expect(world.own().map(({ fields }) => fields.card)).toEqual([1, 2, 3]);
    await again.close();
  });

  it('that were stored by a gateway that died before it could say so do not come again', async () => {
    const world = await controller();
    world.site.set('dut', { 'card-1': 1 });
    await world.clock.advance(1500);
    // From the moment the event is stored on nothing reaches the controller any more.
    world.keeps.told = () => world.site.faults.set('dut', 'mute');
    world.site.set('dut', { 'card-1': 2 });
    await world.clock.advance(500);
    const closed = world.roster.close();
    await world.clock.advance(5000);
    await closed;
    world.keeps.told = () => {};
    world.site.faults.clear('dut');
    world.site.set('dut', { 'card-1': 3 });

    const again = world.reopen();
    await world.pass(10_000, () => world.own().length >= 3);
    await world.clock.advance(5000);

    expect(world.indexes()).toEqual([1, 2, 3]);
    const ended = again.close();
    await world.clock.advance(5000);
    await ended;
  });

  it('of a history that was cleared while the gateway was dead are told, whatever numbers they have', async () => {
    const world = await controller();
    world.keeps.told = () => world.site.faults.set('dut', 'mute');
    world.site.set('dut', { 'card-1': 1 });
    await world.clock.advance(500);
    const closed = world.roster.close();
    await world.clock.advance(5000);
    await closed;
    world.keeps.told = () => {};
    world.site.faults.clear('dut');
    world.site.set('dut', { cleared: true });
    for (const card of [7, 8]) world.site.set('dut', { 'card-1': card });

    const again = world.reopen();
    await world.pass(10_000, () => world.own().length >= 3);
    await world.clock.advance(5000);

    expect(world.own().map(({ fields }) => fields.card)).toEqual([1, 7, 8]);
    const ended = again.close();
    await world.clock.advance(5000);
    await ended;
  });

  it('that were not stored are told again at the next look, and are not forgotten by the controller', async () => {
    const world = await controller();
    world.keeps.events = false;
    world.site.set('dut', { 'card-1': 1 });
    await world.clock.advance(2500);
    const refused = world.own().length;
    world.keeps.events = true;
    await world.clock.advance(2500);

    expect(refused).toBeGreaterThan(1);
    expect(new Set(world.indexes())).toEqual(new Set([1]));
    const settled = world.own().length;
    await world.clock.advance(5000);
    expect(world.own()).toHaveLength(settled);
  });

  it('that were overwritten are told as missed, with their numbers', async () => {
    const world = await controller();
    world.site.set('dut', { 'card-1': 1 });
    await world.clock.advance(500);
    world.site.faults.set('bus', 'unplug');
    for (let card = 2; card <= 20; card += 1) world.site.set('dut', { 'card-1': card });
    world.site.set('dut', { kept: 5 });
    await world.clock.advance(5000);
    world.site.faults.clear('bus');
    await world.pass(60_000, () => world.own().length >= 7);

    expect(world.told()).toEqual(['swipe 1', 'events-missed', ...new Array(5).fill('swipe 1')]);
    expect(world.own()[1]?.fields).toEqual({ from: 2, to: 15 });
  });

  it('begin anew with a history that was cleared', async () => {
    const world = await controller();
    world.site.set('dut', { 'card-1': 1 });
    world.site.set('dut', { 'card-1': 2 });
    await world.clock.advance(1500);
    world.site.set('dut', { cleared: true });
    await world.clock.advance(1500);
    world.site.set('dut', { 'card-1': 3 });
    await world.clock.advance(1500);

    expect(world.own().map(({ fields }) => [fields.index, fields.card])).toEqual([
      [1, 1],
      [2, 2],
      [1, 3],
    ]);
  });
});

describe('the doors of an access controller', () => {
  it('are opened for as long as they are set to, or as is asked for in whole seconds', async () => {
    const world = await controller();

    expect(await act(world, 'open', { door: 1 })).toEqual({ result: 'done', facts: {} });
    expect(await act(world, 'open', { door: 2, ms: 2500 })).toEqual({
      result: 'done',
      facts: { effective_ms: 3000 },
    });
    const unlocked = (door: number) =>
      world.heard.findLast(({ point }) => point === `unlocked-${door}`)?.value;
    await world.clock.advance(1100);
    expect([unlocked(1), unlocked(2)]).toEqual([true, true]);
    await world.clock.advance(2500);
    expect([unlocked(1), unlocked(2)]).toEqual([true, false]);
    await world.clock.advance(3000);

    expect([unlocked(1), unlocked(2)]).toEqual([false, false]);
    expect(world.told()).toEqual(['remote-open 1', 'remote-open 2']);
  });

  it('that it has not are refused, and what the controller refuses has failed', async () => {
    const world = await controller({ doors: 2 });
    await expect(world.device.act('open', { door: 3 })).rejects.toMatchObject({ code: 'command.bad-args' });
    world.site.set('dut', { refuses: true });
    expect(await act(world, 'open', { door: 1 })).toMatchObject({ result: 'failed' });
  });

  it('are left as they are when the gateway ends, and when it starts after it died', async () => {
    const world = await controller({ doors: 2 });
    await act(world, 'set-door', { door: 1, mode: 'open', delay_s: 7 });
    await act(world, 'set-door', { door: 2, mode: 'closed', delay_s: 7 });
    await world.clock.advance(1100);

    await rest(world);
    const closing = world.roster.close();
    await world.clock.advance(5000);
    await closing;
    const again = world.reopen({ rest_at_start: true });
    await world.clock.advance(5000);

    // One that is kept closed opens for nobody.
    const opening = again.find('dut').act('open', { door: 2 });
    await world.clock.advance(1500);
    await opening;
    expect(world.site.said().dut).toMatchObject({ 'unlocked-1': true, 'unlocked-2': false });
    const ended = again.close();
    await world.clock.advance(5000);
    await ended;
  });

  it('that stand open go back to cards and buttons where the site says so, not in a fire; a lockdown stays', async () => {
    const world = await controller({ doors: 2, rest: 'controlled' });
    await act(world, 'set-door', { door: 1, mode: 'open', delay_s: 7 });
    await act(world, 'set-door', { door: 2, mode: 'closed', delay_s: 7 });
    const unlocked = () => world.heard.findLast(({ point }) => point === 'unlocked-1')?.value;

    world.site.set('dut', { fire: true });
    await rest(world);
    world.site.set('dut', { fire: false });
    await world.clock.advance(1100);
    expect(unlocked()).toBe(true);
    await rest(world);
    await world.clock.advance(1100);

    expect(unlocked()).toBe(false);
    for (const door of [1, 2]) await act(world, 'open', { door });
    await world.clock.advance(1100);
    expect(world.site.said().dut).toMatchObject({ 'unlocked-1': true, 'unlocked-2': false });
  });

  it('that are just unlocked stay so for their time, though the gateway ends', async () => {
    const world = await controller({ doors: 2, rest: 'controlled' });
    await act(world, 'open', { door: 1, ms: 5000 });

    await rest(world);
    await world.clock.advance(1100);
    expect(world.heard.findLast(({ point }) => point === 'unlocked-1')?.value).toBe(true);
    await world.clock.advance(5000);

    expect(world.heard.findLast(({ point }) => point === 'unlocked-1')?.value).toBe(false);
  });

  it('need no serial number when theirs is the only controller that answers', async () => {
    const world = await wiredDevice('uhppote', { options: {} });
    await world.pass(10_000, () => world.heard.length > 0);
    const discover = world.device.act('discover', {});
    await world.clock.advance(1000);

    expect(await discover).toMatchObject({
      result: 'done',
      facts: { controllers: [{ serial: 423_187_757, ip: '192.168.0.100', firmware: '8.92' }] },
    });
    expect(world.device.view().status).toBe('online');
  });
});
