import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/index.ts';
import { doorSite, streetDoor } from '../support/door-site.ts';
import { gatewayWorld } from '../support/gateway-world.ts';

const RULES = `
  - id: gate-forced
    preset: door-forced
    do: [{ target: board, command: on, args: { channel: 5 } }]
    after: [{ target: board, command: off, args: { channel: 5 } }]
  - { id: silent, preset: device-silent, of: [panel, board], for_s: 30 }`;

const forcedSite = doorSite('', `rules:${RULES}`);

type World = Pick<Awaited<ReturnType<typeof gatewayWorld>>, 'records' | 'control'>;

/** What was told of alarms by rules; the gateway is closed for it. */
async function alarms({ records }: Pick<World, 'records'>) {
  return (await records()).flatMap((record) =>
    record.kind === 'event' && ['alarm-raised', 'alarm-cleared'].includes(record.name)
      ? [
          {
            name: record.name,
            subject: record.subject,
            lane: record.lane,
            up: record.stamp.up,
            fields: record.fields,
          },
        ]
      : [],
  );
}

const shown = async ({ control }: Pick<World, 'control'>) =>
  (await control().health())
    .filter(({ code }) => code.startsWith('alarm-'))
    .map(({ code, subject, evidence }) => `${code} ${subject}: ${evidence}`);

describe('a door that is forced', { timeout: 120_000 }, () => {
  it('alarms at once, lights a lamp, shows in health, and is over when it is shut', async () => {
    const world = await streetDoor(forcedSite);

    world.push(true);
    await world.pass(1000, () => {}, 50);
    const lit = world.unlocked(5);
    const told = await shown(world);
    world.push(false);
    await world.pass(15_000, () => {}, 500);
    const dark = !world.unlocked(5);
    const over = await shown(world);
    const [raised, cleared, ...more] = await alarms(world);

    expect([lit, dark]).toEqual([true, true]);
    expect(told).toEqual(['alarm-critical gate: gate was opened without a cause']);
    expect(over).toEqual([]);
    expect(raised).toMatchObject({
      ...{ name: 'alarm-raised', subject: 'gate', lane: 'a' },
      fields: { rule: 'gate-forced', severity: 'critical', message: 'gate was opened without a cause' },
    });
    expect(cleared).toMatchObject({ name: 'alarm-cleared', fields: { alarm: raised?.fields.alarm } });
    expect(more).toEqual([]);
  });

  it('whose alarm stands when the gateway is restarted alarms once, and the same alarm ends', async () => {
    const world = await streetDoor(forcedSite);
    world.push(true);
    await world.pass(2000, () => {}, 100);

    await world.restart(5000);
    await world.pass(10_000, () => {}, 500);
    const told = await shown(world);
    world.push(false);
    await world.pass(15_000, () => {}, 500);
    const all = await alarms(world);

    expect(told).toEqual(['alarm-critical gate: gate was opened without a cause']);
    expect(all.map(({ name }) => name)).toEqual(['alarm-raised', 'alarm-cleared']);
    expect(all[0]?.fields.alarm).toBe(all[1]?.fields.alarm);
  });

  it('during maintenance alarms nobody', async () => {
    const world = await streetDoor(forcedSite);
    await world.order('maintenance', { ms: 600_000, why: 'new hinges' });

    world.push(true);
    await world.pass(5000, () => {}, 500);

    expect(world.unlocked(5)).toBe(false);
    expect(await alarms(world)).toEqual([]);
  });

  it('has an order for the lamp that is a command like any other: one outcome, in the audit as of the rule', async () => {
    const world = await streetDoor(forcedSite);
    world.push(true);
    await world.pass(2000, () => {}, 100);

    const records = (await world.records()).filter(
      ({ kind, ...record }) => kind !== 'reading' && 'subject' in record && record.subject === 'board',
    );
    const fieldsOf = (kind: string): readonly JsonObject[] =>
      records.flatMap((record) => (record.kind === kind && 'fields' in record ? [record.fields] : []));

    expect(fieldsOf('audit')).toMatchObject([
      { issuer: 'rule:gate-forced', command: 'on', decision: 'accepted' },
    ]);
    expect(fieldsOf('command')).toMatchObject([{ issuer: 'rule:gate-forced', result: 'done' }]);
  });
});

describe('a rule that is no longer in the site file', { timeout: 120_000 }, () => {
  it('has its alarm ended, and says why', async () => {
    const world = await streetDoor(forcedSite);
    world.push(true);
    await world.pass(2000, () => {}, 100);

    await world.restart(1000, undefined, doorSite());
    await world.pass(2000);
    const all = await alarms(world);

    expect(all.map(({ name, fields }) => [name, fields.ended_by])).toEqual([
      ['alarm-raised', undefined],
      ['alarm-cleared', 'rule-removed'],
    ]);
  });
});

