import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Fault } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { checkProfile } from '../../drivers/register-map/profile.ts';
import { memoryModbus } from '../support/memory-links.ts';

const folder = 'config/profiles';
const shipped = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
const read = (file: string): Record<string, unknown> => parse(readFileSync(`${folder}/${file}`, 'utf8'));

describe('a profile', () => {
  it.each(shipped)('%s holds, and its example frames decode to what it says', (file) => {
    expect(checkProfile(read(file))).toHaveProperty('profile');
  });

  it.each(
    shipped,
  )('%s is a driver of its own: listed, opened on its simulator, within its ranges', async (file) => {
    const library = await openLibrary([read(file)]);
    const id = file.replace('.yaml', '');
    expect(library.ids).toContain(id);
    const driver = await library.load(id);
    const far = (await library.simulator(id)).open({}, 4);
    if (far.kind !== 'modbus') throw new Error('a profile is a Modbus device');

    const link = memoryModbus(far);
    // The link is the Modbus one that a profile's driver names.
    const session = driver.open(link as never, {});
    const sample = await session.sample?.({ signal: new AbortController().signal, priority: 'poll' });

    expect(Object.keys(sample ?? {}).sort()).toEqual(Object.keys(driver.points({})).sort());
    expect(sample).toEqual(far.said());
  });

  it('is shipped for at least ten devices that one can buy, and says in which document its facts stand', () => {
    const real = shipped.filter((file) =>
      /^# Source: .{20}/m.test(readFileSync(`${folder}/${file}`, 'utf8')),
    );

    expect(real.length).toBeGreaterThanOrEqual(10);
  });

  it('lets only those points be written that say so, and rests those that have a safe state', async () => {
    const library = await openLibrary([read('dry-contacts-8.yaml')]);
    const driver = await library.load('dry-contacts-8');
    const far = (await library.simulator('dry-contacts-8')).open({}, 4);
    if (far.kind !== 'modbus') throw new Error('a profile is a Modbus device');
    const session = driver.open(memoryModbus(far) as never, {});
    const call = { signal: new AbortController().signal, priority: 'command' as const };

    await session.act?.('write', { point: 'lamp-1', value: true }, call);
    await session.act?.('write', { point: 'lamp-2', value: true }, call);
    expect(await session.sample?.(call)).toMatchObject({ 'lamp-1': true, 'lamp-2': true });
    await session.rest?.(call);
    expect(await session.sample?.(call)).toMatchObject({ 'lamp-1': false, 'lamp-2': true });
    await expect(session.act?.('write', { point: 'flood', value: true }, call)).rejects.toThrow(
      /not writable/,
    );
  });

  it.each([
    [
      'a point without privacy class',
      { points: { x: { kind: 'flag', about: 'X.', at: 1 } } },
      /points.x.privacy/,
    ],
    [
      'an unknown key',
      { points: { x: { kind: 'flag', about: 'X.', privacy: 'plain', at: 1, adress: 2 } } },
      /adress/,
    ],
    [
      'a number in a coil',
      {
        points: {
          x: {
            kind: 'number',
            about: 'X.',
            privacy: 'plain',
            table: 'coil',
            at: 1,
            unit: 'V',
            min: 0,
            max: 1,
          },
        },
      },
      /a coil is one bit, not a number/,
    ],
    [
      'an example that does not come out',
      { examples: [{ reply: '01 03 02 00 07 F9 86', points: { x: false } }] },
      /examples.0/,
    ],
    [
      'a safe state that does not fit',
      {
        points: {
          x: { kind: 'flag', about: 'X.', privacy: 'plain', table: 'coil', at: 1, write: { rest: 'open' } },
        },
      },
      /points.x.write.rest/,
    ],
    [
      'an address beyond the last',
      { points: { x: { kind: 'flag', about: 'X.', privacy: 'plain', at: 70000 } } },
      /points.x.at/,
    ],
  ])('with %s is refused, and told why', async (_, change, why) => {
    const broken = {
      id: 'broken',
      about: 'Broken.',
      points: { x: { kind: 'flag', about: 'X.', privacy: 'plain', at: 1 } },
      ...change,
    };

    const checked = checkProfile(broken);

    expect('problems' in checked && checked.problems.join('; ')).toMatch(why);
    await expect(openLibrary([broken])).rejects.toThrow(why);
  });

  it('may not take the name of a driver, nor stand there twice', async () => {
    const twice = read('three-phase-meter.yaml');
    await expect(openLibrary([twice, twice])).rejects.toThrow(/another driver has this id/);
    await expect(openLibrary([{ ...twice, id: 'louver-box' }])).rejects.toThrow(Fault);
  });
});
