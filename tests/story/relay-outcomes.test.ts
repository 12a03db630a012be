import { describe, expect, it } from 'vitest';
import { wiredDevice } from '../support/wired-device.ts';

type World = Awaited<ReturnType<typeof wiredDevice>>;

/** A relay board that is up, and what its relays really are. */
async function board(wish: Parameters<typeof wiredDevice>[1] = {}) {
  const world = await wiredDevice('waveshare-relay', wish);
  await world.pass(5000, () => world.heard.length > 0);
  const act = async (name: string, args: Record<string, number>) => {
    const acting = world.device.act(name, args);
    await world.clock.advance(3000);
    return acting;
  };
  return { ...world, act };
}

/** Relays that a look shows as on, once the wire is well again. */
async function relaysOn(world: World): Promise<number[]> {
  world.site.faults.clear('dut');
  const from = world.heard.length;
  await world.pass(120_000, () => world.heard.length > from + 16);
  const last = new Map(world.heard.slice(from).map(({ point, value }) => [point, value]));
  return [...last].flatMap(([point, value]) =>
    point.startsWith('relay-') && value === true ? [Number(point.slice(6))] : [],
  );
}

describe('a command whose answer is lost', () => {
  it('that left its relay as wanted is done, by reading it back', async () => {
    const world = await board();
    // The answer of the write is lost, that of the look behind it is not.
    world.site.faults.set('dut', 'lost');
    const acting = world.device.act('on', { channel: 3 });
    await world.clock.advance(200);
    world.site.faults.clear('dut');
    await world.clock.advance(3000);

    expect(await acting).toMatchObject({ result: 'done', facts: { evidence: 'read-back' } });
    expect(await relaysOn(world)).toEqual([3]);
  });

  it('and that of the look behind it too, is unknown, though the relay has moved; nothing is sent twice', async () => {
    const world = await board();
    world.site.faults.set('dut', 'lost');
    expect(await world.act('on', { channel: 3 })).toMatchObject({ result: 'unknown' });
    expect(await relaysOn(world)).toEqual([3]);
  });

  it('all-off is read back as a whole', async () => {
    const world = await board();
    await world.act('on', { channel: 2 });
    await world.act('on', { channel: 5 });
    world.site.faults.set('dut', 'lost');
    const acting = world.device.act('all-off', {});
    await world.clock.advance(200);
    world.site.faults.clear('dut');
    await world.clock.advance(3000);

    expect(await acting).toMatchObject({ result: 'done', facts: { evidence: 'read-back' } });
    expect(await relaysOn(world)).toEqual([]);
  });
});

describe('a command that never arrives', () => {
  it('at a mute board is unknown, since nobody can tell; the relay has not moved', async () => {
    const world = await board();
    world.site.faults.set('dut', 'mute');
    expect(await world.act('on', { channel: 3 })).toMatchObject({ result: 'unknown' });
    expect(await relaysOn(world)).toEqual([]);
  });

  it('at a bus that is unplugged has failed: not a byte has left', async () => {
    const world = await board();
    world.site.faults.set('bus', 'unplug');
    await world.pass(60_000, () => world.facts.has('bus-down'));
    expect(await world.act('on', { channel: 3 })).toMatchObject({ result: 'failed' });
  });

  it('at a board that refuses it has failed', async () => {
    const world = await board({ options: { channels: 8, inputs: 0 } });
    world.site.set('dut', { 'relay-1': true });
    await expect(world.device.act('on', { channel: 9 })).rejects.toMatchObject({ code: 'command.bad-args' });
  });
});

describe('a board after a run that did not end cleanly', () => {
  it('has its relays off before anything else, as soon as its bus is open', async () => {
    const world = await wiredDevice('waveshare-relay', { rest_at_start: true });
    world.site.set('dut', { 'relay-1': true, 'relay-7': true });
    await world.clock.advance(1000);
    expect(await relaysOn(world)).toEqual([]);
  });

  it('that was mute then is brought to rest when it comes back', async () => {
    const world = await wiredDevice('waveshare-relay', { rest_at_start: true });
    world.site.set('dut', { 'relay-1': true });
    world.site.faults.set('dut', 'mute');
    await world.pass(60_000);
    expect(world.facts.has('outputs-unsafe')).toBe(true);
    expect(await relaysOn(world)).toEqual([]);
    expect([...world.facts]).toEqual([]);
  });
});
