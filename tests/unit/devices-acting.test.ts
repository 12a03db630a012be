import { describe, expect, it } from 'vitest';
import type { ActResult } from '../../src/contracts/index.ts';
import { Fault, type FaultCode } from '../../src/faults/index.ts';
import { deviceWorld, later } from '../support/device-world.ts';

const DONE: ActResult = { result: 'done', facts: {} };
const mute = async () => {
  throw new Fault('bus.no-reply', { unit: 1, bus: 'bus', timeout_ms: 100 });
};

describe('a command', () => {
  it('reaches the session at once, with the priority that passes every queued poll', async () => {
    const world = deviceWorld();
    const calls: unknown[] = [];
    const host = world.host({
      act: async (name, args, { priority }) => {
        calls.push([name, args, priority]);
        return { result: 'done', facts: { effective_ms: 500 } };
      },
    });

    const acting = host.act('on', { channel: 2 });
    await Promise.resolve().then(() => Promise.resolve());

    expect(calls).toEqual([['on', { channel: 2 }, 'command']]);
    expect(await acting).toEqual({ result: 'done', facts: { effective_ms: 500 } });
  });

  it('goes while a poll waits for its answer', async () => {
    const world = deviceWorld();
    const host = world.host({ sample: () => new Promise(() => {}), act: async () => DONE });
    await world.clock.advance(10);
    expect(await host.act('on', {})).toEqual(DONE);
  });

  it('is followed by a look before the next beat of the rhythm', async () => {
    const world = deviceWorld();
    const looked: number[] = [];
    const sample = async () => {
      looked.push(world.clock.now().up);
      return { wet: true };
    };
    const host = world.host({ sample, act: async () => DONE, poll_ms: 60_000 });
    await world.clock.advance(5000);
    await host.act('on', {});
    await world.clock.advance(60_000);
    expect(looked).toEqual([1000, 6000, 61_000]);
  });

  it('waits for the one before, in the order they were given', async () => {
    const world = deviceWorld();
    const log: string[] = [];
    const host = world.host({
      act: async (name, { channel }) => {
        log.push(`${name} ${channel} begins`);
        await world.clock.sleep('relay', 50);
        log.push(`${name} ${channel} ends`);
        return DONE;
      },
    });

    const all = [1, 2, 3, 4].map((channel) => host.act(channel % 2 ? 'on' : 'off', { channel }));
    await world.clock.advance(1000);
    await Promise.all(all);

    expect(log).toEqual(
      [1, 2, 3, 4].flatMap((channel) =>
        ['begins', 'ends'].map((what) => `${channel % 2 ? 'on' : 'off'} ${channel} ${what}`),
      ),
    );
  });

  it('that does not end is left after ten seconds as unknown, and the next one goes', async () => {
    const world = deviceWorld();
    let signal: AbortSignal | undefined;
    const host = world.host({
      act: (name, _args, call) => {
        signal ??= call.signal;
        return name === 'on' ? new Promise(() => {}) : Promise.resolve(DONE);
      },
    });

    const hung = host.act('on', {});
    const next = host.act('off', {});
    await world.clock.advance(10_000);

    expect(await hung).toMatchObject({ result: 'unknown', facts: { fault: 'device.hung' } });
    expect(signal?.aborted).toBe(true);
    expect(await next).toEqual(DONE);
  });

  it.each<[string, FaultCode, object, ActResult['result']]>([
    ['on', 'bus.no-reply', {}, 'unknown'],
    ['on', 'bus.no-reply', { sent: true }, 'unknown'],
    ['on', 'bus.bad-reply', {}, 'unknown'],
    ['on', 'bus.down', {}, 'unknown'],
    ['on', 'bus.down', { sent: false }, 'failed'],
    ['on', 'bus.unit-off', {}, 'failed'],
    ['on', 'bus.unit-off', { sent: true }, 'unknown'],
    ['on', 'bus.exception', { exception: 4 }, 'failed'],
    ['on', 'bus.bad-request', {}, 'failed'],
    ['ask', 'bus.no-reply', {}, 'failed'],
  ])('%s that ends in %s %j has the outcome %4$s, with the fault among its facts', async (name, code, facts, result) => {
    const world = deviceWorld();
    const host = world.host({
      act: async () => {
        throw new Fault(code, { unit: 1, bus: 'bus', ...facts });
      },
    });
    expect(await host.act(name, {})).toMatchObject({ result, facts: { fault: code } });
  });

  it('whose driver throws something of its own may have acted', async () => {
    const world = deviceWorld();
    const host = world.host({
      act: () => {
        throw new TypeError('x is not a function');
      },
    });
    expect(await host.act('on', {})).toMatchObject({ result: 'unknown', facts: { fault: 'internal' } });
  });

  it.each<[string, string, object, FaultCode]>([
    ['a name it does not have', 'open', {}, 'command.unknown'],
    ['a name every object has', 'toString', {}, 'command.unknown'],
    ['an argument of the wrong kind', 'on', { channel: 'one' }, 'command.bad-args'],
    ['an argument it does not have', 'on', { force: true }, 'command.bad-args'],
  ])('with %s is refused before anything is asked of the session', async (_, name, args, code) => {
    const world = deviceWorld();
    let asked = 0;
    const host = world.host({
      act: async () => {
        asked += 1;
        return DONE;
      },
    });
    await expect(host.act(name, { ...args })).rejects.toMatchObject({ code, facts: { target: 'dut' } });
    expect(asked).toBe(0);
  });

  it('for a device that has none is refused', async () => {
    const world = deviceWorld();
    const host = world.host({ sample: async () => ({}) });
    await expect(host.act('on', {})).rejects.toMatchObject({ code: 'command.unknown' });
  });

  it('that still waits is given up at once by its caller, and the others keep their order', async () => {
    const world = deviceWorld();
    const first = later<ActResult>();
    const done: unknown[] = [];
    const host = world.host({
      act: async (_name, { channel }) => {
        done.push(channel);
        return channel === 1 ? first.promise : DONE;
      },
    });
    const one = host.act('on', { channel: 1 });
    const enough = new AbortController();
    const two = host.act('on', { channel: 2 }, { signal: enough.signal });
    const three = host.act('on', { channel: 3 });
    enough.abort(new Error('expired'));

    await expect(two).rejects.toThrow('expired');
    first.resolve(DONE);
    await Promise.all([one, three]);
    expect(done).toEqual([1, 3]);
  });

  it('that nobody waits for makes room for one that comes while it still waits, and says that it did nothing', async () => {
    const world = deviceWorld();
    const done: string[] = [];
    const first = later<ActResult>();
    const host = world.host({
      act: async (name) => {
        done.push(name);
        return name === 'ask' ? first.promise : DONE;
      },
    });
    const one = host.act('ask', {});
    const patient = host.act('off', {}, { priority: 'field' });
    const door = host.act('on', {});

    expect(await patient).toMatchObject({
      result: 'failed',
      facts: { fault: 'device.made-way', sent: false, text: expect.stringContaining('the command on came') },
    });
    first.resolve(DONE);
    await Promise.all([one, door]);
    expect(done).toEqual(['ask', 'on']);
  });

  it('that nobody waits for and that is queued on its bus is withdrawn there; the session says whether it was sent', async () => {
    const world = deviceWorld();
    const priorities: string[] = [];
    const host = world.host({
      act: async (_name, { channel }, { signal, priority }) => {
        priorities.push(priority);
        if (channel !== 1) return DONE;
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ result: 'failed', facts: { sent: false } }));
        });
      },
    });
    const patient = host.act('off', { channel: 1 }, { priority: 'field' });
    await world.clock.advance(0);
    const door = host.act('on', { channel: 2 });

    expect(await patient).toEqual({ result: 'failed', facts: { sent: false } });
    expect(await door).toEqual(DONE);
    expect(priorities).toEqual(['field', 'command']);
  });

  it('under way when the device closes has an unknown end; one that comes later is refused', async () => {
    const world = deviceWorld();
    const host = world.host({ act: () => new Promise(() => {}) });
    const acting = host.act('on', {});
    await world.clock.advance(0);
    const closed = host.close();
    await world.clock.advance(5000);
    await closed;
    expect(await acting).toMatchObject({ result: 'unknown', facts: { fault: 'device.closed' } });
    await expect(host.act('on', {})).rejects.toMatchObject({ code: 'device.closed' });
  });

  it('done is all that is ever heard of a device that cannot be looked at', async () => {
    const world = deviceWorld();
    const host = world.host({ act: async () => DONE });
    await host.act('on', {});
    expect(host.view().status).toBe('online');
  });
});

