import type { AuditStats, BusStats, KeptFile, Loan, LocalWish, OutboxStats } from '../contracts/index.ts';
import type { AuditRow, HealthFact, JsonObject, Outcome, Reading } from '../model/index.ts';

/** GET /v1/status. Times `…_up` are ms since boot on the clock of `up`. */
export interface StatusView {
  readonly gateway: string;
  readonly site: { readonly id: string; readonly name: string };
  readonly version: string;
  readonly boot: string;
  readonly up: number;
  readonly started_up: number;
  readonly clock: { readonly unix_ms: number; readonly state: string };
  readonly devices: { readonly total: number; readonly online: number };
  readonly buses: Readonly<Record<string, BusView>>;
  readonly doors: DoorCounts;
  readonly loads: LoadCounts;
  readonly maintenance: readonly MaintenanceItem[];
  readonly outbox: OutboxStats;
  readonly uplinks: readonly JsonObject[];
  readonly health: readonly HealthFact[];
  readonly pipeline: JsonObject;
}

export interface BusView extends BusStats {
  /** Port or address that it holds; left out by older gateways. */
  readonly at?: string | undefined;
}

/** GET /v1/devices/:id, and an element of GET /v1/devices. */
export interface DeviceStatus {
  readonly id: string;
  readonly name?: string | undefined;
  readonly zone?: string | undefined;
  readonly bus: string;
  readonly unit?: number | undefined;
  readonly driver: string;
  readonly status: string;
  readonly since_up: number;
  readonly cause: string;
  readonly polls: number;
  readonly missed: number;
  readonly failures: number;
  readonly rejected: number;
  readonly last: readonly Reading[];
  readonly commands: readonly string[];
  readonly maintenance?: MaintenanceView | undefined;
}

/**
 * An element of GET /v1/doors, and GET /v1/doors/:id. `by` and `who` are what the list of credentials calls them (pseudonyms), or an
 * operator, another door, fire inputs.
 */
export interface DoorStatus {
  readonly id: string;
  readonly name?: string | undefined;
  readonly zone?: string | undefined;
  readonly kind: string;
  /** open, closed, unknown; none: it has no contact. */
  readonly position: string;
  readonly lock: string;
  readonly mode: string;
  readonly why: string;
  readonly by?: string | undefined;
  readonly until_up?: number | undefined;
  /** Position, lock, mode and why are so since then; of what was so at the start: since the start. */
  readonly since_up: number;
  readonly contacts: Readonly<Record<string, string>>;
  readonly fire: Readonly<Record<string, string>>;
  readonly interlock?: { readonly group: string; readonly blocked_by?: string | undefined } | undefined;
  readonly lockdown?: { readonly by: string } | undefined;
  readonly hold?: { readonly by: string; readonly until_up?: number | undefined } | undefined;
  readonly maintenance?: MaintenanceView | undefined;
  readonly alarms: readonly string[];
  readonly last?: DoorDecision | undefined;
  readonly ends_by: string;
  readonly bound_ms: number;
}

/** Somebody works at it: who, why, until when; its alarms alarm nobody. `bus`: it is the bus that is in maintenance, and all on it. */
export interface MaintenanceView {
  readonly by: string;
  readonly why: string;
  readonly until_up: number;
  readonly bus?: string | undefined;
}

export interface MaintenanceItem extends MaintenanceView {
  readonly kind: string;
  readonly subject: string;
}

/** The last that asked at a reader or button of it since the start. */
export interface DoorDecision {
  readonly result: string;
  readonly at_up: number;
  readonly ref: string;
  readonly who?: string | undefined;
  readonly side?: string | undefined;
  readonly reason?: string | undefined;
}

