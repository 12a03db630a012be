import type {
  Acknowledged,
  AuditLimits,
  AuditTrail,
  Clock,
  Connection,
  Digest,
  HealthSink,
  Journal,
  Lease,
  LeaseWant,
  Outbox,
  OutboxStats,
  Quarantined,
  State,
  StateWrite,
} from '../contracts/index.ts';
import { Fault, isFault } from '../faults/index.ts';
import type {
  Entry,
  JsonObject,
  Lane,
  Millis,
  Outcome,
  RecordKey,
  SeqRange,
  StoredRecord,
} from '../model/index.ts';
import { Arrivals } from './arrivals.ts';
import type { Backend, Method } from './backend.ts';
import { Committer } from './committer.ts';
import type { Core } from './core.ts';

/** Acknowledged ranges that no commit has taken along are written after so long at the latest. */
const ACKS_WITHIN: Millis = 5000;
/** Longest wait of `close` for a disk that does not answer. */
const CLOSE_WITHIN: Millis = 10_000;

export interface FrontSettings {
  readonly clock: Clock;
  readonly health: HealthSink;
  readonly commit_ms: Millis;
  readonly queue_records: number;
  /** Opens the file afresh, after the core has become useless. */
  readonly reopen: () => Promise<Backend>;
}

/** The asynchronous face of a core: when things are stored, who is told, and what happens while the disk refuses. */
export class Front implements Outbox {
  private backend: Backend;
  private readonly settings: FrontSettings;
  private readonly committer: Committer;
  private readonly news = new Arrivals();
  private closed: Promise<void> | undefined;

  constructor(backend: Backend, settings: FrontSettings) {
    this.backend = backend;
    this.settings = settings;
    this.committer = new Committer({
      ...settings,
      commit: (batch) => this.backend.call('commit', batch),
      reopen: () => this.reopen(),
      arrived: (lanes) => this.news.notify(lanes),
    });
    this.watch(backend);
  }

  get epoch(): string {
    return this.backend.opened.epoch;
  }

  async append(entries: readonly Entry[], kept: readonly StateWrite[] = []): Promise<readonly RecordKey[]> {
    this.refuseWhenClosed();
    const writes = kept.map(asItIsNow);
    if (entries.length > 0) return this.committer.append(entries, writes);
    await Promise.all(writes.map((write) => this.committer.set(write)));
    return [];
  }

  async flush(): Promise<void> {
    this.refuseWhenClosed();
    await this.committer.flush();
  }

  connect(uplink: string): Promise<Connection> {
    return this.ask('connect', uplink);
  }

  lease(uplink: string, want: LeaseWant): Promise<Lease | undefined> {
    return this.ask('lease', uplink, want);
  }

  async settle(uplink: string, ack: Acknowledged): Promise<void> {
    const { aside } = await this.ask('settle', uplink, ack);
    this.writeSoon(uplink, aside);
  }

  release(uplink: string, lease: number): Promise<void> {
    return this.ask('release', uplink, lease);
  }

  async refuse(uplink: string, lease: number, reason: string): Promise<void> {
    const { aside } = await this.ask('refuse', uplink, lease, reason);
    this.writeSoon(uplink, aside);
  }

  async replay(uplink: string, epoch: string, lane: Lane, range: SeqRange): Promise<number> {
    const records = await this.ask('replay', uplink, epoch, lane, range);
    if (records > 0) this.committer.touch(ACKS_WITHIN);
    if (records > 0) this.news.notify([lane]);
    return records;
  }

  digests(uplink: string): Promise<readonly Digest[]> {
    return this.ask('digests', uplink);
  }

  async digested(uplink: string, digest: Digest): Promise<void> {
    await this.ask('digested', uplink, digest);
    this.committer.touch(ACKS_WITHIN);
  }

  read(lane: Lane, from: RecordKey, limit: number): Promise<readonly StoredRecord[]> {
    return this.ask('read', lane, from, limit);
  }

  quarantine(): Promise<readonly Quarantined[]> {
    return this.ask('quarantine');
  }

  async stats(): Promise<OutboxStats> {
    const stats = await this.ask('stats');
    const { pending, last_commit_ms } = this.committer;
    return { ...stats, pending, last_commit_ms };
  }

