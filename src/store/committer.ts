import { NOT_NEEDED } from '../clock/index.ts';
import type { Clock, HealthSink, StateWrite } from '../contracts/index.ts';
import { asFault, Fault, isFault } from '../faults/index.ts';
import { type Entry, LANES, type Lane, type Millis, type RecordKey } from '../model/index.ts';
import { Lost, type Why } from './lost.ts';
import type { Committed, Op, OpResult, StateSet } from './protocol.ts';
import { Append, byLane, type Chunk, Queue, sizeOf } from './queue.ts';
import { type Rider, type Setting, Settings } from './settings.ts';
import { RELIEVED, SLOW_MS, tellHealth, watchSlow } from './tell.ts';

/** Commit without waiting for the group interval when so many records wait. */
const FULL_GROUP = 1000;
/** Largest group of one transaction: bounds how long an alarm waits behind it. */
const MOST_RECORDS = 5000;
const FIRST_RETRY: Millis = 250;
const RETRY: Millis = 1000;
/** After so many failures in a row the file is opened afresh: the disk may have come back as another one. */
const REOPEN_AFTER = 10;
/** While closing, a disk that refuses is asked only so often. */
const LAST_TRIES = 3;

export interface CommitterSettings {
  readonly clock: Clock;
  readonly health: HealthSink;
  readonly commit_ms: Millis;
  readonly queue_records: number;
  readonly commit: (batch: {
    readonly now: ReturnType<Clock['now']>;
    readonly ops: readonly Op[];
    readonly b: readonly Entry[];
    readonly c: readonly Entry[];
    readonly state: readonly StateSet[];
  }) => Promise<Committed>;
  /** Opens the file afresh; rejects when that fails too. */
  readonly reopen: () => Promise<void>;
  readonly arrived: (lanes: readonly Lane[]) => void;
}

/** Something that wants its own transaction at once. */
interface Task {
  readonly op: Op | undefined;
  /** Of the records in `op`; undefined for the store's own. */
  readonly records: number;
  readonly riders: readonly Rider[];
  readonly resolve: (result: OpResult | undefined, committed: Committed) => void;
  readonly reject: (error: Error) => void;
  /** What lanes b and c had been given up to this chunk is stored before it. */
  readonly behind: number | undefined;
}

interface Take {
  readonly tasks: readonly Task[];
  readonly b: readonly Chunk[];
  readonly c: readonly Chunk[];
  readonly settings: readonly Setting[];
}

/**
 * Decides what is stored when: lane a at once, b and c as a group, one transaction at a time, each retried until the disk takes it. What was
 * accepted stays in memory, in order, until it is durable.
 */
export class Committer {
  private readonly settings: CommitterSettings;
  private readonly lost = new Lost();
  private readonly queue: Queue;
  private readonly sets = new Settings();
  private readonly closing = new AbortController();
  private tasks: Task[] = [];
  /** In the transaction that is under way. */
  private taken: Take | undefined;
  /** The group interval is over, or somebody asked. */
  private due = false;
  private urgentLast = false;
  private touched = false;
  private alarm: { readonly at: Millis; readonly stop: AbortController } | undefined;
  private turning: Promise<void> | undefined;
  private failures = 0;
  /** Take one thing at a time, so many times: one of them cannot be stored at all, and it must be found. */
  private singly = 0;
  private urgent_records = 0;
  private doubt: Fault | undefined;
  last_commit_ms: Millis = 0;

  constructor(settings: CommitterSettings) {
    this.settings = settings;
    this.queue = new Queue(settings.queue_records, this.lost);
  }

  get pending(): number {
    return this.queue.pending + this.urgent_records;
  }

  append(entries: readonly Entry[], kept: readonly StateWrite[] = NOTHING): Promise<readonly RecordKey[]> {
    const append = new Append(entries.length);
    const lanes = byLane(entries);
    const last = LANES.findLast((lane) => lanes.has(lane));
    const riders = last && kept.length > 0 ? this.sets.ride(kept, last) : NOTHING;
    if (riders.length > 0) append.done.catch(() => this.sets.stay(riders));
    for (const [lane, part] of lanes) {
      const chunk = { append, ...part, riders: lane === last ? riders : NOTHING };
      if (!this.queue.hasRoom(lane, chunk, this.urgent_records)) continue;
      if (lane === 'a') this.appendUrgent(chunk);
      else this.queue.add(lane, chunk);
    }
    if (this.lost.has('memory')) this.tellFull();
    if (this.queue.records >= FULL_GROUP) this.due = true;
    if (this.queue.records > 0) this.arm(this.settings.commit_ms);
    this.turn();
    return append.done;
  }

  /** A journal operation. */
  run(op: Exclude<Op, { op: 'append' }>): Promise<OpResult | undefined> {
    return new Promise((resolve, reject) => {
      const records = op.op === 'conclude' ? 1 : 0;
      this.add({ op, records, riders: NOTHING, resolve, reject, behind: undefined });
    });
  }