/** An element of GET /v1/loads, and GET /v1/loads/:id. */
export interface LoadStatus {
  readonly id: string;
  readonly name?: string | undefined;
  readonly zone?: string | undefined;
  readonly state: string;
  readonly wanted: string;
  /** Whose word counts: schedule, no-schedule, time-unknown, command, switch. */
  readonly by: string;
  readonly who?: string | undefined;
  readonly since_up: number;
  /** What was said by hand ends then: in this boot, and by the time of day. */
  readonly until_up?: number | undefined;
  readonly until_unix_ms?: number | undefined;
  readonly schedule?:
    | { readonly id: string; readonly says: string; readonly changes_unix_ms?: number | undefined }
    | undefined;
  readonly relays: readonly LoadRelayStatus[];
}

export interface LoadRelayStatus {
  readonly device: string;
  readonly channel: number;
  readonly state: string;
  /** It was told, and does not stand so. */
  readonly wrong: boolean;
  /** Its board shows it; else the answer of the board is all there is. */
  readonly shown: boolean;
}

export interface LoadCounts {
  readonly total: number;
  readonly on: number;
  readonly by_hand: number;
  readonly wrong: number;
}

/** How many doors there are, and of how many something is to be known. */
export interface DoorCounts {
  readonly total: number;
  readonly open: number;
  readonly unlocked: number;
  readonly released: number;
  readonly lockdown: number;
  readonly maintenance: number;
  readonly alarming: number;
}

/** A line of GET /v1/watch. `door`, `load`: something of it has changed. `dropped`: the listener was too slow, so many lines are missing here. */
export type Watched =
  | { readonly type: 'reading'; readonly reading: Reading }
  | { readonly type: 'event'; readonly event: WatchedEvent }
  | { readonly type: 'door'; readonly door: DoorStatus }
  | { readonly type: 'load'; readonly load: LoadStatus }
  | { readonly type: 'health'; readonly facts: readonly HealthFact[] }
  | { readonly type: 'dropped'; readonly count: number };

export interface WatchedEvent {
  readonly subject: string;
  readonly name: string;
  readonly fields: JsonObject;
  readonly stamp: { readonly boot: string; readonly up: number };
}

/** What became of a page of the list of credentials. */
export interface AccessView {
  readonly verdict: 'in-force' | 'more' | 'known' | 'refused';
  /** Of the list that is in force by it, and how many credentials it has. */
  readonly version?: number | undefined;
  readonly count?: number | undefined;
  /** Pages that are still to come. */
  readonly missing?: number | undefined;
  readonly reason?: string | undefined;
}

/** What the control socket shows and does; the gateway stands behind it. */
export interface AuditView extends AuditStats {
  readonly gateway: string;
  /** Of the key that signs heads and checkpoints. */
  readonly public_key: string;
}

export interface ControlViews {
  status(): Promise<StatusView>;
  devices(): readonly DeviceStatus[];
  doors(): readonly DoorStatus[];
  loads(): readonly LoadStatus[];
  health(): readonly HealthFact[];
  /** Everything from now on. Never waits for the listener; returns the way to stop. */
  watch(listener: (line: Watched) => void): () => void;
  read(device: string): Promise<readonly Reading[]>;
  /**
   * Leaves the wire of a bus to another program, until what it gives is called, or its time is over. Faults: field.serves-doors,
   * field.serves-outputs, those of `Bus.lend`, usage.
   */
  lend(bus: string, loan: Loan): Promise<() => void>;
  /** Audit records from this number on, in order. */
  audit(from: number, most: number): Promise<readonly AuditRow[]>;
  auditStats(): Promise<AuditView>;
  /** Pictures that are kept, the newest last. Throws snapshots.disk. */
  snapshots(): Promise<readonly KeptFile[]>;
  /** The bytes of one; that this user took them out is written down. Throws snapshots.unknown and its like. */
  saveSnapshot(id: string, user: string): Promise<{ readonly type: string; readonly bytes: Uint8Array }>;
  /** A signed page of the list of credentials (a JWS in compact form). Throws trust.refused. */
  takeAccess(page: string): AccessView;
  /** Through the inbox of all commands. Throws what a person can put right. */
  submit(wish: LocalWish): Promise<Outcome>;
}
