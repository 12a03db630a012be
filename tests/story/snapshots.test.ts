import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EventEntry } from '../../src/model/index.ts';
import { doorSite, streetDoor } from '../support/door-site.ts';
import { libraryWithCamera } from '../support/serial-camera.ts';
import { picture, sumOf } from '../support/snapshot-ring.ts';
import { until } from '../support/until.ts';

const RULES = `
rules:
  - id: gate-forced
    preset: door-forced
    do: [{ target: cam, command: snapshot }]
  - { id: refused, when: { type: event, of: gate, name: denied }, do: [{ target: cam, command: snapshot }] }`;

const SITE = doorSite('', RULES)
  .replace('buses:\n', 'buses:\n  - { id: cam-line, type: serial, path: wires/cam, baud: 115200 }\n')
  .replace('devices:\n', 'devices:\n  - { id: cam, driver: serial-camera, bus: cam-line }\n');

/** A street door with a camera beside it. */
async function watchedDoor(site = SITE) {
  const world = await streetDoor(site, { library: libraryWithCamera });
  const path = join(world.folder, 'state/snapshots');
  const pictures = () => {
    try {
      return readdirSync(path).filter((name) => name.endsWith('.jpg'));
    } catch {
      return [];
    }
  };
  return {
    ...world,
    path,
    pictures,
    /** Time passes in small steps until something is so: the disk is a real one. */
    soon: async (what: string, claim: () => unknown) => {
      await until(what, async () => {
        if (await claim()) return true;
        await world.clock().advance(20);
        return false;
      });
    },
    /** Somebody at this machine orders a picture, and hears how that ends. */
    take: async () => {
      let over = false;
      const ending = world
        .control()
        .submit({ target: 'cam', name: 'snapshot', args: {}, user: 'pi' })
        .finally(() => {
          over = true;
        });
      ending.catch(() => {});
      await until('it has ended', async () => {
        await world.clock().advance(20);
        return over;
      });
      return ending;
    },
    /** What was told of pictures, and what made them; the gateway is closed for it. */
    events: async () =>
      (await world.records()).filter(
        (record): record is typeof record & EventEntry =>
          record.kind !== 'reading' && /^snapshot|^outcome$|^alarm-raised$|^denied$/.test(record.name),
      ),
  };
}

const named = <T extends { readonly name: string }>(events: readonly T[], name: string): T[] =>
  events.filter((event) => event.name === name);

