import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONTRACT,
  digestMessage,
  healthMessage,
  inventoryPages,
  offline,
  placeInHour,
} from '../../src/uplink/messages.ts';
import { publishBytes } from '../../src/uplink/packet.ts';
import type { InventoryMessage, Status } from '../../src/uplink/shapes/index.ts';
import { validatorOf } from '../support/contract-tap.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { BOOT, readings } from '../support/uplink-world.ts';

const device = (id: string, points: number) => ({
  id,
  driver: 'pms5003',
  points: Object.fromEntries(
    Array.from({ length: points }, (_, index) => [
      `p${index}`,
      { kind: 'number', about: 'Ä point.', unit: 'ug/m3', min: 0 },
    ]),
  ),
});

describe('the inventory', () => {
  it('goes in pages of at most 64 KiB, and of what the broker takes, that hold each device once and in order', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 });
    fc.assert(
      fc.property(sizes, fc.constantFrom(4096, 16_384, 131_072), (points, room) => {
        const devices = points.map((count, index) => device(`d-${index}`, count));
        const pages = inventoryPages({ revision: 7, devices }, 'gate-1', room) as InventoryMessage[];
        expect(pages.flatMap((page) => page.devices)).toEqual(devices);
        for (const [index, page] of pages.entries()) {
          expect(page).toMatchObject({
            v: 1,
            gateway: 'gate-1',
            revision: 7,
            page: index,
            pages: pages.length,
          });
          expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(Math.min(65_536, room));
          expect(page.hash).toBe(createHash('sha256').update(JSON.stringify(devices)).digest('hex'));
          expect(validatorOf('inventory')(page)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of nothing is one empty page', () => {
    expect(inventoryPages({ revision: 0, devices: [] }, 'gate-1', 65_536)).toMatchObject([
      { page: 0, pages: 1, devices: [] },
    ]);
  });
});

describe('other messages', () => {
  it('the will and the goodbye are the status of that connection, offline', () => {
    const status: Status = {
      v: 1,
      gateway: 'gate-1',
      state: 'online',
      connect_id: 4,
      contract: CONTRACT,
      versions: {},
      epoch: '00112233445566aa',
      boot: BOOT,
      clock: 'synced',
    };
    expect(offline(status, 'lost')).toEqual({ ...status, state: 'offline', reason: 'lost' });
    expect(validatorOf('status')(offline(status, 'stopped'))).toBe(true);
  });

  it('health tells the depth of this uplink, and of one that has nothing yet', async () => {
    const outbox = new MemoryOutbox();
    await outbox.append(readings(7));
    await outbox.connect('town');
    const at = (uplink: string) => ({ stamp: { boot: BOOT, up: 12 }, uplink });
    const now = { facts: [], stats: await outbox.stats() };
    expect(healthMessage('gate-1', at('town'), now)).toMatchObject({ waiting: { a: 0, b: 0, c: 7 }, up: 12 });
    expect(healthMessage('gate-1', at('county'), now)).toMatchObject({ waiting: { a: 0, b: 0, c: 0 } });
  });

  it('a digest tells the head of its own epoch: of an old one its end', async () => {
    const outbox = new MemoryOutbox();
    await outbox.append(readings(7));
    const stats = await outbox.stats();
    const digest = {
      epoch: outbox.epoch,
      lane: 'c',
      from: 1,
      to: 5,
      count: 5,
      sha256: '0'.repeat(64),
    } as const;
    expect(digestMessage('gate-1', digest, stats)).toMatchObject({ head: 7 });
    expect(digestMessage('gate-1', { ...digest, epoch: 'ffeeddccbbaa9988' }, stats)).toMatchObject({
      head: 5,
    });
  });

  it('digests of many gateways are spread over the hour, each always at its own place', () => {
    const places = Array.from({ length: 600 }, (_, index) => placeInHour(`gate-${index}`));
    const perMinute = new Map<number, number>();
    for (const place of places)
      perMinute.set(Math.floor(place * 60), (perMinute.get(Math.floor(place * 60)) ?? 0) + 1);
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...places)).toBeLessThan(1);
    expect(perMinute.size).toBe(60);
    expect(Math.max(...perMinute.values())).toBeLessThan(30);
    expect(placeInHour('gate-7')).toBe(places[7]);
  });

  it('the size of a packet grows with its length field', () => {
    const sizes = [0, 100, 20_000, 3_000_000].map((bytes) => publishBytes('t/c', bytes, 1) - bytes);
    expect(sizes).toEqual([10, 10, 12, 13]);
  });
});