  set(write: StateWrite): Promise<void> {
    const done = this.sets.add(write);
    this.arm(this.settings.commit_ms);
    return done;
  }

  /** The value that waits to be stored, if there is one. */
  waitingState(owner: string, name: string): { readonly value: StateSet['value'] } | undefined {
    return this.sets.find(owner, name);
  }

  /** The file is damaged: it is opened afresh before anything more is stored. */
  distrust(fault: Fault): void {
    this.doubt = fault;
    this.touch(0);
  }

  /** Something in the core waits to be written; it rides with the next transaction, which comes within `ms`. */
  touch(ms: Millis): void {
    this.touched = true;
    this.arm(ms);
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      const nothing = { op: undefined, records: 0, riders: NOTHING };
      this.add({ ...nothing, resolve: () => resolve(), reject, behind: this.queue.newest });
    });
  }

  /** Stores all that was accepted, then resolves; what the disk refuses to the last, and what `giveUp` finds, is rejected with store.failed. */
  async close(): Promise<void> {
    this.closing.abort();
    this.failures = 0;
    this.due = true;
    this.turn();
    while (this.turning) await this.turning;
    this.alarm?.stop.abort(NOT_NEEDED);
  }

  /** Whoever still waits is told that it cannot be stored. */
  giveUp(fault: Fault): void {
    if (this.taken) this.putBack(this.taken);
    for (const task of this.tasks.splice(0)) task.reject(fault);
    this.sets.reject(fault, true);
    this.queue.rejectAll(fault);
    this.touched = false;
    this.urgent_records = 0;
  }

  private appendUrgent(chunk: Omit<Chunk, 'number'>): void {
    const { append, entries, riders } = chunk;
    // What was perceived before the clock or the inventory changed is stored before the record that says so.
    const turns = entries.some(({ kind }) => kind === 'clock' || kind === 'inventory');
    this.add({
      op: { op: 'append', entries },
      records: entries.length,
      riders,
      resolve: (result, { epoch }) => {
        if (result?.op === 'append') append.stored(epoch, result.first, chunk);
      },
      reject: (error) => append.failed(error),
      behind: turns ? this.queue.newest : undefined,
    });
  }

  private add(task: Task): void {
    this.tasks.push(task);
    this.urgent_records += task.records;
    this.turn();
  }

  private arm(ms: Millis): void {
    const at = this.settings.clock.now().up + ms;
    if (this.alarm && this.alarm.at <= at) return;
    this.alarm?.stop.abort(NOT_NEEDED);
    const stop = new AbortController();
    this.alarm = { at, stop };
    this.settings.clock.sleep('store group commit', ms, stop.signal).then(
      () => {
        this.alarm = undefined;
        this.due = true;
        this.turn();
      },
      () => {},
    );
  }

  private turn(): void {
    this.turning ??= this.work().finally(() => {
      this.turning = undefined;
      // Something may have come between the last look and now.
      if (this.hasWork()) this.turn();
    });
  }

  private hasWork(): boolean {
    return this.tasks.length > 0 || (this.due && this.hasGroup());
  }

  private hasGroup(): boolean {
    return this.queue.records > 0 || this.sets.any || this.touched;
  }

  private async work(): Promise<void> {
    // What is appended in the same turn of the loop shares the transaction.
    await Promise.resolve();
    for (let take = this.take(); take; take = this.take()) await this.store(take);
  }

  private take(): Take | undefined {
    const first = this.tasks[0];
    const group = this.due && this.hasGroup() && (!first || this.urgentLast);
    const barred = first?.behind !== undefined && this.queue.hasUpTo(first.behind);
    if (first && !group && !barred) return this.takeTasks();
    if (group || barred) return this.takeGroup();
    this.due = false;
    return undefined;
  }

  private takeTasks(): Take {
    this.urgentLast = true;
    let records = 0;
    const free = this.tasks.findIndex(({ behind, records: more }, index) => {
      records += more;
      const barred = behind !== undefined && this.queue.hasUpTo(behind);
      return index > 0 && (barred || records > MOST_RECORDS || this.singly > 0);
    });
    const count = free < 0 ? this.tasks.length : free;
    return { tasks: this.tasks.splice(0, count), b: [], c: [], settings: this.takeSettings() };
  }

  private takeGroup(): Take {
    this.urgentLast = false;
    const { b, c } = this.queue.take(MOST_RECORDS, this.singly > 0);
    if (this.queue.records === 0) {
      this.due = false;
      this.alarm?.stop.abort(NOT_NEEDED);
      this.alarm = undefined;
    }
    return { tasks: [], b, c, settings: this.takeSettings() };
  }

  /** While one that cannot be stored is looked for, values wait. */
  private takeSettings(): readonly Setting[] {
    return this.singly > 0 && (this.tasks.length > 0 || this.queue.records > 0) ? [] : this.sets.take();
  }

  private async store(take: Take): Promise<void> {
    const { clock, health, commit } = this.settings;
    const touched = this.touched;
    this.taken = take;
    this.touched = false;
    this.singly = Math.max(0, this.singly - 1);
    const began = clock.now();
    const slow = watchSlow(clock, health);
    try {
      const batch = {
        now: began,
        // A flush alone has no operation.
        ops: take.tasks.flatMap(({ op }) => op ?? []),
        b: take.b.flatMap(({ entries }) => entries),
        c: take.c.flatMap(({ entries }) => entries),
        state: this.sets.together(take.settings, ridersOf(take)),
      };
      const { doubt } = this;
      this.doubt = undefined;
      if (doubt) throw doubt;
      const committed = await commit(batch);
      // It was given up meanwhile: whoever waited has been told.
      if (this.taken === take) this.stored(take, committed);
      this.last_commit_ms = clock.now().up - began.up;
      if (this.last_commit_ms < SLOW_MS) health.clear('store-slow', '');
      if (this.failures > 0) health.clear('store-failed', '');
      this.failures = 0;
      tellHealth(health, committed, this.lost.has('room') ? this.lost.show('room') : undefined);
      this.tellLost(committed);
      this.settings.arrived(committed.lanes);
    } catch (error) {
      this.touched ||= touched;
      if (this.taken === take) await this.failed(take, error);
    } finally {
      this.taken = undefined;
      slow.abort(NOT_NEEDED);
    }
  }

  private stored(take: Take, committed: Committed): void {
    const results = [...committed.ops];
    for (const task of take.tasks) {
      this.urgent_records -= task.records;
      task.resolve(task.op && results.shift(), committed);
    }
    for (const lane of ['b', 'c'] as const) {
      let first = committed[lane];
      const refused = committed.refused.includes(lane);
      for (const chunk of take[lane]) {
        if (refused) chunk.append.failed(new Fault('store.full', { lane }));
        else chunk.append.stored(committed.epoch, first, chunk);
        if (refused) this.lost.add('room', lane, chunk.entries);
        first += chunk.entries.length;
      }
      this.queue.finished(sizeOf(take[lane]));
    }
    this.sets.stored(ridersOf(take).filter(({ lane }) => !committed.refused.includes(lane)));
  }

  private async failed(take: Take, error: unknown): Promise<void> {
    if (isFault(error) && error.code.startsWith('store.')) {
      this.putBack(take);
      await this.refused(error);
      return;
    }
    const things = take.tasks.length + take.b.length + take.c.length;
    if (things > 1 || (things > 0 && take.settings.length > 0)) {
      this.putBack(take);
      this.singly = things;
      return;
    }
    // It alone cannot be stored: its maker has to know, and the others go on.
    for (const task of take.tasks) {
      this.urgent_records -= task.records;
      task.reject(asFault(error));
    }
    for (const chunk of [...take.b, ...take.c]) chunk.append.failed(asFault(error));
    this.queue.finished(sizeOf([...take.b, ...take.c]));
    this.sets.reject(asFault(error));
  }

  private putBack(take: Take): void {
    this.taken = undefined;
    this.tasks.unshift(...take.tasks);
    this.queue.putBack(take);
    this.sets.putBack();
    this.due = true;
  }

  /** The disk said no: tell it, and come again. */
  private async refused(fault: Fault): Promise<void> {
    const { clock, health, reopen } = this.settings;
    this.failures += 1;
    health.raise('store-failed', '', fault.message);
    if (this.closing.signal.aborted && this.failures >= LAST_TRIES) {
      this.giveUp(fault);
      return;
    }
    const hopeless = fault.facts.damaged === true || fault.facts.died === true;
    if (hopeless || this.failures % REOPEN_AFTER === 0) {
      await reopen().catch((error) => health.raise('store-failed', '', asFault(error).message));
    }
    const ms = this.failures === 1 ? FIRST_RETRY : RETRY;
    // Closing cuts the wait short; after that the short waits are kept.
    const stop = this.closing.signal.aborted ? undefined : this.closing.signal;
    await clock.sleep('store retry', stop ? ms : FIRST_RETRY, stop).catch(() => {});
  }

  private tellFull(): void {
    const evidence = `${this.pending} records wait; refused so far: ${this.lost.show('memory')}`;
    this.settings.health.raise('outbox-memory-full', '', evidence);
  }

  /** The disk works again, or there is room again: one record says what was refused meanwhile. */
  private tellLost({ use }: Committed): void {
    if (this.lost.has('memory')) this.tellOf('memory');
    if (this.lost.has('room') && use < RELIEVED) this.tellOf('room');
  }

  private tellOf(why: Why): void {
    const told = this.lost.take(why, this.settings.clock.now());
    if (why === 'memory') this.settings.health.clear('outbox-memory-full', '');
    if (told) this.append([told]).catch(() => {});
  }
}

const ridersOf = ({ tasks, b, c }: Take): readonly Rider[] =>
  [...tasks, ...b, ...c].flatMap(({ riders }) => riders);

const NOTHING: readonly never[] = [];
