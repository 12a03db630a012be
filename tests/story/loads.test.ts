import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/index.ts';
import { YARD } from '../support/door-site.ts';
import { gatewayWorld } from '../support/gateway-world.ts';

/** Four relays on two boards, on while it is evening; a button beside them. The second board hangs on the wire of a door. */
const lightSite = (more = '', zone = 'Asia/Shanghai', button = '') => `${YARD.replace('Asia/Shanghai', zone)}
buses:
  - { id: pi, type: gpio, chip: 'sim:wires/pi.sock' }
  - { id: east, type: modbus-rtu, path: wires/east, baud: 9600, echo: none }
  - { id: west, type: modbus-rtu, path: wires/west, baud: 9600, echo: none }
devices:
  - { id: push, driver: gpio-contact, bus: pi, lines: { contact: { line: GPIO6 } } }
  - { id: lamps-e, driver: waveshare-relay, bus: east, unit: 1, poll_ms: 1000, options: { channels: 8, inputs: 0, rest: hold } }
  - { id: lamps-w, driver: waveshare-relay, bus: west, unit: 1, poll_ms: 1000, locks: [1], options: { channels: 8, inputs: 0, rest: [off, hold, hold, hold, hold, hold, hold, hold] } }
doors:
  - { id: gate, type: door, lock: { device: lamps-w, channel: 1 } }
schedules:
  - { id: evening, spans: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '18:00', to: '00:30' }] }
  - { id: small-hours, spans: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '01:30', to: '03:30' }] }
calendar: { 2026-11-26: holiday }
loads:
  - id: courtyard
    schedule: evening
    stagger_ms: 1000
    relays: [{ device: lamps-e, channel: 3 }, { device: lamps-e, channel: 4 }, { device: lamps-w, channel: 2 }, { device: lamps-w, channel: 3, contact: normally-closed }]
    switch: { device: push, point: active ${button} }
${more}
`;

/** That time in Shanghai, 2026-11-24 unless said. */
const shanghai = (time: string, day = '2026-11-24') => Date.parse(`${day}T${time}+08:00`);

async function yard(
  start: {
    readonly time?: string;
    readonly text?: string;
    readonly unsynced?: true;
    readonly unix_ms?: number;
  } = {},
) {
  const { time = '17:59:40', text = lightSite(), unix_ms = shanghai(time), unsynced } = start;
  const sent: { place: string; write: boolean; relay: number }[] = [];
  const world = await gatewayWorld(text, {
    ...{ unix_ms, ...(unsynced && { unsynced }) },
    onSent: (place, bytes) =>
      sent.push({ place, write: bytes[1] === 5 || bytes[1] === 15, relay: (bytes[3] ?? 0) + 1 }),
  });
  const { far } = world;
  const relay = (device: string, channel: number) => far.said()[device]?.[`relay-${channel}`] === true;
  far.set('push', { closed: false });
  return {
    ...world,
    sent,
    /** The four lamps; the last is lit while its relay is off. */
    lamps: () =>
      [relay('lamps-e', 3), relay('lamps-e', 4), relay('lamps-w', 2), !relay('lamps-w', 3)]
        .map((on) => (on ? '1' : '0'))
        .join(''),
    load: async () => (await world.control().loads())[0],
    press: async () => {
      for (const closed of [true, false]) {
        far.set('push', { closed });
        await world.pass(500, () => {}, 50);
      }
    },
    order: async (name: string, args: JsonObject = {}, ms = 12_000, target = 'courtyard') => {
      const ending = world
        .control()
        .submit({ target, name, args, user: 'pi', reason: 'tried out', ttl_ms: 11_000 });
      let ended = false;
      const over = () => {
        ended = true;
      };
      ending.then(over, over);
      for (let left = ms; left > 0 && !ended; left -= 50) await world.clock().advance(50);
      return ending;
    },
    /** What was told of it; the gateway is closed for it. */
    told: async () =>
      (await world.records()).flatMap((record) =>
        record.kind === 'event' && record.subject === 'courtyard'
          ? [{ name: record.name, lane: record.lane, ...record.fields }]
          : [],
      ),
  };
}

