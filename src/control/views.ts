import type { AuditStats, BusStats, LocalWish, OutboxStats } from '../contracts/index.ts';
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
}

/** A line of GET /v1/watch. `dropped`: the listener was too slow, so many lines are missing here. */
export type Watched =
  | { readonly type: 'reading'; readonly reading: Reading }
  | { readonly type: 'event'; readonly event: WatchedEvent }
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
  health(): readonly HealthFact[];
  /** Everything from now on. Never waits for the listener; returns the way to stop. */
  watch(listener: (line: Watched) => void): () => void;
  read(device: string): Promise<readonly Reading[]>;
  /** Leaves the wire of a bus to another program, until what it gives is called. Faults: field.serves-outputs, those of `Bus.lend`, usage. */
  lend(bus: string): Promise<() => void>;
  /** Audit records from this number on, in order. */
  audit(from: number, most: number): Promise<readonly AuditRow[]>;
  auditStats(): Promise<AuditView>;
  /** A signed page of the list of credentials (a JWS in compact form). Throws trust.refused. */
  takeAccess(page: string): AccessView;
  /** Through the inbox of all commands. Throws what a person can put right. */
  submit(wish: LocalWish): Promise<Outcome>;
}
