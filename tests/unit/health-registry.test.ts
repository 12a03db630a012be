import { describe, expect, it } from 'vitest';
import { openHealth, watchLoop } from '../../src/health/index.ts';
import { type FactCode, HEALTH_FACTS, type HealthFact } from '../../src/model/index.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function world() {
  const clock = new VirtualClock();
  const health = openHealth(clock);
  const stop = new AbortController();
  const told: (readonly string[])[] = [];
  const names = (facts: readonly HealthFact[]) =>
    facts.map(({ code, subject }) => `${code} ${subject}`.trim());
  const follow = async () => {
    for await (const facts of health.changes(stop.signal)) told.push(names(facts));
  };
  return { clock, health, stop, told, names, follow };
}

describe('the declared facts', () => {
  it.each(
    Object.entries(HEALTH_FACTS),
  )('%s says what it means and what to do, in sentences', (code, spec) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)+$/);
    expect(['info', 'degraded', 'failed']).toContain(spec.severity);
    for (const text of [spec.means, spec.remedy]) expect(text).toMatch(/^[A-Z].{15,}\.$/);
  });
});

describe('what is not as it should be', () => {
  it('is told with its severity, since when, and why', async () => {
    const { clock, health } = world();
    await clock.advance(4000);
    health.raise('bus-down', 'gate', 'no such port');
    expect(health.facts()).toEqual([
      { code: 'bus-down', severity: 'failed', subject: 'gate', since_up: 5000, evidence: 'no such port' },
    ]);
  });

  it('raised again keeps its beginning and takes the new evidence', async () => {
    const { clock, health } = world();
    health.raise('bus-down', 'gate', 'no such port');
    await clock.advance(4000);
    health.raise('bus-down', 'gate', 'port is busy');
    expect(health.facts()).toMatchObject([{ since_up: 1000, evidence: 'port is busy' }]);
  });

  it('of one subject is cleared without another, and begins anew when it comes back', async () => {
    const { clock, health, names } = world();
    health.raise('device-down', 'air-1', 'mute');
    health.raise('device-down', 'air-2', 'mute');
    health.clear('device-down', 'air-1');
    expect(names(health.facts())).toEqual(['device-down air-2']);
    await clock.advance(1000);
    health.raise('device-down', 'air-1', 'mute');
    expect(health.facts().find(({ subject }) => subject === 'air-1')?.since_up).toBe(2000);
  });

  it('is told worst first, then oldest first', async () => {
    const { clock, health, names } = world();
    const raised: readonly [FactCode, string][] = [
      ['clock-unsynced', ''],
      ['device-down', 'b'],
      ['bus-noise', 'gate'],
      ['device-down', 'a'],
    ];
    for (const [code, subject] of raised) {
      health.raise(code, subject, 'x');
      await clock.advance(10);
    }
    expect(names(health.facts())).toEqual([
      'device-down b',
      'device-down a',
      'bus-noise gate',
      'clock-unsynced',
    ]);
  });
});

describe('the stream of changes', () => {
  it('brings all facts after each edge, and nothing for new evidence or what was not raised', async () => {
    const { clock, health, told, follow, stop } = world();
    const following = follow();
    await clock.advance(0);
    health.raise('bus-down', 'gate', 'no such port');
    await clock.advance(0);
    health.raise('bus-down', 'gate', 'port is busy');
    health.clear('bus-noise', 'gate');
    await clock.advance(0);
    health.clear('bus-down', 'gate');
    await clock.advance(0);
    stop.abort();
    await following;
    expect(told).toEqual([['bus-down gate'], []]);
  });

  it('brings many changes of one moment as one', async () => {
    const { clock, health, told, follow, stop } = world();
    const following = follow();
    await clock.advance(0);
    for (const subject of ['a', 'b', 'c']) health.raise('device-down', subject, 'mute');
    await clock.advance(0);
    stop.abort();
    await following;
    expect(told).toEqual([['device-down a', 'device-down b', 'device-down c']]);
  });

  it('loses no change to a slow reader', async () => {
    const { clock, health, names, stop } = world();
    const seen: (readonly string[])[] = [];
    const slow = (async () => {
      for await (const facts of health.changes(stop.signal)) {
        seen.push(names(facts));
        await clock.sleep('slow reader', 100);
      }
    })();
    await clock.advance(0);
    health.raise('bus-down', 'gate', 'x');
    await clock.advance(10);
    health.raise('bus-noise', 'gate', 'x');
    health.clear('bus-down', 'gate');
    await clock.advance(200);
    stop.abort();
    await slow;
    expect(seen).toEqual([['bus-down gate'], ['bus-noise gate']]);
  });

  it('ends when its signal does, and leaves nothing behind', async () => {
    const { clock, health, follow, stop, told } = world();
    const following = follow();
    await clock.advance(0);
    stop.abort();
    await following;
    health.raise('bus-down', 'gate', 'x');
    await clock.advance(0);
    expect(told).toEqual([]);
  });
});

describe('the event loop', () => {
  it('held up for more than 200 ms is told with how long, and cleared when it turns well again', async () => {
    const { clock, health, stop } = world();
    const delays = [12, 200, 350.4, 10];
    const watching = watchLoop({ clock, health, longest: () => delays.shift() ?? 0 }, stop.signal);
    const evidence: (string | undefined)[] = [];
    for (let look = 0; look < 4; look += 1) {
      await clock.advance(5000);
      evidence.push(health.facts()[0]?.evidence);
    }
    stop.abort();
    await watching;
    expect(evidence).toEqual([undefined, undefined, 'held up for 350 ms', undefined]);
  });
});
