import { describe, expect, it } from 'vitest';
import * as uapi from '../../src/buses/gpio/uapi.ts';
import { Debounce } from '../../src/buses/lines/debounce.ts';
import type { LineWish } from '../../src/contracts/index.ts';

const wish = (offset: number, more: Partial<LineWish> = {}): uapi.Placed => ({
  line: offset,
  offset,
  direction: 'in',
  active_low: false,
  bias: 'as-is',
  initial: false,
  edges: 'none',
  debounce_ms: 0,
  ...more,
});

/** The attributes of a request: id, value, mask. */
function attributes(request: Buffer): [number, bigint, bigint][] {
  return Array.from({ length: request.readUInt32LE(296) }, (_, index) => {
    const at = 320 + 24 * index;
    return [request.readUInt32LE(at), request.readBigUInt64LE(at + 8), request.readBigUInt64LE(at + 16)];
  });
}

describe('a request for lines, as linux/gpio.h lays it out', () => {
  it('holds offsets, consumer, common flags and the number of lines at their places', () => {
    const request = uapi.lineRequest([wish(17, { bias: 'pull-up' }), wish(4, { bias: 'pull-up' })], 'gate');
    expect(request).toHaveLength(592);
    expect([request.readUInt32LE(0), request.readUInt32LE(4), request.readUInt32LE(560)]).toEqual([17, 4, 2]);
    expect(request.toString('utf8', 256, 260)).toBe('gate');
    expect(request.readBigUInt64LE(288)).toBe(4n | 256n);
    expect(attributes(request)).toEqual([]);
    expect(request.readUInt32LE(564)).toBe(0);
    // The kernel refuses padding that is not zero.
    expect(request.subarray(568, 588).every((byte) => byte === 0)).toBe(true);
  });

  it('asks for the largest buffer of events where edges are listened to: a card must not be lost to a busy loop', () => {
    expect(uapi.lineRequest([wish(14, { edges: 'falling' })], 'reader').readUInt32LE(564)).toBe(1024);
  });

  it('gives outputs their first level in the same request, and lines that differ their own flags and debounce', () => {
    const request = uapi.lineRequest(
      [
        wish(1, { edges: 'both', debounce_ms: 20 }),
        wish(2, { direction: 'out', active_low: true, initial: true }),
        wish(3, { direction: 'out', active_low: true }),
      ],
      'door',
    );
    expect(request.readBigUInt64LE(288)).toBe(4n | 16n | 32n);
    expect(attributes(request)).toEqual([
      [1, 8n | 2n, 0b110n],
      [3, 20_000n, 0b001n],
      [2, 0b010n, 0b110n],
    ]);
  });
});

describe('what the kernel tells', () => {
  it('is read as chip, line and edges', () => {
    const chip = Buffer.alloc(uapi.CHIP_INFO_BYTES);
    chip.write('gpiochip0', 0);
    chip.write('pinctrl-rp1', 32);
    chip.writeUInt32LE(54, 64);
    expect(uapi.chipInfoOf(chip)).toEqual({ name: 'gpiochip0', label: 'pinctrl-rp1', lines: 54 });
    const line = uapi.lineInfoRequest(17);
    line.write('GPIO17', 0);
    line.write('another program', 32);
    line.writeBigUInt64LE(5n, 72);
    expect(uapi.lineInfoOf(line)).toEqual({ name: 'GPIO17', consumer: 'another program', used: true });
  });

  it('of an edge is struct gpio_v2_line_event: time in ns, 2 for falling, line, and how many came before', () => {
    const bytes = Buffer.concat([
      Buffer.from('79df0d8648700000', 'hex'),
      Buffer.from('02000000110000002a00000007000000', 'hex'),
      Buffer.alloc(24),
    ]);

    const edges = uapi.edgesOf(bytes);

    expect(bytes).toHaveLength(uapi.EVENT_BYTES);
    expect(edges).toEqual([{ up_ms: 123_456_789.012, rising: false, offset: 17, seqno: 42 }]);
  });

  it('of edges is exact to the microsecond, and half an edge is none', () => {
    const bytes = Buffer.alloc(48 + 20);
    bytes.writeBigUInt64LE(1_234_567_891_234n, 0);
    bytes.writeUInt32LE(2, 8);
    bytes.writeUInt32LE(15, 12);
    bytes.writeUInt32LE(7, 16);
    expect(uapi.edgesOf(bytes)).toEqual([{ up_ms: 1_234_567.891, rising: false, offset: 15, seqno: 7 }]);
  });
});

describe('debouncing where the chip does not', () => {
  it('lets a level count when it has lasted, with the time it began and the bounces before', () => {
    const contact = new Debounce(20, false);
    expect([contact.edge(true, 100), contact.edge(false, 103), contact.edge(true, 105)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(contact.due()).toBe(125);
    expect(contact.settle(124)).toBeUndefined();
    expect(contact.settle(125)).toEqual({ on: true, up: 105, bounces: 1 });
    expect(contact.due()).toBeUndefined();
  });

  it('finds a change that had settled before the next edge, though nobody asked in between', () => {
    const contact = new Debounce(20, false);
    contact.edge(true, 100);
    expect(contact.edge(false, 500)).toEqual({ on: true, up: 100, bounces: 0 });
    expect(contact.settle(520)).toEqual({ on: false, up: 500, bounces: 0 });
  });

  it('takes the level of a look for known, so that the change after a missed edge is one', () => {
    const contact = new Debounce(20, false);
    contact.seen(true);
    contact.edge(false, 100);
    expect(contact.settle(120)).toEqual({ on: false, up: 100, bounces: 0 });
  });

  it('tells nothing of a flicker that comes back', () => {
    const contact = new Debounce(20, true);
    contact.edge(false, 10);
    contact.edge(true, 12);
    expect(contact.settle(1000)).toBeUndefined();
  });
});