describe('coming to rest', () => {
  it('waits for a command under way, and later ones wait for it', async () => {
    const world = deviceWorld();
    const log: string[] = [];
    const host = world.host({
      act: async (name) => {
        log.push(name);
        await world.clock.sleep('relay', 100);
        log.push(`${name} ended`);
        return DONE;
      },
      rest: async () => {
        log.push('rest');
        await world.clock.sleep('rest', 100);
        log.push('rested');
      },
    });
    const all = [host.act('on', {}), host.act('off', {}), host.rest()];
    await world.clock.advance(1000);
    await Promise.all(all);
    expect(log).toEqual(['on', 'on ended', 'rest', 'rested', 'off', 'off ended']);
  });

  it('goes past a command that does not end after half a second', async () => {
    const world = deviceWorld();
    let rested_up = 0;
    const host = world.host({
      act: () => new Promise(() => {}),
      rest: async () => {
        rested_up = world.clock.now().up;
      },
    });
    void host.act('on', {});
    const resting = host.rest();
    await world.clock.advance(600);
    await resting;
    expect(rested_up).toBe(1500);
  });

  it('of a unit that does not answer is given up after two seconds', async () => {
    const world = deviceWorld();
    const host = world.host({ act: async () => DONE, rest: () => new Promise(() => {}) });
    const resting = host.rest();
    resting.catch(() => {});
    await world.clock.advance(2000);
    await expect(resting).rejects.toMatchObject({ code: 'device.rest-late' });
  });

  it('asked for twice at once is done once', async () => {
    const world = deviceWorld();
    let rests = 0;
    const host = world.host({
      act: async () => DONE,
      rest: async () => {
        rests += 1;
        await world.clock.sleep('rest', 10);
      },
    });
    const both = Promise.all([host.rest(), host.rest()]);
    await world.clock.advance(100);
    await both;
    expect(rests).toBe(1);
  });

  it('is the last thing before closing where the site wants it, and its failure is told', async () => {
    const world = deviceWorld();
    const log: string[] = [];
    const script = {
      settings: { rest_at_stop: true },
      sample: async () => {
        log.push('look');
        return {};
      },
      act: async () => DONE,
    };
    const good = world.host({ ...script, rest: async () => void log.push('rest') });
    const bad = world.host({ ...script, rest: mute });
    await world.clock.advance(10);
    const closed = Promise.all([good.close(), bad.close()]);
    await world.clock.advance(5000);
    await closed;
    expect(log.at(-1)).toBe('rest');
    expect(world.logged).toContainEqual(
      expect.objectContaining({ level: 'error', text: 'outputs may not be in their safe state' }),
    );
  });

  it('with a session that hangs in everything still closes within five seconds', async () => {
    const world = deviceWorld();
    const never = () => new Promise<never>(() => {});
    const host = world.host({
      settings: { rest_at_stop: true, rest_at_start: true },
      ...{ sample: never, act: never, rest: never },
    });
    const acting = host.act('on', {});
    acting.catch(() => {});
    await world.clock.advance(10);
    let closed = false;
    void host.close().then(() => {
      closed = true;
    });
    await world.clock.advance(5000);
    expect(closed).toBe(true);
  });
});

