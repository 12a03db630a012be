import { describe, expect, it } from 'vitest';
import { doorSite, streetDoor } from '../support/door-site.ts';
import { until } from '../support/until.ts';

/** The street door with a reader for the way out on a wire of its own; lamps on another, and a sensor on a third. */
const site = doorSite()
  .replace(
    'devices:',
    `  - { id: tags, type: serial, path: wires/tags, baud: 9600 }
  - { id: lights, type: modbus-rtu, path: wires/lights, baud: 9600, echo: none }
  - { id: yard, type: modbus-rtu, path: wires/yard, baud: 4800 }
devices:
  - { id: way-out, driver: rdm6300, bus: tags }
  - { id: lamps, driver: waveshare-relay, bus: lights, unit: 1, poll_ms: 1000, options: { channels: 8, inputs: 0 } }
  - { id: noise, driver: noise-rs485, bus: yard, unit: 1, poll_ms: 1000 }`,
  )
  .replace(
    'readers: { in: { device: reader } }',
    'readers: { in: { device: reader }, out: { device: way-out } }',
  );

type World = Awaited<ReturnType<typeof streetDoor>>;
const lend = ({ control }: World, bus: string, over = () => {}) =>
  control().lend(bus, { user: 'pi', over }, new AbortController().signal);
const stateOf = async ({ control }: World, bus: string) => (await control().status()).buses[bus]?.state;
const answered = async <T>(world: World, asking: Promise<T>): Promise<T> => {
  let over = false;
  const end = () => {
    over = true;
  };
  asking.then(end, end);
  // A wire closes in its own time.
  await until('it is answered', async () => {
    await world.pass(100);
    return over;
  });
  return asking;
};

describe('a wire of a running gateway', { timeout: 120_000 }, () => {
  it.each([
    ['relays', 'the relay of its lock', 'gate, board'],
    ['tags', 'nothing but a reader', 'gate'],
    ['pi', 'its contact, and the fire panel', 'gate, fire input fire'],
  ])('(%s) on which a door has %s is not lent, not even in maintenance', async (bus, _what, served) => {
    const world = await streetDoor(site);
    await world.order('maintenance', { ms: 600_000, why: 'new cable' }, 500, { target: `bus:${bus}` });

    const lending = lend(world, bus);

    await expect(lending).rejects.toMatchObject({ code: 'field.serves-doors', facts: { bus, served } });
    expect(await stateOf(world, bus)).toBe('up');
  });

  it('with lamps is lent only to who has said that he works there, and why', async () => {
    const world = await streetDoor(site);
    const before = await lend(world, 'lights').catch((error: unknown) => error);
    await world.order('maintenance', { ms: 600_000, why: 'new cable' }, 500, { target: 'bus:lights' });

    const back = await answered(world, lend(world, 'lights'));
    const during = await stateOf(world, 'lights');
    back();
    await until('it is back', async () => {
      await world.pass(1000);
      return (await stateOf(world, 'lights')) === 'up';
    });

    expect(before).toMatchObject({ code: 'field.serves-outputs', facts: { devices: 'lamps' } });
    expect(String(before)).toContain('lamps would not obey');
    expect(during).toBe('down');
  });

  it('that only measures is lent just so; the audit tells to whom, and how it ended', async () => {
    const world = await streetDoor(site);

    const back = await answered(world, lend(world, 'yard'));
    back();
    await until('it is back', async () => {
      await world.pass(1000);
      return (await stateOf(world, 'yard')) === 'up';
    });

    const rows = await world.control().audit(1, 1000);
    const told = rows.filter(({ subject }) => subject === 'yard');
    expect(told.map(({ name, fields }) => [name, fields.user, fields.ended_by])).toEqual([
      ['bus-lent', 'pi', undefined],
      ['bus-back', 'pi', 'given-back'],
    ]);
  });

  it('that nobody gives back is taken back after ten minutes, and the tool is told', async () => {
    const world = await streetDoor(site);
    let over = false;
    await answered(
      world,
      lend(world, 'yard', () => {
        over = true;
      }),
    );

    await world.pass(590_000);
    const before = [over, await stateOf(world, 'yard')];
    await world.pass(20_000);
    await until('the tool is told', () => over);

    expect(before).toEqual([false, 'down']);
    expect(await stateOf(world, 'yard')).toBe('up');
    const rows = await world.control().audit(1, 1000);
    expect(rows.find(({ name }) => name === 'bus-back')?.fields).toMatchObject({
      ended_by: 'time',
      lasted_ms: 600_000,
    });
  });
});
