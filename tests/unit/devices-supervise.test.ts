import { describe, expect, it } from 'vitest';
import {
  begin,
  goodNeeded,
  type Looked,
  patienceOf,
  restAfter,
  supervise,
} from '../../src/devices/supervise.ts';
import { suspect, TRUSTED } from '../../src/devices/suspicion.ts';

/** A device looked at every so many ms: `.` went well, `x` did not. The state after, and the edges with their moments. */
function watched(looks: string, every_ms = 1000, from = begin(0)) {
  let state = from;
  const edges: string[] = [];
  [...looks].forEach((look, index) => {
    const up = (index + 1) * every_ms;
    const step = supervise(state, look === '.' ? { up } : { up, fault: 'bus.no-reply' });
    state = step.state;
    if (step.edge) edges.push(`${step.edge}@${up}`);
  });
  return { state, edges };
}

describe('the state of a device', () => {
  it('is online from its first answer, and offline after three failures in a row', () => {
    const { state, edges } = watched('..xx.xxx');
    expect(edges).toEqual(['up@1000', 'down@8000']);
    expect(state).toMatchObject({ status: 'offline', since_up: 8000, cause: 'bus.no-reply', failures: 3 });
  });

  it('is failing between the first failure and the third, since that first one', () => {
    expect(watched('..xx').state).toMatchObject({ status: 'failing', since_up: 3000, failures: 2 });
  });

  it('is online since its last edge when a failure passes', () => {
    expect(watched('..xx.').state).toMatchObject({
      status: 'online',
      since_up: 1000,
      failures: 0,
      cause: '',
    });
  });

  it('is told down also when it never answered', () => {
    expect(watched('xxx').edges).toEqual(['down@3000']);
  });

  it('is given up after two failures when a slow rhythm makes them last', () => {
    expect(watched('.xx', 60_000).edges).toEqual(['up@60000', 'down@180000']);
    expect(watched('.xx', 10_000).edges).toEqual(['up@10000']);
  });

  it('is offline at once when one silence stands for many looks', () => {
    const { state } = watched('..');
    const look: Looked = { up: 9000, fault: 'device.silent', weight: 4 };
    expect(supervise(state, look)).toMatchObject({ edge: 'down', state: { failures: 4 } });
  });

  it('does not change by a look that stands for none', () => {
    const { state } = watched('..');
    const look: Looked = { up: 9000, fault: 'bus.down', weight: 0 };
    let now = state;
    for (let count = 0; count < 20; count += 1) now = supervise(now, look).state;
    expect(now).toMatchObject({ status: 'failing', failures: 0 });
  });

  it('of one that comes and goes needs more answers each time, up to sixteen', () => {
    const needed = [1, 2, 4, 8, 16, 16];
    let { state } = watched('.');
    let up = 1000;
    for (const answers of needed) {
      for (let count = 0; count < 3; count += 1) {
        up += 1000;
        state = supervise(state, { up, fault: 'bus.no-reply' }).state;
      }
      expect(goodNeeded(state)).toBe(answers);
      for (let count = 1; count <= answers; count += 1) {
        up += 1000;
        const step = supervise(state, { up });
        expect(step.edge).toBe(count === answers ? 'up' : undefined);
        state = step.state;
      }
    }
  });

  it('forgets its restlessness after ten calm minutes', () => {
    const { state } = watched('.xxx.xxx..');
    const calm = Array.from({ length: 601 }, () => '.').join('');
    const later = watched(`${calm}xxx`, 1000, { ...state, edge_up: 0, since_up: 0 });
    expect(goodNeeded(later.state)).toBe(1);
  });
});

describe('a device that is offline and mute', () => {
  it('is left alone ever longer, up to half a minute', () => {
    const rests = ['xxx', 'xxxx', 'xxxxx', 'xxxxxxx', 'xxxxxxxxxxxxxxxxx'].map((looks) =>
      restAfter(watched(looks).state, 1000),
    );
    expect(rests).toEqual([1000, 2000, 4000, 16_000, 30_000]);
  });

  it('keeps its rhythm when that is slower, when it answers, and when looking costs the wire nothing', () => {
    expect(restAfter(watched('xxxxxxxxxxx').state, 60_000)).toBe(60_000);
    expect(restAfter(watched('.xxx.xxx.').state, 1000)).toBe(1000);
    expect(restAfter({ ...watched('xxxxxxxxx').state, cause: 'bus.down' }, 1000)).toBe(1000);
    expect(restAfter(watched('..xx').state, 1000)).toBe(1000);
  });
});

describe('the suspicion that it is another unit', () => {
  const judged = (looks: string) =>
    [...looks].reduce((state, look) => suspect(state, look === '?'), TRUSTED).raised;

  it.each([
    ['??', false],
    ['???', true],
    ['??.??', false],
    ['???..', true],
    ['???...', false],
    ['???..?..', true],
  ])('after %s is %s', (looks, raised) => {
    expect(judged(looks)).toBe(raised);
  });
});

describe('a device that its driver is patient with', () => {
  /** Looked at every so many ms, in vain, from 1000 on. */
  const downAfter = (every_ms: number): number | undefined => {
    let state = supervise(begin(0), { up: 1000 }, patienceOf(8000)).state;
    for (let up = 1000 + every_ms; up < 60_000; up += every_ms) {
      const step = supervise(state, { up, fault: 'bus.no-reply' }, patienceOf(8000));
      state = step.state;
      if (step.edge === 'down') return up - 1000 - every_ms;
    }
    return undefined;
  };

  it('is offline once it has failed for that long, however often it is looked at', () => {
    expect([100, 400, 3000].map(downAfter)).toEqual([8000, 8000, 9000]);
  });

  it('is then tried again as often as it is said, not ever more seldom', () => {
    const state = { ...begin(0), status: 'offline', failures: 40, cause: 'bus.no-reply' } as const;
    expect(restAfter(state, 200)).toBe(30_000);
    expect(restAfter(state, 200, 4000)).toBe(4000);
  });
});
