import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  linked,
  loopDelayMonitor,
  systemClock,
  ticker,
  unlessAborted,
  withTimeout,
} from '../../src/clock/index.ts';
import { later } from '../support/device-world.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const late = () => new Error('late');
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('a time limit', () => {
  it('gives what the work gives, and leaves no sleeper and no listener behind', async () => {
    const clock = new VirtualClock();
    const outer = new AbortController();
    const span = { name: 'limit', ms: 100, signal: outer.signal, late };
    expect(await withTimeout(clock, span, async () => 7)).toBe(7);
    await expect(
      withTimeout(clock, span, async () => {
        throw new Error('broken');
      }),
    ).rejects.toThrow('broken');
    await clock.advance(0);
    expect(clock.sleepers()).toEqual([]);
    expect(listeners(outer.signal)).toBe(0);
  });

  it('ends work that takes longer, with its reason, also for work that does not listen', async () => {
    const clock = new VirtualClock();
    const reasons: unknown[] = [];
    const work = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return new Promise(() => {});
    };
    const limited = withTimeout(clock, { name: 'limit', ms: 100, late }, work);
    limited.catch(() => {});
    await clock.advance(99);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    await expect(limited).rejects.toThrow('late');
    expect(reasons).toMatchObject([{ message: 'late' }]);
  });

  it('ends with the outer reason when that comes first, and does not begin when it has come already', async () => {
    const clock = new VirtualClock();
    const outer = new AbortController();
    const span = { name: 'limit', ms: 100, signal: outer.signal, late };
    const limited = withTimeout(clock, span, () => new Promise(() => {}));
    outer.abort(new Error('enough'));
    await expect(limited).rejects.toThrow('enough');

    let begun = false;
    const work = async () => {
      begun = true;
    };
    await expect(withTimeout(clock, span, work)).rejects.toThrow('enough');
    expect(begun).toBe(false);
  });

  it('lets work that fails after it was left fail unheard', async () => {
    const clock = new VirtualClock();
    const work = later();
    const limited = withTimeout(clock, { name: 'limit', ms: 100, late }, () => work.promise);
    limited.catch(() => {});
    await clock.advance(100);
    // vitest fails a run in which a rejection is handled by nobody.
    work.reject(new Error('too late to matter'));
    await clock.advance(1);
    await expect(limited).rejects.toThrow('late');
  });
});

describe('waiting unless aborted', () => {
  it('leaves at once with the reason, and removes its listener when the promise wins', async () => {
    const outer = new AbortController();
    expect(await unlessAborted(Promise.resolve(3), outer.signal)).toBe(3);
    expect(listeners(outer.signal)).toBe(0);
    const waiting = unlessAborted(new Promise(() => {}), outer.signal);
    outer.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(unlessAborted(Promise.reject(new Error('unheard')), outer.signal)).rejects.toThrow('enough');
  });
});

describe('linked signals', () => {
  it('abort with any of the outer ones, with its reason, until released', () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const first = linked(one.signal, two.signal);
    const second = linked(one.signal, two.signal);
    second.release();
    two.abort('two');
    expect(first.controller.signal.reason).toBe('two');
    expect(second.controller.signal.aborted).toBe(false);
    first.release();
    expect([listeners(one.signal), listeners(two.signal)]).toEqual([0, 0]);
    expect(linked(two.signal).controller.signal.reason).toBe('two');
  });
});

describe('a ticker', () => {
  async function beats(rhythm: { every_ms: number; first_ms?: number }, work: readonly number[]) {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const seen: [at: number, missed: number][] = [];
    const running = (async () => {
      for await (const { missed } of ticker(clock, { name: 'ticker', ...rhythm }, stop.signal)) {
        seen.push([clock.now().up - 1000, missed]);
        await clock.sleep('work', work[seen.length - 1] ?? 0);
      }
    })();
    await clock.advance(1000);
    stop.abort();
    await clock.advance(1000);
    await running;
    return seen;
  }

  it('beats in its rhythm without drift, whatever the work between takes', async () => {
    expect(await beats({ every_ms: 200 }, [150, 199, 10, 0])).toEqual([
      ...[
        [200, 0],
        [400, 0],
        [600, 0],
        [800, 0],
        [1000, 0],
      ],
    ]);
  });

  it('begins when it is told to', async () => {
    expect((await beats({ every_ms: 400, first_ms: 0 }, [])).map(([at]) => at)).toEqual([0, 400, 800]);
  });

  it('counts beats that passed while the work ran, and makes up for none', async () => {
    expect(await beats({ every_ms: 100 }, [350, 0, 0])).toEqual([
      ...[
        [100, 0],
        [450, 2],
        [500, 0],
        [600, 0],
        [700, 0],
        [800, 0],
        [900, 0],
        [1000, 0],
      ],
    ]);
  });
});

describe('the system clock', () => {
  const clock = systemClock('boot-7');

  it('never goes back, and stands under the boot it was given', () => {
    let before = clock.now();
    for (let look = 0; look < 1000; look += 1) {
      const now = clock.now();
      expect(now.up).toBeGreaterThanOrEqual(before.up);
      before = now;
    }
    expect(before.boot).toBe('boot-7');
  });

  it('never wakes anybody before the time', async () => {
    for (let ms = 0; ms < 4; ms += 0.13) {
      const { up } = clock.now();
      await clock.sleep('nap', ms);
      expect(clock.now().up - up).toBeGreaterThanOrEqual(ms);
    }
  });

  it('sleeps longer than a timer can, and wakes at once when aborted', async () => {
    const stop = new AbortController();
    let woke = false;
    const sleeping = clock.sleep('for ever', Number.MAX_SAFE_INTEGER, stop.signal).finally(() => {
      woke = true;
    });
    sleeping.catch(() => {});
    await clock.sleep('meanwhile', 20);
    expect(woke).toBe(false);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep('not at all', 5, stop.signal)).rejects.toThrow('enough');
  });

  it('leaves no listener behind', async () => {
    const stop = new AbortController();
    for (let nap = 0; nap < 20; nap += 1) await clock.sleep('nap', 0, stop.signal);
    expect(listeners(stop.signal)).toBe(0);
  });
});

describe('the delay of the event loop', () => {
  it('is the longest hold-up since it was last asked', async () => {
    const longest = loopDelayMonitor();
    const clock = systemClock('b');
    await clock.sleep('settle', 50);
    const until = clock.now().up + 150;
    while (clock.now().up < until);
    await clock.sleep('let it be seen', 30);
    expect(longest()).toBeGreaterThan(100);
    expect(longest()).toBe(0);
  });
});
