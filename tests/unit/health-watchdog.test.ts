import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keepPulse, openHealth, openWatchdog, watchdogMillis } from '../../src/health/index.ts';
import { systemdNotifier } from '../../src/world/notify.ts';
import { later } from '../support/device-world.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function world(every_ms?: number) {
  const clock = new VirtualClock();
  const health = openHealth(clock);
  const pings: number[] = [];
  const notify = (text: string) => {
    expect(text).toBe('WATCHDOG=1');
    pings.push(clock.now().up);
  };
  const watchdog = openWatchdog({ clock, health, notify, every_ms });
  const stop = new AbortController();
  const running = watchdog.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  return { clock, health, pings, watchdog, stop, running };
}

describe('the watchdog', () => {
  it('feeds the supervisor in its rhythm while every loop turns', async () => {
    const { clock, pings, watchdog } = world(10_000);
    for (let turn = 0; turn < 5; turn += 1) {
      for (const loop of ['bus gate', 'store', 'uplink town']) watchdog.beat(loop);
      await clock.advance(10_000);
    }
    expect(pings).toEqual([1000, 11_000, 21_000, 31_000, 41_000, 51_000]);
  });

  it.each([
    'bus gate',
    'store',
    'uplink town',
  ])('starves it when only %s has not turned for a minute, and says which', async (stuck) => {
    const { clock, pings, watchdog, health } = world(10_000);
    for (let turn = 0; turn < 20; turn += 1) {
      for (const loop of ['bus gate', 'store', 'uplink town'])
        if (turn < 2 || loop !== stuck) watchdog.beat(loop);
      await clock.advance(10_000);
    }
    expect(pings.at(-1)).toBe(71_000);
    expect(watchdog.stuck()).toEqual([stuck]);
    expect(health.facts()).toMatchObject([{ code: 'loop-stuck', subject: stuck, severity: 'failed' }]);
  });

  it('feeds again, and takes the fact back, when the loop turns after all', async () => {
    const { clock, pings, watchdog, health } = world(10_000);
    watchdog.beat('store');
    await clock.advance(100_000);
    const before = pings.length;
    watchdog.beat('store');
    await clock.advance(10_000);
    expect(pings.length).toBe(before + 1);
    expect(health.facts()).toEqual([]);
  });

  it('gives a loop the time it asked for, and forgets one that has ended', async () => {
    const { clock, watchdog } = world(10_000);
    watchdog.beat('device meter', 3_600_000);
    watchdog.beat('device relay');
    watchdog.beat('device relay', Number.POSITIVE_INFINITY);
    await clock.advance(3_599_000);
    expect(watchdog.stuck()).toEqual([]);
    await clock.advance(2000);
    expect(watchdog.stuck()).toEqual(['device meter']);
  });

  it.each([
    [{ WATCHDOG_USEC: '30000000' }, 15_000],
    [{ WATCHDOG_USEC: '1' }, 100],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: 'soon' }, undefined],
    [{}, undefined],
  ])('with %j feeds every %j ms', (env, ms) => {
    expect(watchdogMillis(env)).toBe(ms);
  });
});

describe('the pulse of a part that has no rhythm of its own', () => {
  const asked = async (ask: () => Promise<unknown>) => {
    const it = world(10_000);
    const stop = new AbortController();
    const pulse = keepPulse({ clock: it.clock, heartbeat: it.watchdog }, { name: 'store', ask }, stop.signal);
    await it.clock.advance(300_000);
    const stuck = it.watchdog.stuck();
    stop.abort();
    await pulse;
    return { ...it, stuck };
  };

  it('beats when it answers, and when it answers that it cannot', async () => {
    expect((await asked(async () => 1)).stuck).toEqual([]);
    expect((await asked(async () => Promise.reject(new Error('disk is full')))).stuck).toEqual([]);
  });

  it('stops when it does not answer, and can be ended all the same', async () => {
    const { stuck, watchdog, clock } = await asked(() => later().promise);
    expect(stuck).toEqual(['store']);
    await clock.advance(300_000);
    expect(watchdog.stuck()).toEqual([]);
  });
});

describe('what systemd hears', () => {
  /** A real datagram socket, as the supervisor has it; `heard` grows. */
  async function supervisor(address: string) {
    const kind = address.startsWith('@') ? `ABSTRACT-RECV:${address.slice(1)}` : `UNIX-RECV:${address}`;
    const socat = spawn('socat', ['-u', kind, 'STDOUT'], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void socat.kill());
    const said = { heard: '' };
    socat.stdout.setEncoding('utf8').on('data', (chunk) => {
      said.heard += chunk;
    });
    return Object.assign(said, { socat });
  }

  it('are the very texts, on a socket at a path', async () => {
    const path = join(tempFolder(), 'notify');
    const said = await supervisor(path);
    await until('it listens', () => existsSync(path));
    const notify = systemdNotifier(path);
    notify('READY=1');
    notify('WATCHDOG=1');
    await until('both are heard', () => said.heard === 'READY=1WATCHDOG=1');
  });

  it('and on one in the abstract namespace', async () => {
    const address = `@gatelodge-test-${process.pid}`;
    const said = await supervisor(address);
    const notify = systemdNotifier(address);
    await until('it is heard', () => {
      notify('WATCHDOG=1');
      return said.heard.includes('WATCHDOG=1');
    });
  });

  it('is not waited for when the supervisor does not read', async () => {
    const path = join(tempFolder(), 'notify');
    const { socat } = await supervisor(path);
    await until('it listens', () => existsSync(path));
    socat.kill('SIGSTOP');
    const notify = systemdNotifier(path);
    // Its queue takes a few hundred at most; one more would wait for ever.
    for (let count = 0; count < 5000; count += 1) notify('WATCHDOG=1');
    expect(socat.kill('SIGKILL')).toBe(true);
  });

  it('is nothing without a supervisor, with one that is gone, and with an address that can be none', () => {
    for (const address of [undefined, '', join(tempFolder(), 'gone'), `/${'x'.repeat(300)}`])
      expect(() => systemdNotifier(address)('WATCHDOG=1')).not.toThrow();
  });
});
