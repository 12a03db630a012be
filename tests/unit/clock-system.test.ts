import { describe, expect, it } from 'vitest';
import { afterInput, systemClock } from '../../src/clock/index.ts';

describe('the clock of the machine', () => {
  it('tells ms since boot: as the kernel counts them, and never backwards', () => {
    const clock = systemClock('boot');
    const before = Number(process.hrtime.bigint()) / 1e6;

    const stamps = Array.from({ length: 1000 }, () => clock.now().up);

    const after = Number(process.hrtime.bigint()) / 1e6;
    expect(stamps).toEqual(stamps.toSorted((x, y) => x - y));
    expect(stamps[0]).toBeGreaterThan(before - 1);
    expect(stamps.at(-1)).toBeLessThan(after + 1);
  });

  it.each([0.05, 0.5, 1.75, 2.005, 4.01, 8.02])('never sleeps too short: %f ms', async (ms) => {
    const clock = systemClock('boot');
    const spans: number[] = [];

    for (let count = 0; count < 20; count += 1) {
      const began = clock.now().up;
      await clock.sleep('test', ms);
      spans.push(clock.now().up - began);
    }

    expect(Math.min(...spans)).toBeGreaterThanOrEqual(ms - 0.001);
  });

  it('ends a sleep that is not wanted any more with its reason, also the last fraction of it', async () => {
    const clock = systemClock('boot');
    const [long, short] = [new AbortController(), new AbortController()];
    const sleeping = [clock.sleep('a', 3_000_000_000, long.signal), clock.sleep('b', 0.2, short.signal)];

    long.abort('enough');
    short.abort('enough');
    const ended = await Promise.allSettled([...sleeping, clock.sleep('c', 5, AbortSignal.abort('enough'))]);

    expect(ended.map((it) => it.status === 'rejected' && it.reason)).toEqual(['enough', 'enough', 'enough']);
  });

  it('lets others turn even in a sleep of nothing', async () => {
    const clock = systemClock('boot');
    const order: string[] = [];
    const turn = afterInput().then(() => order.push('input'));

    await clock.sleep('nothing', 0).then(() => order.push('slept'));
    await turn;

    expect(order.sort()).toEqual(['input', 'slept']);
  });
});