describe('a camera that is told to take a picture', { timeout: 120_000 }, () => {
  it('by a rule has it kept under an id that was told first, and that names the alarm', async () => {
    const world = await watchedDoor();

    world.push(true);
    await world.soon('a picture lies there', () => world.pictures().length === 1);
    await world.pass(500, () => {}, 50);
    const [file = ''] = world.pictures();
    const body = readFileSync(join(world.path, file));
    const events = await world.events();

    const [ordered] = named(events, 'snapshot');
    const [kept] = named(events, 'snapshot-kept');
    const [outcome] = named(events, 'outcome');
    const [raised] = named(events, 'alarm-raised');
    expect(body).toEqual(picture(1, 3000).bytes);
    expect(ordered).toMatchObject({
      ...{ kind: 'event', lane: 'a', subject: 'cam' },
      fields: { ref: raised?.fields.alarm, command: outcome?.fields.id, by: 'rule:gate-forced' },
    });
    const { id } = ordered?.fields ?? {};
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(file).toBe(`0000000001-${id}.jpg`);
    expect(kept).toMatchObject({
      ...{ lane: 'a', subject: 'cam' },
      fields: { id, type: 'image/jpeg', bytes: 3000, sha256: sumOf(body) },
    });
    expect(outcome?.fields).toMatchObject({ result: 'done', facts: { file: id, bytes: 3000 } });
    expect(named(events, 'snapshot-failed')).toEqual([]);
    expect((ordered?.seq ?? 0) < (kept?.seq ?? 0)).toBe(true);
  });

  it('by a rule without an alarm names the decision of the door', async () => {
    const world = await watchedDoor();

    await world.card('12345');
    await world.soon('a picture lies there', () => world.pictures().length === 1);
    const events = await world.events();

    const [denied] = named(events, 'denied');
    expect(denied?.fields.ref).toBeDefined();
    expect(named(events, 'snapshot')).toMatchObject([
      { fields: { ref: denied?.fields.ref, by: 'rule:refused' } },
    ]);
  });

  it('by hand says which file it is, and no byte of it stands in any record', async () => {
    const world = await watchedDoor();

    const { result, facts } = await world.take();
    const records = await world.records();

    expect(result).toBe('done');
    expect(world.pictures()).toEqual([`0000000001-${facts.file}.jpg`]);
    const [outcome] = records.filter((record) => record.kind === 'command');
    expect(outcome).toMatchObject({ fields: { facts: { file: facts.file, bytes: 3000 } } });
    expect(Math.max(...records.map((record) => JSON.stringify(record).length))).toBeLessThan(1500);
  });

  it('and cannot has that told once, with why, and the command has failed', async () => {
    const world = await watchedDoor();
    world.far.set('cam', { bytes: 0 });

    const { result, facts } = await world.take();
    const events = await world.events();

    expect([result, facts.fault]).toEqual(['failed', 'driver.refused']);
    expect(events.map(({ name }) => name)).toEqual(['snapshot', 'snapshot-failed', 'outcome']);
    expect(named(events, 'snapshot-failed')).toMatchObject([
      { lane: 'a', fields: { id: facts.file, fault: 'snapshots.not-taken' } },
    ]);
    expect(world.pictures()).toEqual([]);
  });

  it('whose folder cannot be used costs the picture alone: the door goes on, and it is told', async () => {
    const world = await watchedDoor();
    writeFileSync(world.path, 'in the way');

    const { result, facts } = await world.take();
    const shown = (await world.control().health()).map(({ code }) => code);
    await world.card('760643');
    const open = world.unlocked();
    rmSync(world.path);
    const again = await world.take();
    const after = (await world.control().health()).map(({ code }) => code);

    expect([result, facts.fault]).toEqual(['failed', 'snapshots.disk']);
    expect(shown).toContain('snapshots-failing');
    expect(open).toBe(true);
    expect(again.result).toBe('done');
    expect(after).not.toContain('snapshots-failing');
  });

  it('is listed by the socket, and given out there whole; who took it stands in the audit', async () => {
    const world = await watchedDoor();
    const { facts } = await world.take();

    const [listed, ...more] = await world.control().snapshots();
    const body = await world.control().saveSnapshot(String(facts.file), 'pi');
    const missing = world.control().saveSnapshot('none', 'pi');

    await expect(missing).rejects.toMatchObject({ code: 'snapshots.unknown', facts: { id: 'none' } });
    expect(more).toEqual([]);
    expect(listed).toMatchObject({ id: facts.file, device: 'cam', bytes: 3000, sha256: sumOf(body) });
    expect(Buffer.from(body)).toEqual(picture(1, 3000).bytes);
    const audit = (await world.records()).filter(({ kind }) => kind === 'audit');
    expect(
      audit.flatMap((one) => ('name' in one && one.name === 'snapshot-saved' ? [one] : [])),
    ).toMatchObject([{ lane: 'a', subject: 'cam', fields: { id: facts.file, via: 'local:pi' } }]);
  });

  it('has what was kept there after a restart, and the next goes on behind it', async () => {
    const world = await watchedDoor();
    const first = await world.take();

    await world.restart(5000);
    const second = await world.take();

    expect(world.pictures()).toEqual([
      `0000000001-${first.facts.file}.jpg`,
      `0000000002-${second.facts.file}.jpg`,
    ]);
  });
});
