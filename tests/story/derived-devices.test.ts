import { describe, expect, it } from 'vitest';
import type { StoredRecord } from '../../src/model/index.ts';
import { gatewayWorld } from '../support/gateway-world.ts';

const HOUR = 3_600_000;
/** 06:00 in Shanghai. */
const SIX = Date.parse('2026-11-25T06:00:00+08:00');

const site = (derived: string) => `
version: 1
site: { id: yard, name: Yard, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
buses:
  - { id: garden, type: modbus-rtu, path: wires/garden, baud: 9600, echo: none }
devices:
  - { id: mic, driver: noise-rs485, bus: garden, unit: 1, poll_ms: 10000, points: { noise: { deadband: 3, scale: 1, offset: 2 } } }
  - { id: box, driver: louver-box, bus: garden, unit: 2, poll_ms: 60000, simulated: true }
derived:
${derived}`;
const LEVELS = '  - { id: levels, type: noise, source: { device: mic, point: noise }, limits_class: "1" }\n';
const AIR =
  '  - { id: air, type: air-quality, sources: [{ pollutant: pm2_5, device: box, point: pm2_5 }] }\n';

const of = (records: readonly StoredRecord[], device: string, point: string) =>
  records.flatMap((record) =>
    record.kind === 'reading' && record.device === device && record.point === point ? [record] : [],
  );

// Hours of virtual time: on a busy machine they take their time.
describe('derived devices of a gateway', { timeout: 120_000 }, () => {
  it('are made of every value, corrected as the site says, also of those that were no news', async () => {
    const world = await gatewayWorld(site(LEVELS), { unix_ms: SIX });
    world.far.set('mic', { noise: 60 });
    await world.pass(450_000);
    world.far.set('mic', { noise: 61 });
    await world.pass(451_000);

    const records = await world.records();

    expect(of(records, 'mic', 'noise')).toHaveLength(1);
    const mean = 10 * Math.log10((10 ** 6.2 + 10 ** 6.3) / 2);
    expect(of(records, 'levels', 'laeq').at(-1)?.value).toBeCloseTo(mean, 1);
  });

  it('obey the rules for their points: deadband, lane and the rest, as those of real devices do', async () => {
    const rules =
      'points: { laeq: { deadband: 3, offset: 1 }, window_complete: { lane: b }, l50: { range: [0, 50] } }';
    const levels = LEVELS.replace('limits_class', `window_s: 60, ${rules}, limits_class`);
    const world = await gatewayWorld(site(levels), { unix_ms: SIX });
    for (const noise of [60, 61, 66]) {
      world.far.set('mic', { noise });
      await world.pass(180_000);
    }

    const records = await world.records();

    const laeq = of(records, 'levels', 'laeq').flatMap(({ value, lane }) =>
      value === null ? [] : [{ value, lane }],
    );
    expect(laeq).toEqual([
      { value: 63, lane: 'c' },
      { value: expect.closeTo(69, 0), lane: 'c' },
    ]);
    const complete = of(records, 'levels', 'window_complete');
    expect(complete.length).toBeGreaterThan(2);
    expect(new Set(complete.map(({ lane }) => lane))).toEqual(new Set(['b']));
    expect(of(records, 'levels', 'l50').at(-1)?.quality).toBe('out-of-range');
  });

  it('stand in the inventory with what they are made of, and are named for what they are not', async () => {
    const world = await gatewayWorld(site(LEVELS + AIR), { unix_ms: SIX });

    const devices = await world.control().devices();
    const records = await world.records();

    expect(devices.map(({ id, driver }) => [id, driver])).toEqual([
      ['mic', 'noise-rs485'],
      ['box', 'louver-box'],
      ['levels', 'derived:noise'],
      ['air', 'derived:air-quality'],
    ]);
    const told = records.find(({ kind }) => kind === 'inventory');
    expect(told?.kind === 'inventory' && told.fields.added).toEqual(['mic', 'box', 'levels', 'air']);
  });

  it('can be read like any device, and told nothing', async () => {
    const world = await gatewayWorld(site(LEVELS), { unix_ms: SIX });
    await world.pass(901_000);

    const readings = await world.control().read('levels');

    expect(readings.map(({ point }) => point)).toContain('laeq');
    await expect(
      world.control().submit({ target: 'levels', name: 'show', args: {}, user: 'pi' }),
    ).rejects.toThrow(/levels/);
  });

  it('made of a simulated device are simulated', async () => {
    const world = await gatewayWorld(site(AIR), { unix_ms: SIX });
    await world.pass(HOUR + 60_000);

    const records = await world.records();

    expect(of(records, 'air', 'aqi').map(({ quality }) => quality)).toEqual(['simulated']);
  });

  it('that need the time of day wait for it and say so, and go on when it is known', async () => {
    const world = await gatewayWorld(site(LEVELS + AIR), { unix_ms: 0, unsynced: true });
    world.far.set('box', { pm2_5: 60 });
    await world.pass(HOUR / 2);
    const before = await world.values('levels');
    world.clock().step(SIX + (50 / 60) * HOUR - world.clock().read().unix_ms, 'synced');
    await world.pass(HOUR + 11 * 60_000);

    const records = await world.records();

    expect(before).toMatchObject({ part_status: 'clock-unsynced' });
    // Windows need no time of day.
    expect(typeof before.laeq).toBe('number');
    expect(of(records, 'air', 'aqi_label').map(({ value }) => value)).toEqual([
      'clock-unsynced',
      'insufficient-data',
      'pm-only-indicative',
    ]);
    expect(of(records, 'air', 'aqi').map(({ value }) => value)).toEqual([null, 100]);
    expect(of(records, 'levels', 'part_status').map(({ value }) => value)).toContain('measuring');
  });

  it('go on over a new boot of the machine, with what was measured before', async () => {
    const world = await gatewayWorld(site(AIR), { unix_ms: SIX });
    world.far.set('box', { pm2_5: 35 });
    await world.pass(HOUR / 2);
    await world.restart(300_000, 'boot-2');
    await world.pass(HOUR / 2);

    const records = await world.records();

    const [complete] = of(records, 'air', 'hour_complete');
    expect(complete?.stamp.boot).toBe('boot-2');
    expect(complete?.value).toBeGreaterThan(90);
    expect(of(records, 'air', 'aqi').map(({ value }) => value)).toEqual([50]);
  });

  it('that the site no longer has leave nothing behind for one of the same name', async () => {
    const world = await gatewayWorld(site(LEVELS + AIR), { unix_ms: SIX });
    world.far.set('box', { pm2_5: 35 });
    await world.pass(HOUR / 2);
    await world.restart(1000, undefined, site(LEVELS));
    await world.restart(1000, undefined, site(LEVELS + AIR));
    await world.pass(HOUR / 2);

    const records = await world.records();

    expect(of(records, 'air', 'aqi').map(({ value }) => value)).toEqual([null]);
  });
});