describe('a load with a schedule', { timeout: 120_000 }, () => {
  it('goes on and off at its times, one relay after the other, and is told and shown', async () => {
    const world = await yard();
    const moments: string[] = [];
    const note = () => {
      if (moments.at(-1)?.slice(-4) !== world.lamps())
        moments.push(
          `${new Date(world.clock().read().unix_ms + 8 * 3_600_000).toISOString().slice(11, 19)} ${world.lamps()}`,
        );
    };

    for (let ms = 0; ms < 30_000; ms += 250) await world.pass(250, note, 250);
    const evening = await world.load();
    world.clock().step(shanghai('00:29:50', '2026-11-25') - world.clock().read().unix_ms);
    await world.pass(9000, () => {}, 500);
    const night = world.lamps();
    await world.pass(15_000, () => {}, 500);

    expect(moments.map((one) => one.slice(9))).toEqual(['0001', '0000', '1000', '1100', '1110', '1111']);
    const switched = moments.slice(2).map((one) => Number(one.slice(6, 8)));
    expect(moments[2]?.slice(0, 6)).toBe('18:00:');
    for (const [index, second] of switched.entries()) expect(second - (switched[0] ?? 0)).toBe(index);
    expect(evening).toMatchObject({ id: 'courtyard', state: 'on', wanted: 'on', by: 'schedule' });
    expect(evening?.schedule).toEqual({
      id: 'evening',
      says: 'on',
      changes_unix_ms: shanghai('00:30', '2026-11-25'),
    });
    expect([night, world.lamps()]).toEqual(['1111', '0000']);
    expect(await world.told()).toEqual(
      [
        ['mixed', 'off'],
        ['off', 'off'],
        ['off', 'on'],
        ['on', 'on'],
        ['on', 'off'],
        ['off', 'off'],
      ].map(([state, wanted]) => ({ name: 'load', lane: 'b', state, wanted, by: 'schedule' })),
    );
  });

  it.each([
    ['over midnight', 'Asia/Shanghai', 'evening', '2026-11-24T18:00:00+08:00', 6.5 * 3600],
    ['over the hour that is skipped', 'Europe/Berlin', 'small-hours', '2026-03-29T01:30:00+01:00', 3600],
    ['over the hour that comes twice', 'Europe/Berlin', 'small-hours', '2026-10-25T01:30:00+02:00', 3 * 3600],
    ['on a holiday not', 'Asia/Shanghai', 'evening', '2026-11-26T18:00:00+08:00', 0],
  ])('is on %s', async (_, zone, schedule, from, lasts_s) => {
    const text = lightSite('', zone).replace('schedule: evening', `schedule: ${schedule}`);
    const begin = Date.parse(from);
    const world = await yard({ text, unix_ms: begin - 10_000 });
    const seen: string[] = [];
    const lookAt = async (unix_ms: number) => {
      world.clock().step(unix_ms - world.clock().read().unix_ms);
      await world.pass(7000, () => {}, 500);
      seen.push(world.lamps());
    };

    // Seven seconds take it to the far side of each.
    for (const unix_ms of [begin - 8000, begin, begin + lasts_s * 1000 - 8000, begin + lasts_s * 1000])
      await lookAt(unix_ms);

    expect(seen).toEqual(lasts_s === 0 ? ['0000', '0000', '0000', '0000'] : ['0000', '1111', '1111', '0000']);
  });

  it('is taken over by a restart without a flicker: not one order leaves for its relays', async () => {
    const world = await yard({ time: '19:00' });
    await world.pass(10_000, () => {}, 500);
    const lit = world.lamps();
    world.sent.length = 0;

    await world.restart(5000);
    await world.pass(20_000, () => {}, 500);

    expect([lit, world.lamps()]).toEqual(['1111', '1111']);
    expect(world.sent.filter(({ write, place }) => write && place.endsWith('east'))).toEqual([]);
    // On the other wire only the lock of the door is brought to rest.
    expect(await world.load()).toMatchObject({ state: 'on', by: 'schedule' });
  });

  it('that ought to be off after an outage is switched off when the gateway is back', async () => {
    const world = await yard({ time: '19:00' });
    await world.pass(10_000, () => {}, 500);

    await world.restart(8 * 3_600_000, 'boot-2');
    await world.pass(20_000, () => {}, 500);

    expect(world.lamps()).toBe('0000');
  });

  it('does not begin while nobody knows the time of day, says so, and begins when it is known', async () => {
    const world = await yard({ time: '19:00', unsynced: true });

    await world.pass(60_000);
    const waiting = await world.load();
    const dark = world.lamps();
    world.clock().step(0, 'synced');
    await world.pass(10_000, () => {}, 500);

    // As it was found: the last lamp is lit by a relay that is off.
    expect(dark).toBe('0001');
    expect(waiting).toMatchObject({ wanted: 'unknown', by: 'time-unknown', schedule: { says: 'unknown' } });
    expect(world.lamps()).toBe('1111');
    expect((await world.told())[0]).toMatchObject({ wanted: 'unknown', by: 'time-unknown' });
  });
});

