import { createHash } from 'node:crypto';
import type { Digest, OutboxStats } from '../contracts/index.ts';
import type { HealthFact, Lane, Stamp } from '../model/index.ts';
import type { DigestMessage, Status } from './shapes/index.ts';

/** What the gateway is made of, as the platform is told. `revision` grows with every change. */
export interface Inventory {
  readonly revision: number;
  readonly devices: readonly InventoryDevice[];
}

export interface InventoryDevice {
  readonly id: string;
  readonly name?: string;
  readonly driver: string;
  readonly about?: string;
  readonly zone?: string;
  /** What the driver rests on: `simulated`, `captured`, `field`. */
  readonly evidence?: string;
  readonly points: Readonly<Record<string, InventoryPoint>>;
}

export interface InventoryPoint {
  readonly kind: string;
  readonly about: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
}

export const CONTRACT = { version: 1, min: 1 } as const;
/** Contract, Topics. */
const PAGE_BYTES = 64 * 1024;

export const textOf = (message: object): Uint8Array => Buffer.from(JSON.stringify(message));

export const offline = (status: Status, reason: 'lost' | 'stopped'): Status => ({
  ...status,
  state: 'offline',
  reason,
});

/** The inventory in pages of at most 64 KiB (or `room`, when the broker takes less). There is always a page 0. */
export function inventoryPages(inventory: Inventory, gateway: string, room: number): object[] {
  const limit = Math.min(PAGE_BYTES, room) - 300;
  const pages: InventoryDevice[][] = [[]];
  let bytes = 0;
  for (const device of inventory.devices) {
    const size = Buffer.byteLength(JSON.stringify(device)) + 1;
    if (bytes > 0 && bytes + size > limit) {
      pages.push([]);
      bytes = 0;
    }
    pages.at(-1)?.push(device);
    bytes += size;
  }
  const hash = createHash('sha256').update(JSON.stringify(inventory.devices)).digest('hex');
  const about = { v: 1, gateway, revision: inventory.revision };
  return pages.map((devices, page) => ({ ...about, page, pages: pages.length, hash, devices }));
}

export function healthMessage(
  gateway: string,
  at: { readonly stamp: Stamp; readonly uplink: string },
  now: { readonly facts: readonly HealthFact[]; readonly stats: OutboxStats },
): object {
  const none: Record<Lane, number> = { a: 0, b: 0, c: 0 };
  return {
    v: 1,
    gateway,
    boot: at.stamp.boot,
    up: at.stamp.up,
    facts: now.facts,
    waiting: now.stats.waiting[at.uplink] ?? none,
    kept: now.stats.kept,
    evicted: now.stats.evicted,
    quarantined: now.stats.quarantined,
  };
}

export const digestMessage = (gateway: string, digest: Digest, stats: OutboxStats): DigestMessage => ({
  v: 1,
  gateway,
  epoch: digest.epoch,
  lane: digest.lane,
  from: digest.from,
  to: digest.to,
  count: digest.count,
  sha256: digest.sha256,
  head: digest.epoch === stats.epoch ? stats.head : digest.to,
});

/** Where in the hour this gateway sends its digests, 0..1: the same after every restart, spread over many gateways. */
export function placeInHour(gateway: string): number {
  return createHash('sha256').update(gateway).digest().readUInt32BE() / 2 ** 32;
}
