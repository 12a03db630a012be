import type { LineWish } from '../../contracts/index.ts';

/**
 * The Linux GPIO character device, uAPI v2 (include/uapi/linux/gpio.h): numbers and struct layouts, pure. All 64-bit fields are aligned to
 * eight bytes, so the layouts are the same on 32- and 64-bit machines; all are little-endian here (Linux on ARM and x86).
 */
export const IOCTL = {
  chipInfo: 0x8044b401,
  lineInfo: 0xc100b405,
  getLine: 0xc250b407,
  getValues: 0xc010b40e,
  setValues: 0xc010b40f,
} as const;

const FLAG = {
  used: 1n,
  activeLow: 2n,
  input: 4n,
  output: 8n,
  rising: 16n,
  falling: 32n,
  pullUp: 256n,
  pullDown: 512n,
  biasOff: 1024n,
} as const;

const ATTRIBUTE = { flags: 1, outputValues: 2, debounce: 3 } as const;
const MOST_ATTRIBUTES = 10;
/** The kernel's own limit; the default of 16 per line loses half a card when the loop is held up. */
const EVENT_BUFFER = 1024;

export const CHIP_INFO_BYTES = 68;
const LINE_INFO_BYTES = 256;
const REQUEST_BYTES = 592;
const VALUES_BYTES = 16;
export const EVENT_BYTES = 48;

/** A wish whose place on the chip is known. */
export interface Placed extends LineWish {
  readonly offset: number;
}

export interface ChipInfo {
  readonly name: string;
  readonly label: string;
  readonly lines: number;
}

export interface LineInfo {
  readonly name: string;
  /** Who holds it; empty when nobody does. */
  readonly consumer: string;
  readonly used: boolean;
}

/** An edge as the kernel tells it. */
export interface RawEdge {
  /** CLOCK_MONOTONIC. */
  readonly up_ms: number;
  readonly rising: boolean;
  readonly offset: number;
  /** Counts all edges of the request from 1 on: a step of more than one is what the kernel had to drop. */
  readonly seqno: number;
}

export const chipInfoOf = (bytes: Buffer): ChipInfo => ({
  name: textAt(bytes, 0),
  label: textAt(bytes, 32),
  lines: bytes.readUInt32LE(64),
});

export function lineInfoRequest(offset: number): Buffer {
  const bytes = Buffer.alloc(LINE_INFO_BYTES);
  bytes.writeUInt32LE(offset, 64);
  return bytes;
}

export function lineInfoOf(bytes: Buffer): LineInfo {
  const used = (bytes.readBigUInt64LE(72) & FLAG.used) !== 0n;
  return { name: textAt(bytes, 0), consumer: textAt(bytes, 32), used };
}

/**
 * struct gpio_v2_line_request: all lines of a device in one request, outputs with their first level in it, so that none ever has another.
 * Lines that differ from the first in their flags or debounce get an attribute; there is room for ten different ones.
 */
export function lineRequest(wishes: readonly Placed[], consumer: string): Buffer {
  const bytes = Buffer.alloc(REQUEST_BYTES);
  for (const [index, { offset }] of wishes.entries()) bytes.writeUInt32LE(offset, 4 * index);
  bytes.write(consumer.slice(0, 31), 256, 'utf8');
  const CONFIG = 288;
  const common = flagsOf(wishes[0]);
  bytes.writeBigUInt64LE(common, CONFIG);
  const attributes = attributesOf(wishes, common);
  if (attributes.length > MOST_ATTRIBUTES)
    throw new RangeError('lines of one device differ in too many ways');
  bytes.writeUInt32LE(attributes.length, CONFIG + 8);
  attributes.forEach(({ id, value, mask }, index) => {
    const at = CONFIG + 32 + 24 * index;
    bytes.writeUInt32LE(id, at);
    // A debounce is a 32-bit number in the same place, in the lower half.
    bytes.writeBigUInt64LE(value, at + 8);
    bytes.writeBigUInt64LE(mask, at + 16);
  });
  bytes.writeUInt32LE(wishes.length, 560);
  bytes.writeUInt32LE(wishes.some(({ edges }) => edges !== 'none') ? EVENT_BUFFER : 0, 564);
  return bytes;
}

/** The descriptor that the kernel put into the request. */
export const requestDescriptor = (bytes: Buffer): number => bytes.readInt32LE(588);

/** struct gpio_v2_line_values; bit n is the n-th line of the request. */
export function lineValues(mask: bigint, bits = 0n): Buffer {
  const bytes = Buffer.alloc(VALUES_BYTES);
  bytes.writeBigUInt64LE(bits, 0);
  bytes.writeBigUInt64LE(mask, 8);
  return bytes;
}

export const bitsOf = (bytes: Buffer): bigint => bytes.readBigUInt64LE(0);

/** As many whole struct gpio_v2_line_event as the bytes hold. */
export function edgesOf(bytes: Buffer): RawEdge[] {
  return Array.from({ length: Math.floor(bytes.length / EVENT_BYTES) }, (_, index) => {
    const at = EVENT_BYTES * index;
    return {
      up_ms: Number(bytes.readBigUInt64LE(at) / 1000n) / 1000,
      rising: bytes.readUInt32LE(at + 8) === 1,
      offset: bytes.readUInt32LE(at + 12),
      seqno: bytes.readUInt32LE(at + 16),
    };
  });
}

interface Attribute {
  readonly id: number;
  readonly value: bigint;
  readonly mask: bigint;
}

function attributesOf(wishes: readonly Placed[], common: bigint): Attribute[] {
  const flags = grouped(wishes, flagsOf).filter(([value]) => value !== common);
  const debounces = grouped(wishes, ({ debounce_ms }) => BigInt(Math.round(1000 * debounce_ms)));
  const outputs = maskOf(wishes, ({ direction }) => direction === 'out');
  const high = maskOf(wishes, ({ direction, initial }) => direction === 'out' && initial);
  return [
    ...flags.map(([value, mask]) => ({ id: ATTRIBUTE.flags, value, mask })),
    ...debounces
      .filter(([value]) => value > 0n)
      .map(([value, mask]) => ({ id: ATTRIBUTE.debounce, value, mask })),
    ...(outputs ? [{ id: ATTRIBUTE.outputValues, value: high, mask: outputs }] : []),
  ];
}

function flagsOf(wish: Placed | undefined): bigint {
  if (!wish) return 0n;
  const { direction, active_low, bias, edges } = wish;
  let flags = direction === 'out' ? FLAG.output : FLAG.input;
  if (active_low) flags |= FLAG.activeLow;
  if (bias === 'pull-up') flags |= FLAG.pullUp;
  if (bias === 'pull-down') flags |= FLAG.pullDown;
  if (bias === 'none') flags |= FLAG.biasOff;
  if (edges === 'rising' || edges === 'both') flags |= FLAG.rising;
  if (edges === 'falling' || edges === 'both') flags |= FLAG.falling;
  return flags;
}

/** Lines by what they have in common, as masks. */
function grouped(wishes: readonly Placed[], trait: (wish: Placed) => bigint): [bigint, bigint][] {
  const masks = new Map<bigint, bigint>();
  wishes.forEach((wish, index) => {
    const value = trait(wish);
    masks.set(value, (masks.get(value) ?? 0n) | (1n << BigInt(index)));
  });
  return [...masks];
}

const maskOf = (wishes: readonly Placed[], claim: (wish: Placed) => boolean): bigint =>
  wishes.reduce((mask, wish, index) => (claim(wish) ? mask | (1n << BigInt(index)) : mask), 0n);

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, Math.min(at + 32, end < 0 ? at + 32 : end));
}
