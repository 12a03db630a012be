import { describe, expect, it } from 'vitest';
import { ANN, doorSite, streetDoor } from '../support/door-site.ts';

describe('an order to a door', { timeout: 60_000 }, () => {
  it('to unlock is confirmed when its contact shows that somebody opened', async () => {
    const door = await streetDoor();

    const { outcome } = await door.order('unlock');
    const during = door.unlocked();
    door.push(true);
    await door.pass(1000);

    expect(during).toBe(true);
    expect(await outcome).toMatchObject({ result: 'confirmed', facts: { evidence: 'opened' } });
  });

  it('to unlock that nobody uses ends unconfirmed', async () => {
    const door = await streetDoor();

    const { outcome } = await door.order('unlock', { ms: 3000 }, 8000);

    expect(await outcome).toMatchObject({ result: 'unconfirmed', facts: { evidence: 'not-opened' } });
    expect(door.unlocked()).toBe(false);
  });

  it('to unlock is done at once during a fire, and does not lock when its time is over', async () => {
    const door = await streetDoor();
    door.fire(true);
    await door.pass(1000);

    const { outcome } = await door.order('unlock', { ms: 1000 }, 3000);
    await door.pass(3000);

    expect(await outcome).toMatchObject({ result: 'done', facts: { mode: 'fire' } });
    expect(door.unlocked()).toBe(true);
  });

  it('to unlock is refused in a lockdown, which holds for cards too and over a restart', async () => {
    const door = await streetDoor();
    const lockdown = await door.order('lockdown');

    const refused = await door.order('unlock');
    await door.restart(1000);
    await door.pass(6000);
    await door.card(ANN);

    expect(await lockdown.outcome).toMatchObject({ result: 'done' });
    expect(await refused.outcome).toMatchObject({ result: 'refused', facts: { reason: 'lockdown' } });
    expect(door.unlocked()).toBe(false);
  });

  it('that it does not know, or with a wrong time, is a fault that names it', async () => {
    const door = await streetDoor();

    const unknown = await door.order('open');
    const wrong = await door.order('unlock', { ms: 0 });

    await expect(unknown.outcome).rejects.toMatchObject({ code: 'command.unknown' });
    await expect(wrong.outcome).rejects.toMatchObject({ code: 'command.bad-args' });
  });

  it('whose relay board is mute does not end as done', async () => {
    const door = await streetDoor();
    door.far.faults.set('board', 'mute');

    const { outcome } = await door.order('unlock', {}, 8000);

    expect(['failed', 'unknown']).toContain((await outcome).result);
  });
});

