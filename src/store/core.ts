import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type {
  Acknowledged,
  AuditLimits,
  AuditStats,
  Connection,
  Digest,
  Lease,
  LeaseWant,
  OutboxStats,
  Quarantined,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import {
  type AuditLink,
  type AuditRow,
  type JsonObject,
  type Lane,
  type Millis,
  type Outcome,
  openPart,
  type RecordKey,
  type SeqRange,
  type StoredRecord,
} from '../model/index.ts';
import { AuditTable } from './audit.ts';
import { type Begun, begin, forgetRestore } from './begin.ts';
import { type Books, headOf, transact } from './books.ts';
import { commit, type Tables, waitingOf } from './commit.ts';
import {
  diskFault,
  durability,
  logPages,
  openDatabase,
  PAGE_BYTES,
  type Sqlite,
  sqliteCode,
} from './database.ts';
import { digested, digests } from './digest.ts';
import { inspect } from './inspect.ts';
import { JournalTable } from './journal.ts';
import { takeLease } from './lease.ts';
import { type Mark, readMark, writeMark } from './mark.ts';
import type { Batch, Committed, CoreOpened, CoreOptions } from './protocol.ts';
import { listQuarantine } from './quarantine.ts';
import { checkpointPages } from './room.ts';
import { finishSalvage, salvage } from './salvage.ts';
import { migrate } from './schema.ts';
import { unpack } from './segment.ts';
import { refuse, release, replay, settle } from './settle.ts';
import { StateTable } from './state.ts';
import { isSound } from './sum.ts';

/** Connect ids are taken from the file in blocks, so that a connection needs no write to the disk. */
const CONNECT_BLOCK = 10_000;

/**
 * The store itself: synchronous, without timers and threads, the same in this thread and in a worker. Every call that needs the disk may throw
 * store.failed; then nothing has changed, in the file or in memory.
 */
export class Core {
  readonly opened: CoreOpened;
  private readonly file: string;
  private readonly books: Books;
  private readonly tables: Tables;
  private readonly log_pages: number;
  /** What stands in the mark beside the file. */
  private marked = 0;
  /** Last seq of the current epoch stored before the uplink's connection; before any, before this run. */
  private readonly lines = new Map<string, number>();
  private readonly line_at_start: number;
  private connect_id: number;
  private connect_end: number;
  /** Ids are not used again when the file is opened afresh: an uplink may still hold an old one. */
  private last_lease: number;

  private constructor(db: Sqlite, options: CoreOptions, begun: Begun & { readonly mark: Mark | undefined }) {
    const { books } = begun;
    this.file = options.file;
    this.books = books;
    this.tables = {
      journal: new JournalTable(db),
      state: new StateTable(db),
      audit: new AuditTable(db, books.meta),
    };
    this.log_pages = checkpointPages(options.quota_bytes);
    this.connect_id = Math.max(
      Number(books.meta.get('connect_id') ?? firstConnect(options)),
      begun.mark?.connect_id ?? 0,
    );
    this.connect_end = this.connect_id;
    this.line_at_start = books.head;
    this.last_lease = Number.parseInt(options.new_epoch.slice(0, 8), 16) * 2 ** 20;
    const { fresh, clean, salvaged, newest_unix_ms } = begun;
    const { epoch } = books.current;
    this.opened = { epoch, fresh, clean, salvaged, newest_unix_ms, ...durability(db) };
  }

  /** Faults: store.in-use, store.newer-schema, store.failed. What opening did is stored when this returns. */
  static open(options: CoreOptions): Core {
    const { file, synchronous } = options;
    try {
      const folder = dirname(file);
      if (!existsSync(folder)) throw new Fault('store.failed', { reason: `there is no folder ${folder}` });
      finishSalvage(file);
      if (options.must_exist && !existsSync(file)) {
        throw new Fault('store.failed', { reason: `${file} is not there any more` });
      }
      const mark = readMark(file);
      const found = inspect(file, mark);
      if (typeof found === 'object') salvage(file, found.damage, mark);
      const log_pages = checkpointPages(options.quota_bytes);
      // This core writes its log back itself, so that it knows when the log begins anew.
      const db = openDatabase({ file, synchronous, log_pages, auto: false });
      try {
        return Core.start(db, options, mark);
      } catch (error) {
        db.close();
        throw error;
      }
    } catch (error) {
      throw diskFault(error, file);
    }
  }

  private static start(db: Sqlite, options: CoreOptions, mark: Mark | undefined): Core {
    migrate(db, options.file);
    const core = db
      .transaction(() => {
        const begun = begin(db, options, mark);
        const opening = new Core(db, options, { ...begun, mark });
        opening.moreConnects();
        const ops = [{ op: 'append', entries: begun.records }] as const;
        commit(opening.books, opening.tables, { now: options.now, ops, b: [], c: [], state: [] });
        return opening;
      })
      .immediate();
    forgetRestore(options.file);
    core.tendLog();
    return core;
  }

  commit(batch: Batch): Committed {
    const committed = this.guarded(() => commit(this.books, this.tables, batch));
    this.tendLog();
    return committed;
  }

  connect(uplink: string): Connection {
    return this.guarded(() => {
      if (this.connect_id === this.connect_end) transact(this.books, () => this.moreConnects());
      this.connect_id += 1;
      for (const account of this.books.ledger.ofUplink(uplink)) account.takeBackAll();
      this.lines.set(uplink, this.books.head);
      return { connect_id: this.connect_id, epoch: this.books.current.epoch, head: this.books.head };
    });
  }

  lease(uplink: string, want: LeaseWant): Lease | undefined {
    this.last_lease += 1;
    const line = this.lines.get(uplink) ?? this.line_at_start;
    return this.guarded(() => takeLease(this.books, uplink, { ...want, line, id: this.last_lease }));
  }

  settle(uplink: string, ack: Acknowledged): { readonly aside: boolean } {
    return this.guarded(() => settle(this.books, uplink, ack));
  }

  release(uplink: string, lease: number): void {
    release(this.books, uplink, lease);
  }

  refuse(uplink: string, lease: number, reason: string): { readonly aside: boolean } {
    return this.guarded(() => refuse(this.books, uplink, lease, reason));
  }

  replay(uplink: string, epoch: string, lane: Lane, range: SeqRange): number {
    return this.guarded(() => replay(this.books, uplink, { epoch, lane, range }));
  }

  digests(uplink: string): readonly Digest[] {
    return this.guarded(() => digests(this.books, uplink));
  }

  digested(uplink: string, digest: Digest): void {
    digested(this.books, uplink, digest);
  }

  read(lane: Lane, from: RecordKey, limit: number): readonly StoredRecord[] {
    return this.guarded(() => {
      const begin = this.books.epochs.findIndex(({ epoch }) => epoch === from.epoch);
      const found: StoredRecord[] = [];
      for (const epoch of begin < 0 ? [] : this.books.epochs.slice(begin)) {
        const first = epoch.epoch === from.epoch ? from.seq : 1;
        for (const row of this.books.rows[lane].walk(epoch.idx, [first, headOf(this.books, epoch)])) {
          if (!isSound(row)) continue;
          for (const record of openPart(unpack(row.body), lane, epoch.epoch)) {
            if (record.seq >= first && found.length < limit) found.push(record);
          }
          if (found.length >= limit) return found;
        }
      }
      return found;
    });
  }

  quarantine(): readonly Quarantined[] {
    return this.guarded(() => listQuarantine(this.books));
  }

  stats(): Omit<OutboxStats, 'pending' | 'last_commit_ms'> {
    const { books } = this;
    return this.guarded(() => {
      const pages = Number(books.db.pragma('page_count', { simple: true }));
      const log = statSync(`${this.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      const lanes = (count: (lane: Lane) => number) => ({ a: count('a'), b: count('b'), c: count('c') });
      const waiting = books.ledger.uplinks.map((uplink) => {
        return [uplink, lanes((lane) => waitingOf(books, uplink, lane))] as const;
      });
      return {
        epoch: books.current.epoch,
        head: books.head,
        file_bytes: pages * PAGE_BYTES + log,
        quota_bytes: books.settings.quota_bytes,
        kept: lanes((lane) => books.kept[lane]),
        waiting: Object.fromEntries(waiting),
        evicted: books.evicted,
        quarantined: Number(books.db.prepare('SELECT count(*) FROM quarantine').pluck().get()),
      };
    });
  }

  openIntents(): readonly { readonly id: string; readonly intent: JsonObject }[] {
    return this.guarded(() => this.tables.journal.open());
  }

  endedIntents(most: number): readonly { readonly id: string; readonly outcome: Outcome }[] {
    return this.guarded(() => this.tables.journal.ended(most));
  }

  auditRows(from: number, most: number): readonly AuditRow[] {
    return this.guarded(() => this.tables.audit.rows(from, most));
  }

  auditDue(limits: AuditLimits, up: Millis): Pick<AuditLink, 'nr' | 'hash'> | undefined {
    return this.guarded(() => this.tables.audit.due(limits, this.books.age(up)));
  }

  auditStats(up: Millis): AuditStats {
    return this.guarded(() => this.tables.audit.stats(this.books.age(up)));
  }

  state(owner: string, name: string): JsonObject | undefined {
    return this.guarded(() => this.tables.state.get(owner, name));
  }

  /** Leaves everything written and the file marked as cleanly closed, if the disk lets it. */
  close(now: Batch['now']): void {
    try {
      transact(this.books, () => {
        commit(this.books, this.tables, { now, ops: [], b: [], c: [], state: [] });
        this.books.meta.put('clean', 1);
        this.books.meta.put('connect_id', this.connect_id);
      });
    } finally {
      this.abandon();
    }
  }

  /** Lets go of the file as it is. */
  abandon(): void {
    this.books.db.close();
  }

  private moreConnects(): void {
    this.books.meta.put('connect_id', this.connect_id + CONNECT_BLOCK);
    this.connect_end = this.connect_id + CONNECT_BLOCK;
  }

  /**
   * After a transaction: notes beside the file that a new log has begun, and writes a long one back. Neither may fail what is stored
   * already; a log that cannot be written back only grows, until a transaction fails for it.
   */
  private tendLog(): void {
    const { books, file } = this;
    if (this.marked !== books.generation) {
      const { generation, head, current } = books;
      writeMark(file, { generation, head, epoch: current.epoch, connect_id: this.connect_end });
      this.marked = generation;
    }
    try {
      if (logPages(books.db, 'NOOP').log < this.log_pages) return;
      const { log, checkpointed } = logPages(books.db, 'PASSIVE');
      books.log_is_new ||= log === checkpointed;
    } catch (error) {
      if (!sqliteCode(error)) throw error;
    }
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw diskFault(error, this.file);
    }
  }
}

/** A file that is new, or has lost the last one given, knows of none; ids must grow all the same, so they begin where time is. */
const firstConnect = ({ wall, now }: CoreOptions): number =>
  wall ? Math.max(0, Math.floor((wall.offset_ms + now.up) / 1000)) : 0;
