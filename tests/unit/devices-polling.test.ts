import { describe, expect, it } from 'vitest';
import type { Sample } from '#kit';
import { Fault } from '../../src/faults/index.ts';
import { deviceWorld, later } from '../support/device-world.ts';

const silent = () => new Fault('bus.no-reply', { unit: 1, bus: 'bus', timeout_ms: 100 });
const noWire = () => new Fault('bus.down', { bus: 'bus', reason: 'pulled out' });

/** A device that answers, or not, as the test says; `looked` are the moments it was asked. */
function answering(world: ReturnType<typeof deviceWorld>) {
  const looked: number[] = [];
  const device = { fault: undefined as Error | undefined, sample: { temperature: 20 } as Sample };
  const sample = async () => {
    looked.push(world.clock.now().up);
    if (device.fault) throw device.fault;
    return device.sample;
  };
  return { looked, device, sample };
}

describe('a polled device', () => {
  it('is asked in its rhythm, from its own place in it', async () => {
    const world = deviceWorld();
    const { looked, sample } = answering(world);
    world.host({ sample, poll_ms: 1000 }, { index: 1, of: 4 });
    await world.clock.advance(3500);
    expect(looked).toEqual([1250, 2250, 3250, 4250]);
  });

  it('gives readings with the moment of the answer, and is told to be up once', async () => {
    const world = deviceWorld();
    const { sample } = answering(world);
    const host = world.host({ sample });
    await world.clock.advance(2000);

    expect(world.readings.map(({ value, quality, stamp }) => [value, quality, stamp.up])).toEqual([
      [20, 'good', 1000],
      [20, 'good', 2000],
      [20, 'good', 3000],
    ]);
    expect(world.events).toMatchObject([
      { kind: 'event', lane: 'b', subject: 'dut', name: 'device-up', stamp: { up: 1000 } },
    ]);
    expect(host.view()).toMatchObject({ status: 'online', polls: 3, missed: 0, failures: 0, cause: '' });
  });

  it('that falls silent is told down once with its cause, and its values once more as stale with their own time', async () => {
    const world = deviceWorld();
    const { device, sample } = answering(world);
    const host = world.host({ sample });
    await world.clock.advance(0);
    device.fault = silent();

    await world.clock.advance(60_000);

    expect(world.timeline()).toEqual(['device-up@1000', 'device-down@4000']);
    expect(world.events[1]).toMatchObject({ lane: 'b', fields: { bus: 'bus', fault: 'bus.no-reply' } });
    expect(world.readings.map(({ quality, stamp }) => [quality, stamp.up])).toEqual([
      ['good', 1000],
      ['stale', 1000],
    ]);
    expect(world.facts.get('device-down dut')).toMatch(/no reply/);
    expect(host.view()).toMatchObject({ status: 'offline', since_up: 4000, cause: 'bus.no-reply' });
  });

  it('is told up again with how long it was down', async () => {
    const world = deviceWorld();
    const { device, sample } = answering(world);
    world.host({ sample });
    await world.clock.advance(0);
    device.fault = silent();
    await world.clock.advance(5000);
    device.fault = undefined;

    await world.clock.advance(60_000);

    expect(world.events.at(-1)).toMatchObject({ name: 'device-up', fields: { down_ms: 3000 } });
    expect([...world.facts]).toEqual([]);
  });

  it('while mute is asked ever more rarely, and never more than half a minute apart', async () => {
    const world = deviceWorld();
    const { device, looked, sample } = answering(world);
    device.fault = silent();
    world.host({ sample });
    await world.clock.advance(300_000);

    const pauses = looked.map((up, index) => up - (looked[index - 1] ?? up)).slice(1);
    expect(pauses.slice(0, 9)).toEqual([1000, 1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(Math.max(...pauses)).toBe(30_000);
  });

  it('counts exactly the polls that fell due while a look ran', async () => {
    const world = deviceWorld();
    const looked: number[] = [];
    const sample = async () => {
      looked.push(world.clock.now().up);
      await world.clock.sleep('slow answer', 2500);
      return { temperature: 20 };
    };
    const host = world.host({ sample });
    await world.clock.advance(9100);
    expect(looked).toEqual([1000, 4000, 7000, 10_000]);
    expect(host.view()).toMatchObject({ missed: 6, polls: 4 });
  });

  it('on a slow rhythm is asked within a second of its wire being there, and told down no sooner for it', async () => {
    const world = deviceWorld();
    const { device, looked, sample } = answering(world);
    device.fault = noWire();
    world.host({ sample, poll_ms: 3_600_000 });
    await world.clock.advance(25_300);
    device.fault = undefined;

    await world.clock.advance(1000);

    expect(world.timeline()).toEqual(['device-up@27000']);
    expect(looked).toHaveLength(27);
    await world.clock.advance(3_600_000);
    expect(looked.slice(27)).toEqual([3_601_000]);
  });

  it('whose driver throws something of its own is failing with that text', async () => {
    const world = deviceWorld();
    const host = world.host({
      sample: () => {
        throw new TypeError('x is not a function');
      },
    });
    await world.clock.advance(5000);
    expect(host.view()).toMatchObject({ status: 'offline', cause: 'internal' });
    expect(world.facts.get('device-down dut')).toMatch(/x is not a function/);
  });

  it('beats its own heart, with room for the slowest look', async () => {
    const world = deviceWorld();
    const { sample } = answering(world);
    const host = world.host({ sample, poll_ms: 600_000 });
    for (let minute = 0; minute < 30; minute += 1) {
      await world.clock.advance(60_000);
      expect(world.due.get('device dut')).toBeGreaterThan(world.clock.now().up);
    }
    await host.close();
    expect(world.due.get('device dut')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a look that never ends', () => {
  it('is ended after a minute as device.hung, its signal aborted, and the others go on', async () => {
    const world = deviceWorld();
    const signals: AbortSignal[] = [];
    const hung = world.host({
      settings: { id: 'hung' },
      sample: ({ signal }) => {
        signals.push(signal);
        return new Promise<Sample>(() => {});
      },
    });
    const { sample, looked } = answering(world);
    world.host({ sample, settings: { id: 'fine' } });

    await world.clock.advance(60_000);

    expect(signals[0]?.aborted).toBe(true);
    expect(signals[0]?.reason).toMatchObject({ code: 'device.hung' });
    expect(looked).toHaveLength(61);
    expect(hung.view()).toMatchObject({ status: 'starting', cause: 'device.hung', missed: 60 });
    await world.clock.advance(130_000);
    expect(hung.view()).toMatchObject({ status: 'offline', cause: 'device.hung' });
    expect(world.timeline()).toEqual(['device-up@1000', 'device-down@122000']);
  });

  it('does not hold up closing for longer than its patience, and is not heard afterwards', async () => {
    const world = deviceWorld();
    const answer = later<Sample>();
    const host = world.host({ sample: () => answer.promise });
    await world.clock.advance(10);

    const closed = host.close();
    await world.clock.advance(0);
    await closed;
    answer.resolve({ temperature: 20 });
    await world.clock.advance(60_000);

    expect(world.readings).toEqual([]);
    expect(world.events).toEqual([]);
    expect(world.clock.sleepers()).toEqual([]);
  });
});

describe('a technician\u2019s read', () => {
  it('gives what the device says now, and that is kept like any reading', async () => {
    const world = deviceWorld();
    const { sample } = answering(world);
    const host = world.host({ sample, poll_ms: 60_000 });
    await world.clock.advance(500);
    const read = await host.read();
    expect(read).toMatchObject([{ device: 'dut', point: 'temperature', value: 20, stamp: { up: 1500 } }]);
    expect(world.readings).toHaveLength(2);
  });

  it('goes past a poll that waits: that poll gives way and is no failure', async () => {
    const world = deviceWorld();
    const asked: string[] = [];
    const host = world.host({
      sample: ({ priority, signal }) => {
        asked.push(priority);
        if (priority === 'field') return Promise.resolve({ temperature: 21 });
        // A poll in the queue of a busy bus: it leaves when its signal says so.
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    await world.clock.advance(10);

    const reading = host.read();
    await world.clock.advance(0);

    expect(await reading).toMatchObject([{ value: 21 }]);
    expect(asked.slice(0, 2)).toEqual(['poll', 'field']);
    expect(host.view()).toMatchObject({ failures: 0, status: 'online' });
  });

  it('throws what the device or the bus does, and counts as a look', async () => {
    const world = deviceWorld();
    const { device, sample } = answering(world);
    const host = world.host({ sample, poll_ms: 60_000 });
    await world.clock.advance(10);
    device.fault = silent();
    await expect(host.read()).rejects.toMatchObject({ code: 'bus.no-reply' });
    expect(host.view()).toMatchObject({ status: 'failing', failures: 1 });
  });

  it('is rejected with device.closed when the device closes meanwhile, and afterwards', async () => {
    const world = deviceWorld();
    const host = world.host({ sample: () => new Promise<Sample>(() => {}), poll_ms: 60_000 });
    await world.clock.advance(10);
    const reading = host.read();
    reading.catch(() => {});
    const closed = host.close();
    await world.clock.advance(3000);
    await closed;
    await expect(reading).rejects.toMatchObject({ code: 'device.closed' });
    await expect(host.read()).rejects.toMatchObject({ code: 'device.closed' });
  });

  it('ends with the reason of the one who asked when he has had enough', async () => {
    const world = deviceWorld();
    const host = world.host({ sample: () => new Promise<Sample>(() => {}) });
    await world.clock.advance(10);
    const enough = new AbortController();
    const reading = host.read({ signal: enough.signal });
    enough.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(host.view().failures).toBe(0);
  });
});

describe('what a driver may not give', () => {
  it.each([
    ['a point it does not declare', { humidity: 3 }],
    ['a text for a number', { temperature: 'hot' }],
    ['no number at all', { temperature: Number.NaN }],
    ['a number for a flag', { wet: 1 }],
  ])('%s is dropped, counted and logged once', async (_, wrong) => {
    const world = deviceWorld();
    const host = world.host({ sample: async () => ({ ...wrong, ...('wet' in wrong ? {} : { wet: true }) }) });
    await world.clock.advance(2000);
    expect(host.view().rejected).toBe(3);
    expect(world.readings.every(({ value }) => value === true)).toBe(true);
    expect(world.logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(world.facts.get('device-suspect dut')).toMatch(/not what its driver declares/);
  });

  it('values out of range are kept as such, and three samples of them raise the suspicion of another unit', async () => {
    const world = deviceWorld();
    const { device, sample } = answering(world);
    device.sample = { temperature: 81 };
    world.host({ sample });
    await world.clock.advance(1000);
    expect([...world.facts.keys()]).toEqual([]);
    await world.clock.advance(1000);
    expect(world.facts.get('device-suspect dut')).toBe('temperature is 81 Cel (-40..80)');
    device.sample = { temperature: 20 };
    await world.clock.advance(3000);
    expect([...world.facts.keys()]).toEqual([]);
    expect(world.readings.map(({ quality }) => quality)).toEqual([
      ...['out-of-range', 'out-of-range', 'out-of-range'],
      ...['good', 'good', 'good'],
    ]);
  });

  it('says of a device without a valid value that the reading is suspect, and of a simulated one that it is', async () => {
    const world = deviceWorld();
    const samples: Sample[] = [{ temperature: null, wet: true }, { temperature: 999 }];
    world.host({ sample: async () => samples.shift() ?? {}, settings: { simulated: true } });
    await world.clock.advance(1000);
    expect(world.readings.map(({ value, quality }) => [value, quality])).toEqual([
      [null, 'suspect'],
      [true, 'simulated'],
      [999, 'simulated'],
    ]);
  });
});
