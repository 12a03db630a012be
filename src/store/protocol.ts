import type { Opened, StateWrite } from '../contracts/index.ts';
import type { ClockStep, Entry, JsonObject, Lane, Outcome, Stamp } from '../model/index.ts';
import type { Durability } from './database.ts';

/** What the core needs to know to open; plain data, so that it can go to a worker. */
export interface CoreOptions {
  readonly file: string;
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly quota_bytes: number;
  readonly retain_ms: number;
  /** Configured uplinks; one that is no longer among them holds no records back. */
  readonly uplinks: readonly string[];
  /** This machine: board serial, else machine id. On another one a new epoch begins. */
  readonly machine: string;
  readonly now: Stamp;
  /** What the machine believes the offset of this boot to be; used until a clock record tells better. */
  readonly wall: ClockStep | undefined;
  /** Id of the epoch that begins if one has to: 16 hex digits. */
  readonly new_epoch: string;
  /** A file that is not there is an error: the store was open before and its disk has gone. */
  readonly must_exist: boolean;
}

export interface CoreOpened extends Opened, Durability {}

export interface StateSet extends StateWrite {
  /** It came with records of this lane: it is stored only where they are. */
  readonly lane?: Lane;
}

/** What goes into lane a's transaction, in order. */
export type Op =
  | { readonly op: 'append'; readonly entries: readonly Entry[] }
  | { readonly op: 'intend'; readonly id: string; readonly intent: JsonObject }
  | { readonly op: 'trim'; readonly nr: number }
  | { readonly op: 'conclude'; readonly id: string; readonly outcome: Outcome; readonly record: Entry };

export type OpResult =
  | { readonly op: 'trim' }
  | { readonly op: 'append'; readonly first: number }
  | { readonly op: 'intend'; readonly existing: boolean; readonly outcome: Outcome | undefined }
  | { readonly op: 'conclude'; readonly outcome: Outcome };

/** One transaction: all of it is stored, or nothing. */
export interface Batch {
  readonly now: Stamp;
  readonly ops: readonly Op[];
  readonly b: readonly Entry[];
  readonly c: readonly Entry[];
  readonly state: readonly StateSet[];
}

export interface Committed {
  readonly epoch: string;
  readonly ops: readonly OpResult[];
  /** First seqs; those that follow are consecutive within the lane. */
  readonly b: number;
  readonly c: number;
  /** Lanes that were left out: making room for them would have cost records of a higher class. */
  readonly refused: readonly Lane[];
  /** Lanes that have something new to send. */
  readonly lanes: readonly Lane[];
  /** Records dropped for room that some uplink still wanted. */
  readonly evicted: number;
  /** Share of the quota that is in use by what somebody still wants, 0..1. */
  readonly use: number;
}
