import { describe, expect, it } from 'vitest';
import { toHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { wiredDevice } from '../support/wired-device.ts';

const BOARDS = ['lcus-usb-relay', 'stm8-relay', 'coil-relay', 'wellpro-wp8025'] as const;
type Wish = Parameters<typeof wiredDevice>[1];
type World = Awaited<ReturnType<typeof board>>;

/** A board without a timer that is up, what is written to move its relays, and how they stand. */
async function board(id: string, wish: Wish = {}) {
  const world = await wiredDevice(id, wish);
  await world.pass(5000, () => world.heard.length > 0);
  const frameOf = (name: string, channel: number) =>
    toHex(world.driver.encode?.(name, { channel }, world.options, 1) ?? new Uint8Array());
  const names = new Map(
    [1, 2].flatMap((channel) =>
      ['on', 'off'].map((name): [string, string] => [frameOf(name, channel), `${name} ${channel}`]),
    ),
  );
  const from = world.clock.now().up;
  /** `on 1`, `off 1`: moves that were written since the board was up, with their times from then. */
  const moves = () =>
    world.written.flatMap(({ up, bytes }) => {
      const name = names.get(toHex(bytes));
      return name && up >= from ? [{ name, at: up - from }] : [];
    });
  return { ...world, moves, order: () => moves().map(({ name }) => name) };
}

/** Relays that a look shows as on. */
async function relaysOn({ heard, clock }: Pick<World, 'heard' | 'clock'>): Promise<number[]> {
  await clock.advance(3000);
  const last = new Map(heard.map(({ point, value }) => [point, value]));
  return [...last].flatMap(([point, value]) =>
    point.startsWith('relay-') && value === true ? [Number(point.slice(6))] : [],
  );
}

/** What comes of a command, once so much time has passed. */
async function act(world: World, name: string, args: Record<string, number>, ms = 300) {
  const outcome = world.device.act(name, args);
  await world.clock.advance(ms);
  return outcome;
}

describe.each(BOARDS)('a pulse of %s, which has no timer of its own', (id) => {
  it('is ended by the gateway when its time is over, not before, and says that it is worth less', async () => {
    const world = await board(id);

    const outcome = await act(world, 'pulse', { channel: 2, ms: 1960 });
    await world.clock.advance(1500);
    const during = world.order();
    await world.clock.advance(500);

    expect(outcome).toMatchObject({ result: 'done', facts: { effective_ms: 2000, degraded: 'host-timed' } });
    expect(during).toEqual(['on 2']);
    expect(world.order()).toEqual(['on 2', 'off 2']);
    const [on, off] = world.moves();
    expect((off?.at ?? 0) - (on?.at ?? 0)).toBeGreaterThanOrEqual(2000);
    expect((off?.at ?? 0) - (on?.at ?? 0)).toBeLessThan(2200);
    expect(await relaysOn(world)).toEqual([]);
  });

  it('is marked as such where drivers are described', async () => {
    const { driver } = await (await openLibrary()).describe(id);
    expect(driver.commands.pulse).toMatchObject({ timing: 'host', on_process_end: 'hold' });
  });

  it('whose end is lost is tried again until it has come true; meanwhile that is a health fact', async () => {
    const world = await board(id);
    await act(world, 'pulse', { channel: 2, ms: 1000 });
    world.site.faults.set('dut', 'mute');
    await world.clock.advance(20_000);
    const evidence = world.facts.get('pulse-stuck');
    const tries = world.order().filter((name) => name === 'off 2').length;

    world.site.faults.clear('dut');
    await world.clock.advance(12_000);

    expect(evidence).toBe('dut');
    expect(tries).toBeGreaterThan(4);
    expect(await relaysOn(world)).toEqual([]);
    await world.pass(120_000, () => world.facts.size === 0);
    expect([...world.facts.keys()]).toEqual([]);
  });

  it('ends as soon as its wire is there again', async () => {
    const world = await board(id);
    await act(world, 'pulse', { channel: 2, ms: 1000 });
    world.site.faults.set('bus', 'unplug');
    await world.clock.advance(30_000);
    expect(world.facts.has('pulse-stuck')).toBe(true);

    world.site.faults.clear('bus');
    await world.pass(60_000, () => !world.facts.has('pulse-stuck'));

    expect(await relaysOn(world)).toEqual([]);
    expect(world.order().at(-1)).toBe('off 2');
  });

  it('that begins though nobody can tell is ended all the same', async () => {
    const world = await board(id);
    world.site.faults.set('dut', 'lost');
    const outcome = await act(world, 'pulse', { channel: 2, ms: 5000 }, 4000);
    world.site.faults.clear('dut');

    await world.clock.advance(10_000);

    expect(outcome).toMatchObject({ result: 'unknown', facts: { degraded: 'host-timed' } });
    expect(world.order().filter((name) => name === 'off 2').length).toBeGreaterThan(0);
    expect(await relaysOn(world)).toEqual([]);
  });

  it('that could not begin has no end', async () => {
    const world = await board(id);
    world.site.faults.set('bus', 'unplug');
    await world.pass(60_000, () => world.facts.has('bus-down'));

    const outcome = await act(world, 'pulse', { channel: 2, ms: 1000 });
    world.site.faults.clear('bus');
    await world.clock.advance(60_000);

    expect(outcome).toMatchObject({ result: 'failed' });
    expect(world.order().filter((name) => name === 'on 2')).toEqual([]);
    expect(world.facts.has('pulse-stuck')).toBe(false);
  });

  it('is ended when the device is closed in the middle of it, also on a relay that otherwise stays as it is', async () => {
    const world = await board(id, { rest_at_stop: true, options: { rest: 'hold' } });
    await act(world, 'pulse', { channel: 2, ms: 60_000 });

    const closed = world.roster.close();
    await world.clock.advance(5000);
    await closed;

    expect(world.order()).toEqual(['on 2', 'off 2']);
    const written = world.written.length;
    await world.clock.advance(120_000);
    expect(world.written).toHaveLength(written);
  });
});

describe('a second command while a pulse is under way', () => {
  it('that is a pulse too makes it last until the later end of both', async () => {
    const world = await board('stm8-relay');
    await act(world, 'pulse', { channel: 1, ms: 3000 }, 1000);

    await act(world, 'pulse', { channel: 1, ms: 5000 }, 1000);
    await act(world, 'pulse', { channel: 1, ms: 100 }, 3500);
    const during = world.order();
    await world.clock.advance(1000);

    expect(during).toEqual(['on 1', 'on 1', 'on 1']);
    expect(world.order()).toEqual(['on 1', 'on 1', 'on 1', 'off 1']);
    expect(world.moves().at(-1)?.at).toBeGreaterThanOrEqual(6000);
  });

  it('that is a pulse of another relay has its own time', async () => {
    const world = await board('stm8-relay');
    await act(world, 'pulse', { channel: 1, ms: 3000 }, 1000);

    await act(world, 'pulse', { channel: 2, ms: 1000 }, 3000);

    expect(world.order()).toEqual(['on 1', 'on 2', 'off 2', 'off 1']);
  });

  it.each([
    { name: 'off', left: [] },
    { name: 'on', left: [1] },
  ])('that is $name takes its place: nothing happens to the relay later', async ({ name, left }) => {
    const world = await board('stm8-relay');
    await act(world, 'pulse', { channel: 1, ms: 3000 }, 1000);

    await act(world, name, { channel: 1 }, 10_000);

    expect(world.order()).toEqual(['on 1', `${name} 1`]);
    expect(await relaysOn(world)).toEqual(left);
  });

  it('that was sent before its beginning does not take its end away', async () => {
    const world = await board('stm8-relay');
    const off = world.device.act('off', { channel: 1 });
    const pulse = world.device.act('pulse', { channel: 1, ms: 1000 });
    await world.clock.advance(5000);

    expect(await off).toMatchObject({ result: 'done' });
    expect(await pulse).toMatchObject({ result: 'done' });
    expect(world.order()).toEqual(['off 1', 'on 1', 'off 1']);
  });
});

describe('the end of a pulse', () => {
  it('goes before every command that waits for the device', async () => {
    const world = await board('stm8-relay');
    await act(world, 'pulse', { channel: 1, ms: 1000 }, 1000);
    const waiting = Array.from({ length: 8 }, () => world.device.act('on', { channel: 2 }));

    await world.clock.advance(5000);

    await Promise.all(waiting);
    expect(world.order().indexOf('off 1')).toBeLessThan(5);
  });

  it('goes past a command that does not end', async () => {
    const world = await board('stm8-relay');
    await act(world, 'pulse', { channel: 1, ms: 1000 }, 900);
    // Four questions, each of whose answers takes its time.
    world.site.faults.set('dut', 'late', { ms: 280 });
    let slow_at = 0;
    const slow = world.device.act('version', {}).finally(() => {
      slow_at = world.clock.now().up;
    });
    await world.clock.advance(3000);

    const off = world.written.findLast(({ bytes }) => toHex(bytes) === '01 05 00 00 00 00 CD CA');
    expect(await slow).toMatchObject({ result: 'done' });
    expect(off?.up).toBeLessThan(slow_at);
  });

  it('opens a lock that holds by its relay for a while, and locks again', async () => {
    const world = await board('wellpro-wp8025', { options: { rest: 'on' } });
    await act(world, 'on', { channel: 1 });

    const outcome = await act(world, 'off-pulse', { channel: 1, ms: 2000 }, 1000);
    const during = await relaysOn({ ...world, clock: { ...world.clock, advance: async () => {} } as never });
    await world.clock.advance(2000);

    expect(outcome).toMatchObject({ result: 'done', facts: { effective_ms: 2000 } });
    expect(during).toEqual([]);
    expect(world.order()).toEqual(['on 1', 'off 1', 'on 1']);
    expect(await relaysOn(world)).toEqual([1]);
  });

  it('is told three times to a board that answers nothing, since one may be lost', async () => {
    const world = await wiredDevice('lcus-usb-relay', { options: { query: 'none' } });
    await world.clock.advance(1000);
    const pulse = world.device.act('pulse', { channel: 1, ms: 1000 });
    await world.clock.advance(10_000);

    expect(await pulse).toMatchObject({
      result: 'unknown',
      facts: { evidence: 'sent', degraded: 'host-timed' },
    });
    const last = world.written.slice(-3).map(({ bytes }) => toHex(bytes));
    expect(last).toEqual(['A0 01 00 A1', 'A0 01 00 A1', 'A0 01 00 A1']);
    expect([...world.facts.keys()]).toEqual([]);
  });
});