describe('after a run that did not end cleanly', () => {
  const unclean = { rest_at_start: true };

  it('the outputs are brought to rest as soon as the bus is open', async () => {
    const world = deviceWorld();
    const rested: number[] = [];
    world.host({
      settings: unclean,
      act: async () => DONE,
      rest: async () => {
        const { up } = world.clock.now();
        if (up < 1250) throw new Fault('bus.down', { bus: 'bus', reason: 'it is not open yet' });
        rested.push(up);
      },
    });
    await world.clock.advance(60_000);
    expect(rested).toEqual([1300]);
    expect(world.everRaised).toEqual(new Set());
  });

  it('a mute unit is told as unsafe, and is at rest the moment it is heard of again', async () => {
    const world = deviceWorld();
    let there = false;
    const rested: number[] = [];
    world.host({
      settings: unclean,
      sample: () => (there ? Promise.resolve({ wet: true }) : mute()),
      act: async () => DONE,
      rest: async () => {
        if (!there) return mute();
        rested.push(world.clock.now().up);
      },
    });
    await world.clock.advance(600_000);
    expect(world.facts.get('outputs-unsafe dut')).toMatch(/no reply/);
    there = true;
    await world.clock.advance(30_000);
    expect(rested).toEqual([world.events.at(-1)?.stamp.up]);
    expect([...world.facts]).toEqual([]);
  });

  it('a mute unit costs its bus at most two tries a minute', async () => {
    const world = deviceWorld();
    let tries = 0;
    world.host({
      settings: unclean,
      act: async () => DONE,
      rest: async () => {
        tries += 1;
        return mute();
      },
    });
    await world.clock.advance(60_000);
    const before = tries;
    await world.clock.advance(600_000);
    expect(tries - before).toBeLessThanOrEqual(20);
  });

  it('a command comes after rest; when rest fails it goes all the same, and is not undone', async () => {
    const world = deviceWorld();
    const log: string[] = [];
    let there = false;
    const host = world.host({
      settings: unclean,
      act: async (name) => {
        log.push(name);
        return DONE;
      },
      rest: async () => {
        if (!there) return mute();
        log.push('rest');
      },
    });
    await world.clock.advance(20_000);
    expect(await host.act('ask', {})).toEqual(DONE);
    expect(await host.act('on', {})).toEqual(DONE);
    there = true;
    await world.clock.advance(120_000);
    expect(log).toEqual(['ask', 'on']);
  });

  it('a command that finds the unit back comes right after rest', async () => {
    const world = deviceWorld();
    const log: string[] = [];
    const host = world.host({
      settings: unclean,
      act: async (name) => {
        log.push(name);
        return DONE;
      },
      rest: async () => {
        if (world.clock.now().up < 20_500) return mute();
        log.push('rest');
      },
    });
    await world.clock.advance(20_000);
    log.splice(0);
    await host.act('on', {});
    await world.clock.advance(120_000);
    expect(log).toEqual(['rest', 'on']);
  });
});