describe('a load that is switched by hand', { timeout: 120_000 }, () => {
  it('follows commands until auto, each confirmed by what its relays show', async () => {
    const world = await yard({ time: '12:00' });
    await world.pass(5000, () => {}, 500);

    const on = await world.order('on');
    const lit = world.lamps();
    const shown = await world.load();
    const auto = await world.order('auto');

    expect([lit, world.lamps()]).toEqual(['1111', '0000']);
    expect(on).toMatchObject({ result: 'confirmed', facts: { state: 'on', by: 'command', who: 'local:pi' } });
    expect(shown).toMatchObject({ by: 'command', who: 'local:pi', wanted: 'on' });
    expect(auto).toMatchObject({ result: 'confirmed', facts: { state: 'off', by: 'schedule' } });
    const records = await world.records();
    expect(
      records.flatMap((record) =>
        record.kind === 'audit' && record.subject === 'courtyard' ? [record.fields.command] : [],
      ),
    ).toEqual(['on', 'auto']);
  });

  it.each([
    ['with a schedule', lightSite(), 'schedule'],
    ['without', lightSite().replace('    schedule: evening\n', ''), 'no-schedule'],
  ])('follows a command for a time, also over a restart of the machine, %s', async (_, text, by) => {
    const world = await yard({ time: '12:00', text });
    await world.pass(5000, () => {}, 500);
    await world.order('on', { for_s: 600 });

    await world.restart(60_000, 'boot-2');
    await world.pass(30_000, () => {}, 500);
    const still = [world.lamps(), (await world.load())?.by];
    await world.pass(600_000);

    expect(still).toEqual(['1111', 'command']);
    expect([world.lamps(), (await world.load())?.by]).toEqual(['0000', by]);
  });

  it('is turned over by its button until the schedule changes, also after a restart', async () => {
    const world = await yard({ time: '17:00' });
    await world.pass(5000, () => {}, 500);

    await world.press();
    await world.pass(5000, () => {}, 500);
    const pressed = [world.lamps(), (await world.load())?.by];
    await world.restart(5000);
    await world.pass(5000, () => {}, 500);
    const again = [world.lamps(), (await world.load())?.by];
    world.clock().step(shanghai('17:59:55') - world.clock().read().unix_ms);
    await world.pass(15_000, () => {}, 500);
    const evening = [world.lamps(), (await world.load())?.by];
    await world.press();
    await world.pass(5000, () => {}, 500);

    expect([pressed, again]).toEqual([
      ['1111', 'switch'],
      ['1111', 'switch'],
    ]);
    expect(evening).toEqual(['1111', 'schedule']);
    expect([world.lamps(), (await world.load())?.by]).toEqual(['0000', 'switch']);
  });

  it('is on while its switch is closed', async () => {
    const world = await yard({ time: '12:00', text: lightSite('', 'Asia/Shanghai', ', type: maintained') });
    await world.pass(5000, () => {}, 500);

    world.far.set('push', { closed: true });
    await world.pass(6000, () => {}, 500);
    const closed = world.lamps();
    world.far.set('push', { closed: false });
    await world.pass(6000, () => {}, 500);

    expect([closed, world.lamps()]).toEqual(['1111', '0000']);
  });

  it('is switched by a rule, as by anybody else, and its relays by nobody but itself', async () => {
    const rule = `rules: [{ id: party, when: { type: state, device: push, point: active }, do: [{ target: courtyard, command: on }], after: [{ target: courtyard, command: auto }], gap_s: 1 }]`;
    const text = lightSite(rule).replace(/ {4}switch:.*\n/, '');
    const world = await yard({ time: '12:00', text });
    await world.pass(5000, () => {}, 500);

    world.far.set('push', { closed: true });
    await world.pass(8000, () => {}, 500);
    const rung = [world.lamps(), (await world.load())?.who];
    world.far.set('push', { closed: false });
    await world.pass(15_000, () => {}, 500);

    expect(rung).toEqual(['1111', 'rule:party']);
    expect(world.lamps()).toBe('0000');
    const direct = world
      .control()
      .submit({ target: 'lamps-e', name: 'on', args: { channel: 3 }, user: 'pi' });
    await expect(direct).rejects.toMatchObject({ code: 'command.owned', facts: { owner: 'courtyard' } });
  });

  it.each([
    ['dim', {}, 'command.unknown'],
    ['on', { for_s: 0 }, 'command.bad-args'],
    ['auto', { for_s: 3 }, 'command.bad-args'],
  ])('refuses %s %j', async (name, args, code) => {
    const world = await yard({ time: '12:00' });

    const ending = world.order(name, args);

    await expect(ending).rejects.toMatchObject({ code });
  });
});

