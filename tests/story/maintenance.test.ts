import { describe, expect, it } from 'vitest';
import { doorSite, streetDoor } from '../support/door-site.ts';

const site = doorSite('', 'rules: [{ id: silent, preset: device-silent, of: [board], for_s: 30 }]');

type World = Awaited<ReturnType<typeof streetDoor>>;

const alarmsOf = async ({ control }: Pick<World, 'control'>) =>
  (await control().health()).filter(({ code }) => code.startsWith('alarm-'));

/** Somebody says that he works at it. */
const work = async (world: World, target: string) =>
  (await world.order('maintenance', { ms: 600_000, why: 'new fuse' }, 500, { target })).outcome;

describe('a device in maintenance', { timeout: 120_000 }, () => {
  it.each([
    'board',
    'bus:relays',
  ])('(by %s) that goes silent is seen and marked, and alarms nobody', async (target) => {
    const world = await streetDoor(site);
    await work(world, target);

    world.far.faults.set('board', 'mute');
    await world.pass(120_000);

    const facts = await world.control().health();
    const board = (await world.control().devices()).find(({ id }) => id === 'board');
    const { maintenance } = await world.control().status();
    expect(facts.find(({ code, subject }) => code === 'device-down' && subject === 'board')).toMatchObject({
      maintenance: true,
    });
    expect(await alarmsOf(world)).toEqual([]);
    expect(board).toMatchObject({ status: 'offline', maintenance: { by: 'local:pi', why: 'new fuse' } });
    expect(maintenance).toMatchObject([{ why: 'new fuse', by: 'local:pi' }]);
    const down = (await world.records()).find((one) => one.kind === 'event' && one.name === 'device-down');
    expect(down).toMatchObject({ subject: 'board', fields: { muted: true } });
  });

  it('alarms when that is over and it is still silent', async () => {
    const world = await streetDoor(site);
    await work(world, 'board');
    world.far.faults.set('board', 'mute');
    await world.pass(120_000);

    await world.pass(600_000);

    expect(await alarmsOf(world)).toMatchObject([{ code: 'alarm-warning', subject: 'board' }]);
  });

  it('has an alarm that stood marked, and not ended', async () => {
    const world = await streetDoor(site);
    world.far.faults.set('board', 'mute');
    await world.pass(120_000);
    const before = await alarmsOf(world);

    await work(world, 'board');
    const marked = await alarmsOf(world);
    world.far.faults.clear('board');
    await world.pass(120_000);

    expect(before.map(({ maintenance }) => maintenance)).toEqual([undefined]);
    expect(marked).toMatchObject([{ subject: 'board', maintenance: true }]);
    expect(await alarmsOf(world)).toHaveLength(1);
    await world.pass(600_000);
    expect(await alarmsOf(world)).toEqual([]);
  });

  it('works on: its door opens by command, and its readings are stored', async () => {
    const world = await streetDoor(site);
    await work(world, 'bus:relays');

    await world.order('unlock');
    const unlocked = world.unlocked();

    expect(unlocked).toBe(true);
  });

  it('is so over a restart, and its door is not muted by that', async () => {
    const world = await streetDoor(site);
    await work(world, 'board');

    await world.restart(5000);
    await world.pass(2000);

    const board = (await world.control().devices()).find(({ id }) => id === 'board');
    const [gate] = await world.control().doors();
    expect(board?.maintenance).toMatchObject({ why: 'new fuse' });
    expect(gate?.maintenance).toBeUndefined();
  });

  it('stands in the audit from its beginning to its end, with who and why', async () => {
    const world = await streetDoor(site);
    await work(world, 'board');
    await world.pass(700_000);

    const { control } = world;
    const rows = await control().audit(1, 1000);
    const told = rows.filter(({ subject }) => subject === 'board');

    expect(told.map(({ name, fields }) => [name, fields.why ?? fields.ended_by ?? fields.decision])).toEqual([
      ['command', 'accepted'],
      ['maintenance-began', 'new fuse'],
      ['maintenance-ended', 'time'],
    ]);
  });
});

describe('the maintenance of a door', { timeout: 120_000 }, () => {
  it('stands in the status, its facts are marked, and the audit tells its end', async () => {
    const coil = site.replace(
      /driver: waveshare-relay, (.*)options: \{ channels: 8, inputs: 0,/,
      'driver: coil-relay, $1options: { channels: 8,',
    );
    const world = await streetDoor(coil);

    await work(world, 'gate');

    const { maintenance, health } = await world.control().status();
    expect(maintenance).toMatchObject([{ kind: 'door', subject: 'gate', why: 'new fuse' }]);
    expect(health.find(({ code }) => code === 'door-host-timed')).toMatchObject({ maintenance: true });
    await world.pass(700_000);
    const rows = await world.control().audit(1, 1000);
    expect(rows.filter(({ subject }) => subject === 'gate').map(({ name }) => name)).toEqual([
      'command',
      'maintenance-began',
      'maintenance-ended',
    ]);
  });
});
