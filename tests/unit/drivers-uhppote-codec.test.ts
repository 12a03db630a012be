import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault, fromHex, toHex } from '#kit';
import * as codec from '../../drivers/uhppote/codec.ts';
import { reasonCodes, reasonOf } from '../../drivers/uhppote/reasons.ts';

interface Vector {
  readonly id: string;
  readonly hex: string;
}

const vectors: Vector[] = JSON.parse(readFileSync('drivers/uhppote/vectors.json', 'utf8'));
const hexOf = (id: string) => vectors.find((vector) => vector.id === id)?.hex ?? '';
/** What is in them besides what a driver shows. */
const MESSAGES = {
  V078: { kind: 'answer', serial: 423187757, to: 'open-door', ok: true },
  V081: {
    kind: 'controller',
    serial: 423187757,
    controller: {
      ip: '192.168.0.0',
      mask: '255.255.255.0',
      gateway: '0.0.0.0',
      mac: '00:66:19:39:55:2d',
      firmware: '8.92',
      date: '2018-08-16',
    },
  },
  V082: {
    kind: 'status',
    serial: 423187757,
    status: {
      open: [true, false, true, true],
      buttons: [false, false, true, true],
      unlocked: [false, false, true, false],
      forced_lock: true,
      fire: false,
      error: 9,
      at: '2019-04-20T14:37:02',
      sequence: 17,
      event: {
        index: 57,
        type: 'swipe',
        granted: false,
        door: 3,
        direction: 'in',
        card: 6154410,
        at: '2019-04-19T17:00:09',
        code: 6,
        reason: {
          name: 'denied-no-privilege',
          about: 'Refused: the card may not use this door.',
          alarm: false,
        },
      },
    },
  },
  'no-event': {
    kind: 'status',
    serial: 223336677,
    status: {
      open: [true, true, false, false],
      buttons: [false, false, false, false],
      unlocked: [false, false, false, false],
      forced_lock: false,
      fire: false,
      error: 0,
      at: '2021-04-08T16:03:34',
      sequence: 0,
    },
  },
  'control-reply': {
    kind: 'door-control',
    serial: 423187757,
    control: { door: 4, mode: 'closed', delay_s: 5 },
  },
};
const RUNS = process.env.GATELODGE_LONG ? 1_000_000 : 5000;
const serial = fc.integer({ min: 1, max: 0xffff_ffff });

describe('what a controller says', () => {
  it.each(Object.entries(MESSAGES))('is read whole from vector %s', (id, message) => {
    expect(codec.readMessage(fromHex(hexOf(id)))).toEqual(message);
  });

  it('is a message or a fault, whatever bytes come', () => {
    const noise = fc.uint8Array({ minLength: 0, maxLength: 80 });
    // Mostly packets that begin well: the rest of the parser is then reached.
    const likely = fc
      .tuple(
        fc.constantFrom(0x17, 0x19),
        fc.constantFrom(0x20, 0x40, 0x80, 0x82, 0x8e, 0x90, 0x92, 0x94, 0xb0, 0xb2, 0xb4),
      )
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
  it.each([
    ['V077', codec.openDoorRequest(423_187_757, 3)],
    ['V079', codec.doorControlRequest(423_187_757, { door: 4, mode: 'closed', delay_s: 5 })],
    ['V080', codec.discoverRequest()],
    ['status-request', codec.statusRequest(423_187_757)],
    ['listener', codec.listenerRequest(423_187_757, '192.168.1.100', 60_001)],
    ['special-events', codec.specialEventsRequest(423_187_757, true)],
    ['read-control', codec.readControlRequest(423_187_757, 4)],
    ['read-listener', codec.readListenerRequest(423_187_757)],
    ['get-event', codec.eventRequest(423_187_757, 1)],
    ['get-position', codec.positionRequest(423_187_757)],
    ['set-position', codec.setPositionRequest(423_187_757, 17)],
  ])('is byte for byte vector %s', (id, bytes) => {
    expect(toHex(bytes)).toBe(hexOf(id));
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
