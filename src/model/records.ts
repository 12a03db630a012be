import type { Json, JsonObject } from './json.ts';
import type { Value } from './points.ts';
import type { Quality } from './reading.ts';
import type { Stamp } from './time.ts';

/**
 * How much a record matters (contract, Classes). a: alarms, door events, command results, audit, gaps, clock and
 * boot records; own transaction. b: state changes, device up and down. c: periodic telemetry. b and c share a
 * group commit within 1 s. Each class is a lane of its own on the wire.
 */
export type Lane = 'a' | 'b' | 'c';
export const LANES = ['a', 'b', 'c'] as const satisfies readonly Lane[];

export type EventKind =
  | 'event'
  | 'command'
  | 'audit'
  | 'gap'
  | 'clock'
  | 'boot'
  | 'epoch'
  | 'inventory'
  | 'replaced';

/** A reading on its way into the store. */
export interface ReadingEntry {
  readonly kind: 'reading';
  readonly lane: 'b' | 'c';
  readonly device: string;
  readonly point: string;
  readonly value: Value | null;
  readonly quality: Quality;
  readonly stamp: Stamp;
}

/** Anything that is not a reading. `subject` is a device, door, load, zone, bus or uplink id, '' for the gateway itself. */
export interface EventEntry {
  readonly kind: EventKind;
  readonly lane: Lane;
  readonly subject: string;
  readonly name: string;
  readonly fields: JsonObject;
  readonly stamp: Stamp;
}

export type Entry = ReadingEntry | EventEntry;

/** The key of a stored record is (gateway, epoch, seq); the gateway is the store's own. */
export interface RecordKey {
  /** Random 64-bit id of the database, 16 hex digits. */
  readonly epoch: string;
  /** Grows by exactly 1 over all lanes, across boots; never reused. */
  readonly seq: number;
}

export type StoredRecord = Entry & RecordKey;

/** Inclusive seq range. */
export type SeqRange = readonly [from: number, to: number];

/** Fields of a `gap` record: a range of a lane that was dropped and will never come. */
export interface GapFields {
  readonly [key: string]: Json;
  readonly epoch: string;
  readonly lane: Lane;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly reason: GapReason;
  /** Uplinks that had not yet acknowledged it. */
  readonly uplinks: readonly string[];
}
/**
 * `quota`: evicted for room; `damaged`: lost with a damaged database (the lane of a lost record is not known, so each
 * lane tells the range and `count` is an upper bound); `refused`, `nacked`: in quarantine; `not-kept`: let go before this uplink was configured.
 */
export type GapReason = 'quota' | 'damaged' | 'refused' | 'nacked' | 'disk-full' | 'not-kept';
