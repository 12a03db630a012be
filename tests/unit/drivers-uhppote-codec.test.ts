import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault, fromHex, toHex } from '#kit';
import * as codec from '../../drivers/uhppote/codec.ts';
import { reasonCodes, reasonOf } from '../../drivers/uhppote/reasons.ts';

interface Vector {
  readonly id: string;
  readonly direction: 'device->host' | 'host->device';
  readonly hex: string;
  readonly note?: string;
  readonly message?: object;
  readonly fault?: string;
}

const vectors: Vector[] = JSON.parse(readFileSync('drivers/uhppote/vectors.json', 'utf8'));
const said = vectors.filter(({ direction }) => direction === 'device->host');
const told = vectors.filter(({ direction }) => direction === 'host->device');
const RUNS = process.env.GATELODGE_LONG ? 1_000_000 : 5000;
const serial = fc.integer({ min: 1, max: 0xffff_ffff });

describe('what a controller says', () => {
  it.each(said.map((vector) => [vector.id, vector] as const))('is read from vector %s', (_, vector) => {
    if (vector.fault) {
      expect(() => codec.readMessage(fromHex(vector.hex))).toThrow(
        expect.objectContaining({ name: 'Fault', code: vector.fault }),
      );
      return;
    }
    expect(codec.readMessage(fromHex(vector.hex))).toEqual(vector.message);
  });

  it('is a message or a fault, whatever bytes come', () => {
    const noise = fc.uint8Array({ minLength: 0, maxLength: 80 });
    // Mostly packets that begin well: the rest of the parser is then reached.
    const likely = fc
      .tuple(fc.constantFrom(0x17, 0x19), fc.constantFrom(0x20, 0x40, 0x80, 0x8e, 0x90, 0x94))
      .chain(([start, name]) =>
        fc
          .uint8Array({ minLength: 62, maxLength: 62 })
          .map((rest) => Uint8Array.from([start, name, ...rest])),
      );
    fc.assert(
      fc.property(fc.oneof(noise, likely), (bytes) => {
        for (const read of [codec.readMessage, codec.describeRequest]) {
          try {
            read(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(Fault);
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('tells a reason by name, and one that nobody documented by its number', () => {
    const names = reasonCodes.map((code) => reasonOf(code).name);
    expect(new Set(names).size).toBe(31);
    expect([37, 38, 39, 34].map((code) => reasonOf(code).alarm)).toEqual([true, true, true, true]);
    expect([1, 6, 20, 24, 44].map((code) => reasonOf(code).alarm)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(reasonOf(99)).toMatchObject({ name: 'reason-99', alarm: false });
  });
});

describe('what the host says', () => {
  it.each(told.map((vector) => [vector.id, vector] as const))('is described from vector %s', (_, vector) => {
    expect(codec.describeRequest(fromHex(vector.hex))).toBe(vector.note);
  });

  it.each([
    ['V077', codec.openDoorRequest(423_187_757, 3)],
    ['V079', codec.doorControlRequest(423_187_757, { door: 4, mode: 'closed', delay_s: 5 })],
    ['V080', codec.discoverRequest()],
    ['status-request', codec.statusRequest(423_187_757)],
    ['listener', codec.listenerRequest(423_187_757, '192.168.1.100', 60_001)],
    ['special-events', codec.specialEventsRequest(423_187_757, true)],
  ])('is byte for byte vector %s', (id, bytes) => {
    expect(toHex(bytes)).toBe(vectors.find((vector) => vector.id === id)?.hex);
  });

  it('reaches the controller that was meant, and sets what was meant, for every one', () => {
    const control = fc.record({
      door: fc.integer({ min: 1, max: 4 }),
      mode: fc.constantFrom<codec.DoorMode>('open', 'closed', 'controlled'),
      delay_s: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(serial, control, (number, wish) => {
        const bytes = codec.doorControlRequest(number, wish);
        expect(bytes).toHaveLength(codec.PACKET);
        // The answer looks like the request.
        expect(codec.readMessage(bytes)).toEqual({ kind: 'door-control', serial: number, control: wish });
      }),
    );
  });

  it('rounds the delay of a door up to whole seconds, within a byte', () => {
    expect([1, 1000, 1001, 5000, 254_001, 300_000].map(codec.delaySeconds)).toEqual([1, 1, 2, 5, 255, 255]);
  });

  it.each([
    ['door 0', () => codec.openDoorRequest(1, 0)],
    ['door 5', () => codec.openDoorRequest(1, 5)],
    ['half a door', () => codec.openDoorRequest(1, 1.5)],
    ['a serial number that does not fit', () => codec.statusRequest(2 ** 32)],
    ['a delay that does not fit', () => codec.doorControlRequest(1, { door: 1, mode: 'open', delay_s: 256 })],
    ['no address', () => codec.listenerRequest(1, '192.168.1', 60_001)],
    ['an address beyond a byte', () => codec.listenerRequest(1, '192.168.1.256', 60_001)],
    ['a port beyond 65535', () => codec.listenerRequest(1, '192.168.1.2', 65_536)],
  ])('is refused with %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'driver.value' }));
  });
});
