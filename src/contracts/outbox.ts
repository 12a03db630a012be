import type {
  AuditLink,
  AuditRow,
  Entry,
  JsonObject,
  Lane,
  Outcome,
  RecordKey,
  SeqRange,
  StoredRecord,
  WallTime,
} from '../model/index.ts';

/** Live: stored since this connection began. Backlog: stored before. */
export type Head = 'live' | 'backlog';

/**
 * Durable store and forward. One file, one writer; the same contract in process and in a worker.
 *
 * `append` resolves with the keys only when a power cut can no longer lose what was appended: lane a in its own
 * transaction at once, b and c with the group commit (at most 1 s). It rejects with store.full-memory for lanes b and c when the disk
 * has been stalled so long that the bounded queue is full (for lane a only when nothing else is left to give way), with store.full when the
 * quota is full of records of higher classes that nobody takes, with store.failed when closing finds that the disk still refuses. While it refuses, what was accepted waits in memory, and is not lost.
 * What is `kept` with records is stored in the transaction of the last of their lanes (a, b, c), or not at all: so what was told is known as told after a
 * power cut, and only then. Order of one caller's appends is kept within a lane. After `close` all calls reject with store.closed; `close` commits all that was accepted.
 */
export interface Outbox {
  readonly epoch: string;
  append(entries: readonly Entry[], kept?: readonly StateWrite[]): Promise<readonly RecordKey[]>;
  /** Commits what waits now, without waiting for the group interval. */
  flush(): Promise<void>;
  /**
   * A connection of this uplink begins: the line between backlog and live is drawn, earlier leases are void.
   * `connect_id` grows with each call, also across restarts.
   */
  connect(uplink: string): Promise<Connection>;
  /**
   * Takes the next records of a lane that the uplink has neither acknowledged nor leased, oldest first, within the limits
   * (at least one record, even when it alone is larger). undefined: nothing to send. A lease stays out until it is settled,
   * released, or a new connection begins; any number may be out at once.
   */
  lease(uplink: string, want: LeaseWant): Promise<Lease | undefined>;
  /** The platform has these ranges (its ack, or the broker's in `broker_ack` mode). Unknown epochs and ranges beyond the head are ignored. */
  settle(uplink: string, ack: Acknowledged): Promise<void>;
  /** It was not taken, through no fault of its own: leasable again at once. */
  release(uplink: string, lease: number): Promise<void>;
  /**
   * Refused for good. More than one record: the lease is released and its records come again in halves, so that the poison is found.
   * A single record goes to quarantine with the reason, and a gap record tells the platform.
   */
  refuse(uplink: string, lease: number, reason: string): Promise<void>;
  /** Ranges wanted again; what is still kept is leased as backlog. Resolves with how many records that is. */
  replay(uplink: string, epoch: string, lane: Lane, range: SeqRange): Promise<number>;
  /** Completeness over what was acknowledged since the last digest of that lane; undefined when nothing was. Kept until `digested`. */
  digests(uplink: string): Promise<readonly Digest[]>;
  digested(uplink: string, digest: Digest): Promise<void>;
  /** Records as they are kept, for export and tests. */
  read(lane: Lane, from: RecordKey, limit: number): Promise<readonly StoredRecord[]>;
  quarantine(): Promise<readonly Quarantined[]>;
  stats(): Promise<OutboxStats>;
  /** Yields after commits that brought something to send: the lanes concerned. Coalesces; ends when the signal aborts. */
  arrivals(signal: AbortSignal): AsyncIterable<ReadonlySet<Lane>>;
  close(): Promise<void>;
}

export interface Connection {
  readonly connect_id: number;
  readonly epoch: string;
  /** Last seq stored before this connection. */
  readonly head: number;
}

export interface LeaseWant {
  readonly lane: Lane;
  readonly head: Head;
  /** Upper bound of the parts' plain JSON bytes together. */
  readonly max_bytes: number;
  readonly max_records: number;
}

export interface Lease {
  readonly id: number;
  readonly epoch: string;
  readonly lane: Lane;
  readonly head: Head;
  /** All records of the lane in this seq range that the destination may have are inside. */
  readonly covers: SeqRange;
  readonly records: number;
  readonly parts: readonly PackedPart[];
}