describe('relays that do not do as they are told', { timeout: 120_000 }, () => {
  it('switched back at their board are told once, show in health, and are switched again', async () => {
    const world = await yard({ time: '19:00' });
    await world.pass(10_000, () => {}, 500);

    const held = world.lamps();
    world.sent.length = 0;
    // Somebody holds the lever of the board.
    await world.pass(60_000, () => world.far.set('lamps-e', { 'relay-4': false }), 100);
    const facts = (await world.control().health()).map(({ code, subject, evidence }) => [
      code,
      subject,
      evidence,
    ]);
    const tries = world.sent.filter(({ write }) => write).length;
    await world.pass(120_000, () => {}, 1000);
    const after = (await world.control().health()).map(({ code }) => code);

    expect(facts).toContainEqual(['load-disagrees', 'courtyard', 'relay 4 of lamps-e']);
    expect(held).toBe('1111');
    // At once, after 15 s, and then not within a minute.
    expect(tries).toBe(2);
    expect(world.lamps()).toBe('1111');
    expect(after).not.toContain('load-disagrees');
    const told = (await world.told()).filter(({ lane }) => lane === 'a');
    // Each time it is set it obeys for a moment.
    expect(told).toHaveLength(6);
    expect(told.slice(0, 2)).toMatchObject([
      { name: 'load-disagrees', device: 'lamps-e', channel: 4, wanted: 'on' },
      { name: 'load-agrees', device: 'lamps-e', channel: 4 },
    ]);
  });

  it('of a board that is away are switched when it is back, and the others do not wait for it', async () => {
    const world = await yard({ time: '17:55' });
    await world.pass(5000, () => {}, 500);
    world.far.faults.apply('lamps-w=mute');
    await world.pass(60_000, () => {}, 1000);

    await world.pass(300_000, () => {}, 1000);
    const without = [world.lamps(), await world.load()];
    world.far.faults.apply('lamps-w=ok');
    await world.pass(150_000, () => {}, 1000);

    const back = world.lamps();
    // Its power fails while it is away, and its relays fall off.
    world.far.faults.apply('lamps-w=mute');
    world.far.set('lamps-w', { 'relay-2': false });
    await world.pass(60_000, () => {}, 1000);
    world.far.faults.apply('lamps-w=ok');
    await world.pass(150_000, () => {}, 1000);

    expect(without[0]).toBe('1100');
    expect(without[1]).toMatchObject({ state: 'on', wanted: 'on' });
    expect([back, world.lamps()]).toEqual(['1111', '1111']);
    const told = await world.told();
    expect(told).toContainEqual(
      expect.objectContaining({ state: 'on', not_seen: ['lamps-w 2', 'lamps-w 3'] }),
    );
    expect(told.filter(({ lane }) => lane === 'a')).toEqual([]);
  });

  it('after a command that not all could follow, it ends unconfirmed and names those that are not seen', async () => {
    const world = await yard({ time: '12:00' });
    world.far.faults.apply('lamps-w=mute');
    await world.pass(60_000, () => {}, 1000);

    const outcome = await world.order('on', {}, 15_000);

    expect(outcome).toMatchObject({
      result: 'unconfirmed',
      facts: { state: 'on', not_seen: ['lamps-w 2', 'lamps-w 3'], evidence: 'not-yet' },
    });
    expect(world.lamps()).toBe('1101');
  });

  it('never stand in front of a door: its unlock goes first while four lamps wait for the same board', async () => {
    const text = lightSite()
      .replace('stagger_ms: 1000', 'stagger_ms: 0')
      .replace('bus: west, unit: 1,', 'bus: west, unit: 1, timeout_ms: 500,')
      .replace(
        '{ device: lamps-e, channel: 3 }, { device: lamps-e, channel: 4 }',
        '{ device: lamps-w, channel: 4 }, { device: lamps-w, channel: 5 }',
      );
    const world = await yard({ time: '12:00', text });
    await world.pass(5000, () => {}, 500);
    const told = () =>
      world.sent.flatMap(({ write, place, relay }) => (write && place.endsWith('west') ? [relay] : []));
    world.sent.length = 0;
    // Each exchange takes its time, so that all of them wait for the wire.
    world.far.faults.apply('lamps-w=late:400');

    const on = world.control().submit({ target: 'courtyard', name: 'on', args: {}, user: 'pi' });
    for (let ms = 0; ms < 2000 && told().length === 0; ms += 1) await world.pass(1);
    const unlock = world.control().submit({ target: 'gate', name: 'unlock', args: { ms: 5000 }, user: 'pi' });
    await world.pass(3000, () => {}, 1);
    await world.pass(8000, () => {}, 50);

    await Promise.all([on, unlock]);
    // The first lamp was on the wire already.
    const lamps = told().filter((relay) => relay !== 1);
    expect(told().indexOf(1)).toBe(1);
    expect(new Set(lamps)).toEqual(new Set([2, 3, 4, 5]));
  });
});
