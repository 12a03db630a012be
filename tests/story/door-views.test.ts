import { describe, expect, it } from 'vitest';
import type { Watched } from '../../src/control/index.ts';
import { ANN, doorSite, streetDoor } from '../support/door-site.ts';
import { until } from '../support/until.ts';

const gateOf = async (door: Awaited<ReturnType<typeof streetDoor>>) => {
  const [gate] = await door.control().doors();
  if (!gate) throw new Error('it has a door');
  return gate;
};

describe('what a gateway shows of its door', { timeout: 60_000 }, () => {
  it('at rest: shut, locked, its inputs read, who ends an unlock and how soon it begins', async () => {
    const door = await streetDoor();

    const gate = await gateOf(door);

    expect(gate).toMatchObject({
      ...{ id: 'gate', kind: 'door', position: 'closed', lock: 'locked', mode: 'locked', why: 'rest' },
      ...{ contacts: { in: 'closed' }, fire: { fire: 'clear' }, alarms: [], ends_by: 'board' },
    });
    expect(gate.bound_ms).toBeGreaterThan(50);
    expect(gate.last).toBeUndefined();
  });

  it('names who is let in by the pseudonym, and since when it is so', async () => {
    const door = await streetDoor();
    const before = door.clock().now().up;

    await door.card(ANN);

    const gate = await gateOf(door);
    expect(gate).toMatchObject({ lock: 'unlocked', mode: 'timed', why: 'card', by: 'p-ann' });
    expect(gate.last).toMatchObject({ result: 'granted', who: 'p-ann', side: 'in' });
    expect(gate.since_up).toBeGreaterThan(before);
    expect(JSON.stringify(gate)).not.toContain(ANN);
  });

  it('says why somebody was denied', async () => {
    const door = await streetDoor();

    await door.card('999999');

    const { last, lock } = await gateOf(door);
    expect(lock).toBe('locked');
    expect(last).toMatchObject({ result: 'denied', reason: 'unknown-card' });
  });

  it('tells lockdown, fire, and maintenance with who and why', async () => {
    const door = await streetDoor();
    await door.order('maintenance', { ms: 60_000, why: 'new hinges' });
    await door.order('lockdown');
    const locked = await gateOf(door);
    door.fire(true);
    await door.pass(1000);

    const burning = await gateOf(door);

    expect(locked).toMatchObject({ mode: 'lockdown', by: 'local:pi', lockdown: { by: 'local:pi' } });
    expect(locked.maintenance).toMatchObject({ by: 'local:pi', why: 'new hinges' });
    expect(burning).toMatchObject({ lock: 'released', mode: 'fire', by: 'fire', fire: { fire: 'active' } });
    expect((await door.control().status()).doors).toMatchObject({
      ...{ total: 1, released: 1, lockdown: 1, maintenance: 1 },
    });
  });

  it('is under a name that is none a fault with the nearest', async () => {
    const door = await streetDoor();

    const lines = door.control().watch(['gat'], new AbortController().signal);

    await expect(lines[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      facts: { nearest: 'gate' },
    });
  });

  it('is told to whoever watches, once for each change', async () => {
    const door = await streetDoor();
    const lines: Watched[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const line of door.control().watch(['gate'], stop.signal)) lines.push(line);
    })();
    // Known to be heard: a change that nobody else makes.
    await until('it listens', async () => {
      await door.order('lockdown');
      await door.order('end-lockdown');
      return lines.length > 0;
    });
    lines.length = 0;

    await door.order('hold-open');
    await door.pass(1000);
    await door.order('resume');
    await until('the end was told', () => doorsIn(lines).at(-1) === 'locked');
    stop.abort();
    await watching;

    expect(doorsIn(lines).slice(-2)).toEqual(['hold-open', 'locked']);
  });
});

const doorsIn = (lines: readonly Watched[]) =>
  lines.flatMap((line) => (line.type === 'door' ? [line.door.mode] : []));

describe('the order resume', { timeout: 60_000 }, () => {
  it('ends a lockdown, so that cards open again', async () => {
    const door = await streetDoor();
    await door.order('lockdown');

    const { outcome } = await door.order('resume');
    await door.card(ANN);

    expect(await outcome).toMatchObject({ result: 'done' });
    expect(door.unlocked()).toBe(true);
  });

  it('gives a door that was locked by hand back to its schedule', async () => {
    const always = `schedules: [{ id: always, spans: [{ days: [mon, tue, wed, thu, fri, sat, sun, holiday], from: '00:00', to: '24:00' }] }]`;
    const door = await streetDoor(doorSite('schedule: always', always));
    await door.pass(2000);
    const scheduled = door.unlocked();
    await door.order('lock');
    const byHand = await gateOf(door);

    await door.order('resume');
    await door.pass(1000);

    expect(scheduled).toBe(true);
    expect(byHand).toMatchObject({ lock: 'locked', why: 'by-hand' });
    expect(await gateOf(door)).toMatchObject({ lock: 'unlocked', mode: 'scheduled', why: 'schedule' });
    expect(door.unlocked()).toBe(true);
  });
});
