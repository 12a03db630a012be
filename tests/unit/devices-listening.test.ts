import { describe, expect, it } from 'vitest';
import type { Heard, PointSpecs } from '#kit';
import { Fault } from '../../src/faults/index.ts';
import { deviceWorld } from '../support/device-world.ts';

/** A device that speaks by itself: what the test says is heard by whoever listens. */
function speaker() {
  const words: (Heard<PointSpecs> | Error)[] = [];
  let wake = () => {};
  const conversations: AbortSignal[] = [];
  async function* watch({ signal }: { signal: AbortSignal }) {
    conversations.push(signal);
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      const next = words.shift();
      if (next instanceof Error) throw next;
      if (next) yield next;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  const say = (word: Heard<PointSpecs> | Error) => {
    words.push(word);
    wake();
  };
  return { watch, say, conversations, heat: (temperature: number) => say({ sample: { temperature } }) };
}

describe('a device that speaks first', () => {
  it('is heard at once, its words stamped with the moment they came', async () => {
    const world = deviceWorld();
    const { watch, heat } = speaker();
    const host = world.host({ watch });
    for (const temperature of [20, 21, 22]) {
      await world.clock.advance(300);
      heat(temperature);
    }
    await world.clock.advance(0);
    expect(world.readings.map(({ value, stamp }) => [value, stamp.up])).toEqual([
      [20, 1300],
      [21, 1600],
      [22, 1900],
    ]);
    expect(host.view()).toMatchObject({ status: 'online', polls: 3, missed: 0 });
    expect(await host.read()).toMatchObject([{ point: 'temperature', value: 22 }]);
  });

  it('that knows when something happened has it stamped with that moment, and never with one to come', async () => {
    const world = deviceWorld();
    const { watch, say } = speaker();
    world.host({ watch });
    await world.clock.advance(500);
    say({ sample: { wet: true }, up: 1234.5 });
    say({ event: 'pressed', fields: {}, up: 1300 });
    say({ sample: { wet: false }, up: 9999 });
    await world.clock.advance(0);

    expect(world.readings.map(({ value, stamp }) => [value, stamp.up])).toEqual([
      [true, 1234.5],
      [false, 1500],
    ]);
    expect(world.timeline()).toContain('pressed@1300');
  });

  it('is offline when it has been silent for four of its intervals, and listened to again', async () => {
    const world = deviceWorld();
    const { watch, heat, conversations } = speaker();
    const host = world.host({ watch, poll_ms: 2000 });
    heat(20);
    await world.clock.advance(8100);

    expect(world.timeline()).toEqual(['device-up@1000', 'device-down@9000']);
    expect(host.view()).toMatchObject({ status: 'offline', cause: 'device.silent' });
    expect(conversations[0]?.aborted).toBe(true);
    await world.clock.advance(2000);
    expect(conversations).toHaveLength(2);
    heat(21);
    await world.clock.advance(0);
    expect(host.view().status).toBe('online');
  });

  it('of a fast rhythm may be silent for five seconds', async () => {
    const world = deviceWorld();
    const { watch, heat } = speaker();
    world.host({ watch, poll_ms: 100 });
    heat(20);
    await world.clock.advance(4990);
    expect(world.timeline()).toEqual(['device-up@1000']);
    await world.clock.advance(20);
    expect(world.timeline()).toEqual(['device-up@1000', 'device-down@6000']);
  });

  it('whose conversation breaks once is heard again almost at once, without an edge', async () => {
    const world = deviceWorld();
    const { watch, heat, say, conversations } = speaker();
    const host = world.host({ watch });
    heat(20);
    await world.clock.advance(500);
    say(new Fault('bus.bad-reply', { unit: 1, bus: 'bus', reason: 'noise' }));
    await world.clock.advance(200);
    heat(21);
    await world.clock.advance(0);
    expect(conversations).toHaveLength(2);
    expect(world.timeline()).toEqual(['device-up@1000']);
    expect(host.view()).toMatchObject({ status: 'online', failures: 1 });
  });

  it('whose wire is gone is tried ever more rarely, at last every ten seconds', async () => {
    const world = deviceWorld();
    const tried: number[] = [];
    // biome-ignore lint/correctness/useYield: it never comes to that
    async function* watch() {
      tried.push(world.clock.now().up);
      throw new Fault('bus.down', { bus: 'bus', reason: 'pulled out' });
    }
    world.host({ watch });
    await world.clock.advance(60_000);
    const pauses = tried.map((up, index) => up - (tried[index - 1] ?? up)).slice(1);
    expect(pauses.slice(0, 5)).toEqual([1000, 2000, 5000, 10_000, 10_000]);
  });

  it('that ends its conversation without a word is no healthy device', async () => {
    const world = deviceWorld();
    async function* watch() {}
    const host = world.host({ watch });
    await world.clock.advance(10_000);
    expect(host.view()).toMatchObject({ status: 'offline', cause: 'device.hung' });
  });

  it('reports events by their declared names in their lane; others are dropped and counted', async () => {
    const world = deviceWorld();
    const { watch, say } = speaker();
    const host = world.host({ watch });
    say({ event: 'pressed', fields: { by: 'somebody' } });
    say({ event: 'toString', fields: {} });
    await world.clock.advance(0);
    expect(world.events.map(({ lane, name }) => [lane, name])).toEqual([
      ['b', 'device-up'],
      ['a', 'pressed'],
    ]);
    expect(host.view().rejected).toBe(1);
  });

  it('that has only events may be silent for days', async () => {
    const world = deviceWorld();
    const { watch, say } = speaker();
    const host = world.host({ watch, points: {} });
    say({ event: 'pressed', fields: {} });
    await world.clock.advance(3 * 86_400_000);
    expect(host.view().status).toBe('online');
    expect(world.due.get('device dut')).toBe(Number.POSITIVE_INFINITY);
  });

  it('that hangs in its own clean-up does not hold up closing, and nothing is heard of it afterwards', async () => {
    const world = deviceWorld();
    async function* watch() {
      try {
        yield { sample: { temperature: 20 } };
        await new Promise(() => {});
      } finally {
        await new Promise(() => {});
      }
    }
    const host = world.host({ watch });
    await world.clock.advance(10);
    const closed = host.close();
    await world.clock.advance(0);
    await closed;
    const before = world.readings.length;
    await world.clock.advance(60_000);
    expect(world.readings).toHaveLength(before);
    expect([...world.facts]).toEqual([]);
  });
});