/** A stored part: its JSON text as raw deflate ended by a sync flush (so that parts can be strung together), and what is needed to do so. */
export interface PackedPart {
  readonly deflated: Uint8Array;
  /** Adler-32 and length of the plain text. */
  readonly adler: number;
  readonly length: number;
  readonly first: number;
  readonly n: number;
  readonly boot: string;
  /** Wall time of the part's base `up`, by what is known now; undefined when nothing is. */
  readonly base: WallTime | undefined;
}

export interface Acknowledged {
  readonly epoch: string;
  readonly lane: Lane;
  readonly ranges: readonly SeqRange[];
  /** Single records the platform refuses for good. */
  readonly nacks: readonly { readonly seq: number; readonly reason: string }[];
}

export interface Digest {
  readonly epoch: string;
  readonly lane: Lane;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** SHA-256 over the seqs sent, 8 bytes big-endian each, ascending; hex. */
  readonly sha256: string;
}

export interface Quarantined {
  readonly uplink: string;
  readonly record: StoredRecord;
  readonly reason: string;
}

export interface OutboxStats {
  readonly epoch: string;
  /** Last seq given. */
  readonly head: number;
  readonly file_bytes: number;
  readonly quota_bytes: number;
  /** Records kept, per lane. */
  readonly kept: Readonly<Record<Lane, number>>;
  /** Records not yet acknowledged, per uplink and lane. */
  readonly waiting: Readonly<Record<string, Readonly<Record<Lane, number>>>>;
  readonly evicted: number;
  readonly quarantined: number;
  /** Accepted but not yet durable. */
  readonly pending: number;
  readonly last_commit_ms: number;
}

/** Command ids, intents and outcomes: an id gets exactly one outcome, also across a restart. */
export interface Journal {
  /** Writes the intent durably. `existing` is given back when the id is known: the stored outcome, or undefined if there is none yet. */
  intend(
    id: string,
    intent: JsonObject,
  ): Promise<{ readonly existing: boolean; readonly outcome: Outcome | undefined }>;
  /** Stores the outcome and its record (lane a) in one transaction. A second outcome for an id is ignored; the first is returned. */
  conclude(id: string, outcome: Outcome, record: Entry): Promise<Outcome>;
  /** Ids with an intent and no outcome, oldest first. */
  open(): Promise<readonly { readonly id: string; readonly intent: JsonObject }[]>;
  /** The last so many ids that have an outcome, oldest first. */
  ended(most: number): Promise<readonly { readonly id: string; readonly outcome: Outcome }[]>;
}

/** A named value that is stored. */
export interface StateWrite {
  readonly owner: string;
  readonly name: string;
  readonly value: JsonObject | undefined;
}

/** Small named values with an owner: list version, windows, anti-passback. Written durably with the next commit of lane a, or at once by `flush`. */
export interface State {
  get(owner: string, name: string): Promise<JsonObject | undefined>;
  set(owner: string, name: string, value: JsonObject | undefined): Promise<void>;
}

/** The chain of audit records. A record of kind `audit` that is appended to the outbox takes its place in it in the same transaction. */
export interface AuditTrail {
  /** From this number on, in order. */
  rows(from: number, most: number): Promise<readonly AuditRow[]>;
  stats(): Promise<AuditStats>;
  /** The last one that need not be kept any more; undefined: all are kept. */
  due(limits: AuditLimits): Promise<Pick<AuditLink, 'nr' | 'hash'> | undefined>;
  /** Lets go of all up to this one. A signed checkpoint comes before. */
  trim(nr: number): Promise<void>;
}

export interface AuditLimits {
  readonly keep_s: number;
  readonly keep_bytes: number;
}

export interface AuditStats {
  readonly count: number;
  /** About. */
  readonly bytes: number;
  /** Age of the oldest one that is kept, by the store's own time. */
  readonly oldest_s: number;
  /** What the oldest one stands on; nr 0: nothing was let go. */
  readonly floor: Pick<AuditLink, 'nr' | 'hash'>;
  readonly head: Pick<AuditLink, 'nr' | 'hash'>;
}

/** The one store and its faces. */
export interface Store {
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly audit: AuditTrail;
  readonly state: State;
  /** What opening found: told as health facts and in the boot record. */
  readonly opened: Opened;
}

export interface Opened {
  readonly epoch: string;
  readonly fresh: boolean;
  /** The previous run ended by `close`. */
  readonly clean: boolean;
  readonly salvaged:
    | { readonly kept: number; readonly bad_file?: string; readonly reason: string }
    | undefined;
  /** When the newest record was made, where its boot knew the time: it is later than that. */
  readonly newest_unix_ms: number | undefined;
}