  arrivals(signal: AbortSignal): AsyncIterable<ReadonlySet<Lane>> {
    return this.news.listen(signal);
  }

  /** Once: a second call waits for the first. */
  close(): Promise<void> {
    this.closed ??= this.finish();
    return this.closed;
  }

  readonly journal: Journal = {
    intend: async (id: string, intent: JsonObject) => {
      this.refuseWhenClosed();
      const result = await this.committer.run({ op: 'intend', id, intent });
      if (result?.op !== 'intend') throw new Fault('internal', { text: 'the journal gave no answer' });
      return { existing: result.existing, outcome: result.outcome };
    },
    conclude: async (id: string, outcome: Outcome, record: Entry) => {
      this.refuseWhenClosed();
      const result = await this.committer.run({ op: 'conclude', id, outcome, record });
      if (result?.op !== 'conclude') throw new Fault('internal', { text: 'the journal gave no answer' });
      return result.outcome;
    },
    open: () => this.ask('openIntents'),
    ended: (most: number) => this.ask('endedIntents', most),
  };

  readonly audit: AuditTrail = {
    rows: (from: number, most: number) => this.ask('auditRows', from, most),
    stats: () => this.ask('auditStats', this.settings.clock.now().up),
    due: (limits: AuditLimits) => this.ask('auditDue', limits, this.settings.clock.now().up),
    trim: async (nr: number) => {
      this.refuseWhenClosed();
      await this.committer.run({ op: 'trim', nr });
    },
  };

  readonly state: State = {
    get: async (owner: string, name: string) => {
      const waiting = this.committer.waitingState(owner, name);
      return waiting ? waiting.value : this.ask('state', owner, name);
    },
    set: async (owner: string, name: string, value: JsonObject | undefined) => {
      this.refuseWhenClosed();
      await this.committer.set(asItIsNow({ owner, name, value }));
    },
  };

  private async ask<M extends Method>(method: M, ...args: Parameters<Core[M]>): Promise<ReturnType<Core[M]>> {
    this.refuseWhenClosed();
    try {
      return await this.backend.call(method, ...args);
    } catch (error) {
      // It was well when it was opened: it has to be looked at once more.
      if (isFault(error, 'store.failed') && error.facts.damaged === true) this.committer.distrust(error);
      throw error;
    }
  }

  private writeSoon(uplink: string, aside: boolean): void {
    this.committer.touch(aside ? this.settings.commit_ms : ACKS_WITHIN);
    if (aside) this.settings.health.raise('uplink-quarantine', uplink, 'see the quarantine list');
  }

  private refuseWhenClosed(): void {
    if (this.closed) throw new Fault('store.closed');
  }

  private async reopen(): Promise<void> {
    await this.backend.end();
    this.backend = await this.settings.reopen();
    this.watch(this.backend);
    this.settings.health.clear('store-failed', '');
  }

  /** A core that ends by itself is found at once: the next commit fails, tells it, and opens the file afresh. */
  private watch(backend: Backend): void {
    void backend.died.then(() => {
      if (!this.closed && backend === this.backend) this.committer.touch(0);
    });
  }

  private async finish(): Promise<void> {
    const { clock } = this.settings;
    const over = new AbortController();
    const closed = this.commitAndEnd().then(() => true);
    const late = clock.sleep('store close', CLOSE_WITHIN, over.signal).then(
      () => false,
      () => true,
    );
    if (await Promise.race([closed, late])) {
      over.abort();
      return;
    }
    const reason = `the disk did not answer within ${CLOSE_WITHIN} ms while the store was being closed`;
    this.committer.giveUp(new Fault('store.failed', { reason }));
    this.news.end();
  }

  private async commitAndEnd(): Promise<void> {
    await this.committer.close();
    this.news.end();
    try {
      await this.backend.call('close', this.settings.clock.now());
    } catch {
      // The disk refuses even now; what was accepted has been rejected with that reason already.
    }
    await this.backend.end();
  }
}

/** What is not JSON is the caller's mistake, and told to nobody else. */
function asItIsNow({ owner, name, value }: StateWrite): StateWrite {
  const text = value && JSON.stringify(value);
  return { owner, name, value: text === undefined ? undefined : JSON.parse(text) };
}
