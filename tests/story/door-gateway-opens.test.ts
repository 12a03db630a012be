import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/index.ts';
import { cli } from '../support/cli.ts';
import { keyPair } from '../support/command-world.ts';
import { ANN, BOB, doorSite, listPages, PLATFORM, streetDoor } from '../support/door-site.ts';

type Told = Awaited<ReturnType<Awaited<ReturnType<typeof streetDoor>>['told']>>;
const named = (told: Told, ...names: readonly string[]): JsonObject[] =>
  told.filter(({ name }) => names.includes(name)).map(({ name, fields }) => ({ name, ...fields }));

describe('a card at a street door', { timeout: 60_000 }, () => {
  it('of the list unlocks it, its contact shows who opened, and shutting it locks it again', async () => {
    const door = await streetDoor();
    const before = door.unlocked();

    await door.card(ANN);
    const during = door.unlocked();
    door.push(true);
    await door.pass(1000);
    door.push(false);
    await door.pass(1500);
    const after = door.unlocked();

    expect([before, during, after]).toEqual([false, true, false]);
    const told = await door.told();
    const [granted] = named(told, 'granted');
    expect(granted).toMatchObject({ side: 'in', who: 'p-ann' });
    expect(named(told, 'opened')).toMatchObject([{ why: 'card', who: 'p-ann', ref: granted?.ref }]);
    expect(named(told, 'unlock-ended')).toMatchObject([{ evidence: 'opened', ref: granted?.ref }]);
    expect(named(told, 'alarm')).toEqual([]);
  });

  it('that nobody has listed is refused, in the audit, and moves nothing', async () => {
    const door = await streetDoor();

    await door.card(BOB);

    expect(door.unlocked()).toBe(false);
    const told = await door.told();
    expect(told.filter(({ name }) => name === 'denied')).toMatchObject([
      { kind: 'audit', fields: { reason: 'unknown-card', side: 'in' } },
    ]);
  });

  it('is locked again by the board when nobody opens, and that is told', async () => {
    const door = await streetDoor();

    await door.card(ANN);
    await door.pass(8000);

    expect(door.unlocked()).toBe(false);
    expect(named(await door.told(), 'unlock-ended')).toMatchObject([{ evidence: 'not-opened' }]);
  });

  it('that went in already opens once more, and that it may have been handed back is told', async () => {
    const door = await streetDoor(doorSite('areas: { outside: street, inside: yard }'));
    const goIn = async () => {
      await door.card(ANN);
      door.push(true);
      await door.pass(1000);
      door.push(false);
      await door.pass(2000);
    };

    await goIn();
    await goIn();

    const told = await door.told();
    const [first, second] = named(told, 'granted');
    expect(named(told, 'passback')).toMatchObject([{ ref: second?.ref, who: 'p-ann', side: 'in' }]);
    expect(named(told, 'opened').map(({ ref }) => ref)).toEqual([first?.ref, second?.ref]);
  });

  it('opens no more from the moment it is revoked', async () => {
    const door = await streetDoor();

    for (const page of await listPages([], { version: 2, revoked: ['ann'] })) door.gateway().takeAccess(page);
    await door.card(ANN);

    expect(door.unlocked()).toBe(false);
  });

  it('opens after a restart too, since the list was kept', async () => {
    const door = await streetDoor();

    await door.restart(2000);
    await door.pass(6000);
    await door.card(ANN);

    expect(door.unlocked()).toBe(true);
  });
});