describe('a device that is silent', { timeout: 120_000 }, () => {
  it('alarms after its time, and is over when it answers again', async () => {
    const world = await streetDoor(forcedSite);

    world.far.faults.set('board', 'mute');
    await world.pass(25_000);
    const early = await shown(world);
    await world.pass(60_000);
    const late = await shown(world);
    world.far.faults.clear('board');
    await world.pass(120_000);

    expect(early).toEqual([]);
    expect(late).toEqual(['alarm-warning board: board does not answer']);
    expect((await alarms(world)).map(({ name, subject }) => `${name} ${subject}`)).toEqual([
      'alarm-raised board',
      'alarm-cleared board',
    ]);
  });
});

const NOISE = `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses: [{ id: garden, type: modbus-rtu, path: wires/garden, baud: 9600, echo: none }]
devices: [{ id: noise, driver: noise-rs485, bus: garden, unit: 3, poll_ms: 1000, points: { noise: { offset: 10 } } }]
derived: [{ id: levels, type: noise, source: { device: noise, point: noise }, window_s: 60, limits_class: '1' }]
rules:
  - { id: night, preset: night-noise }
  - { id: loud, when: { type: threshold, device: noise, point: noise, above: 75 }, alarm: { severity: info } }
`;

/** Nine in the evening of a day in Shanghai. */
const EVENING = Date.parse('2026-11-25T21:00:00+08:00');

describe('noise at night', { timeout: 120_000 }, () => {
  it('alarms by the limit of the class from ten on, and not before, by values as they are scaled', async () => {
    const world = await gatewayWorld(NOISE, { unix_ms: EVENING, in_memory: true });

    world.far.set('noise', { noise: 58 });
    await world.pass(50 * 60_000);
    const evening = await shown(world);
    await world.pass(15 * 60_000);
    const night = await shown(world);
    world.far.set('noise', { noise: 30 });
    await world.pass(5 * 60_000);
    const quiet = await shown(world);

    expect(evening).toEqual([]);
    expect(night).toEqual([
      'alarm-warning levels: levels is louder than 45 dB(A) at night (GB 3096-2008, class 1)',
    ]);
    expect(quiet).toEqual([]);
  });

  it('is no matter while nobody knows what time it is', async () => {
    const world = await gatewayWorld(NOISE, {
      unix_ms: EVENING + 7_200_000,
      in_memory: true,
      unsynced: true,
    });

    world.far.set('noise', { noise: 68 });
    await world.pass(10 * 60_000);

    expect(await shown(world)).toEqual(['alarm-info noise: noise of noise is above 75 dB[A]']);
  });
});

describe('rules in a storm', { timeout: 120_000 }, () => {
  it('do not keep a door from its wire: its order passes all of theirs that wait, and only what is under way goes first', async () => {
    // One order at a time goes to each board; on the wire they meet.
    const boards = Array.from({ length: 20 }, (_, index) => `board-${index + 2}`);
    const storm = boards
      .map(
        (id) =>
          `\n  - { id: storm-${id}, when: { type: state, device: spare, point: active }, do: [{ target: ${id}, command: on, args: { channel: 1 } }] }`,
      )
      .join('');
    const devices = boards.map(
      (id, index) =>
        `  - { id: ${id}, driver: waveshare-relay, bus: relays, unit: ${index + 2}, poll_ms: 60000, options: { channels: 8, inputs: 0 } }\n`,
    );
    const spare = `  - { id: spare, driver: gpio-contact, bus: pi, lines: { contact: { line: GPIO26 } } }\n${devices.join('')}fire_inputs:`;
    const obeyedAfter = async (text: string) => {
      const world = await streetDoor(text.replace('fire_inputs:', spare));
      world.far.set('spare', { closed: false });
      await world.pass(15_000, () => {}, 500);
      world.far.set('spare', { closed: true });
      await world.pass(24, () => {}, 4);
      const begun = world.clock().now().up;
      const ending = world.control().submit({ target: 'gate', name: 'hold-open', args: {}, user: 'pi' });
      let ended = false;
      ending.finally(() => {
        ended = true;
      });
      while (!ended) await world.clock().advance(5);
      expect((await ending).result).toBe('done');
      const took = world.clock().now().up - begun;
      await world.pass(2000, () => {}, 50);
      const orders = (await world.records()).filter(
        ({ kind, ...record }) => kind === 'command' && 'subject' in record && boards.includes(record.subject),
      );
      return { took, later: orders.filter(({ stamp }) => stamp.up > begun + took).length };
    };

    const calm = await obeyedAfter(doorSite());
    const stormy = await obeyedAfter(doorSite('', `rules:${storm}`));

    // An exchange takes 4 ms here; the time of those that wait would be seen.
    expect(stormy.took - calm.took).toBeLessThanOrEqual(20);
    expect(stormy.later).toBeGreaterThan(5);
  });
});