describe('a door on a board without a timer', { timeout: 60_000 }, () => {
  const site = doorSite().replace(
    /driver: waveshare-relay, (.*)options: \{ channels: 8, inputs: 0,/,
    'driver: coil-relay, $1options: { channels: 8,',
  );

  it('is locked again by the gateway, and the order says so', async () => {
    const door = await streetDoor(site);

    const { outcome } = await door.order('unlock', { ms: 3000 }, 500);
    const during = door.unlocked();
    await door.pass(5000);

    expect([during, door.unlocked()]).toEqual([true, false]);
    expect(await outcome).toMatchObject({ result: 'unconfirmed', facts: { degraded: 'host-timed' } });
  });
});

describe('status', { timeout: 60_000 }, () => {
  it('says of a door on a board without a timer that the gateway ends its unlock, and of others nothing', async () => {
    const timed = await streetDoor();
    const untimed = await streetDoor(
      doorSite().replace(
        /waveshare-relay, (.*)options: \{ channels: 8, inputs: 0,/,
        'coil-relay, $1options: { channels: 8,',
      ),
    );

    const marks = async ({ control }: typeof timed) =>
      (await control().health()).filter(({ code }) => code === 'door-host-timed');

    expect(await marks(timed)).toEqual([]);
    expect(await marks(untimed)).toMatchObject([
      { subject: 'gate', severity: 'degraded', evidence: 'its lock is relay 1 of board' },
    ]);
  });
});

describe('the relay of a door', { timeout: 60_000 }, () => {
  it('is moved by nobody else who gives no reason; other relays of its board are', async () => {
    const door = await streetDoor();

    const its = await door.order('on', { channel: 1 }, 500, { target: 'board' });
    const other = await door.order('on', { channel: 5 }, 500, { target: 'board' });

    await expect(its.outcome).rejects.toMatchObject({ code: 'command.owned', facts: { owner: 'gate' } });
    expect(await other.outcome).toMatchObject({ result: 'done' });
    expect([door.unlocked(1), door.unlocked(5)]).toEqual([false, true]);
  });

  it('is moved by somebody at the machine who says why, and that is in the audit', async () => {
    const door = await streetDoor();
    const wish = { target: 'board', reason: 'wiring is tried out' };

    const { outcome } = await door.order('on', { channel: 2 }, 500, wish);
    const own = await door.order('pulse', { channel: 1, ms: 500 }, 500, wish);

    expect(await outcome).toMatchObject({ result: 'done' });
    expect(await own.outcome).toMatchObject({ result: 'done' });
    const audits = (await door.told('board')).filter(({ kind }) => kind === 'audit');
    expect(audits.map(({ fields }) => fields.why)).toEqual([wish.reason, wish.reason]);
  });

  it('is not moved by a command for all relays either', async () => {
    const door = await streetDoor();

    const all = await door.order('all-off', {}, 500, { target: 'board' });

    await expect(all.outcome).rejects.toMatchObject({ code: 'command.owned' });
  });

  it('that was mute is told how to stand when it is back', async () => {
    const door = await streetDoor();
    door.far.faults.set('board', 'mute');
    await door.order('hold-open', {}, 8000);
    await door.pass(20_000);

    door.far.faults.clear('board');
    await door.pass(20_000);

    expect(door.unlocked()).toBe(true);
    const told = (await door.told()).filter(({ name }) => name.startsWith('alarm'));
    expect(told.map(({ name, fields }) => `${name} ${fields.alarm}`)).toEqual([
      'alarm board-lost',
      'alarm-ended board-lost',
    ]);
  });
});

describe('a door in a fire', { timeout: 60_000 }, () => {
  it('is released, is not locked by a restart, and locks when the panel is read as clear', async () => {
    const door = await streetDoor();

    door.fire(true);
    await door.pass(1000);
    const released = door.unlocked();
    const { length } = door.said.filter(lockedRow);
    await door.restart(3000);
    await door.pass(60_000);
    const after = door.unlocked();
    const relocked = door.said.filter(lockedRow).length - length;
    door.fire(false);
    await door.pass(2000);

    expect([released, after, relocked, door.unlocked()]).toEqual([true, true, 0, false]);
  });

  it('stays released when the wire of the panel burns through', async () => {
    const door = await streetDoor();
    door.fire(true);
    await door.pass(1000);

    door.far.faults.set('pi', 'unplug');
    await door.pass(120_000);

    expect(door.unlocked()).toBe(true);
  });
});

describe('a start', { timeout: 60_000 }, () => {
  it('in the middle of a scheduled unlock takes it over without a relock', async () => {
    const schedules =
      "schedules: [{ id: day, spans: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', to: '24:00' }] }]";
    const door = await streetDoor(doorSite('schedule: day', schedules));
    const before = door.unlocked();

    const { length } = door.said.filter(lockedRow);
    await door.restart(10_000);
    await door.pass(10_000);

    expect([before, door.unlocked()]).toEqual([true, true]);
    expect(door.said.filter(lockedRow)).toHaveLength(length);
  });

  it('in the middle of a card finds the door locked: an unlock for a time ends with the process', async () => {
    const door = await streetDoor();
    await door.card(ANN);
    const before = door.unlocked();

    await door.restart(500);
    await door.pass(1000);

    expect([before, door.unlocked()]).toEqual([true, false]);
  });

  it('while nobody knows the time begins no schedule, and goes on with the one that was on', async () => {
    const schedules =
      "schedules: [{ id: day, spans: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', to: '24:00' }] }]";
    const door = await streetDoor(doorSite('schedule: day', schedules), { unsynced: true });

    const before = door.unlocked();
    door.clock().step(0, 'synced');
    await door.pass(3000);

    expect([before, door.unlocked()]).toEqual([false, true]);
  });
});

/** The lock without power, as the board shows it. */
const lockedRow = ({ device, values }: { readonly device: string; readonly values: object }) =>
  device === 'board' && 'relay-1' in values && values['relay-1'] === false;