describe('a reader with keys', { timeout: 60_000 }, () => {
  const site = doorSite()
    .replace('options: { led: true }', 'options: { led: true, keypad: 4-bit }')
    .replace('in: { device: reader }', 'in: { device: reader, needs: card-and-pin }');
  const withPin = async () => {
    const door = await streetDoor(site, { list: false });
    for (const page of await listPages([{ id: 'ann', card: ANN, pin: '2580' }]))
      door.gateway().takeAccess(page);
    return door;
  };

  it('opens for the card and its PIN, and not for the card alone', async () => {
    const door = await withPin();

    await door.card(ANN);
    const before = door.unlocked();
    door.far.set('reader', { keys: '2580#' });
    await door.pass(4000, () => {}, 50);

    expect([before, door.unlocked()]).toEqual([false, true]);
  });

  it('keeps no PIN and no number of a PIN anywhere, and tells why a wrong one was denied', async () => {
    const door = await withPin();

    await door.card(ANN);
    door.far.set('reader', { keys: '1470#' });
    await door.pass(4000, () => {}, 50);

    expect(door.unlocked()).toBe(false);
    const records = await door.records();
    expect(JSON.stringify(records)).not.toContain('1470');
    expect(records.map((record) => ('fields' in record ? record.fields.reason : ''))).toContain('wrong-pin');
  });

  it('denies a card whose PIN does not come in time', async () => {
    const door = await withPin();

    await door.card(ANN);
    await door.pass(12_000);

    expect(named(await door.told(), 'denied')).toMatchObject([{ reason: 'no-pin-typed', who: 'p-ann' }]);
  });
});

describe('a list of credentials', { timeout: 60_000 }, () => {
  const given = (door: Awaited<ReturnType<typeof streetDoor>>, pages: readonly string[]) =>
    cli(['access', 'load', 'residents.jws', '--json'], {
      control: () => door.control(),
      readText: () => pages.join('\n'),
    });

  it('is given to the gateway from a file, and holds at once', async () => {
    const door = await streetDoor(doorSite(), { list: false });
    await door.card(ANN);
    const before = door.unlocked();

    const { code, out } = await given(door, await listPages([{ id: 'ann', card: ANN }]));
    await door.pass(2000);
    await door.card(ANN);

    expect([code, JSON.parse(out)]).toEqual([0, { verdict: 'in-force', version: 1, count: 1 }]);
    expect([before, door.unlocked()]).toEqual([false, true]);
  });

  it('that somebody else signed changes nothing', async () => {
    const door = await streetDoor();
    const pages = await listPages([{ id: 'eve', card: BOB }], { version: 9 }, {}, keyPair(PLATFORM.kid));

    const { code, out } = await given(door, pages);
    await door.card(BOB);

    expect([code, door.unlocked()]).toEqual([1, false]);
    expect(JSON.parse(out)).toMatchObject({ fault: { code: 'trust.refused' } });
  });
});

describe('a street door', { timeout: 60_000 }, () => {
  it('is let out of by its exit button', async () => {
    const door = await streetDoor();

    door.far.set('button', { closed: true });
    await door.pass(500);
    const pressed = door.unlocked();
    door.far.set('button', { closed: false });
    await door.pass(7000);

    expect([pressed, door.unlocked()]).toEqual([true, false]);
  });

  it('that is forced alarms within a second', async () => {
    const door = await streetDoor();

    const { up } = door.clock().now();
    door.push(true);
    await door.pass(1000);

    const alarm = (await door.told()).find(({ name }) => name === 'alarm');
    expect(alarm).toMatchObject({ fields: { alarm: 'forced' } });
    expect((alarm?.up ?? 0) - up).toBeLessThanOrEqual(1000);
  });

  it('that is held open says so before it alarms', async () => {
    const door = await streetDoor();

    await door.card(ANN);
    door.push(true);
    await door.pass(45_000);

    const alarms = named(await door.told(), 'alarm').map(({ alarm }) => alarm);
    expect(alarms).toEqual(['held-soon', 'held']);
  });

  it('whose contact is away says that it is not known, and not that it is shut', async () => {
    const door = await streetDoor();

    door.far.faults.set('contact', 'mute');
    door.far.faults.set('pi', 'unplug');
    await door.pass(60_000);

    expect(named(await door.told(), 'alarm').map(({ alarm }) => alarm)).toContain('contact-fault');
  });
});
