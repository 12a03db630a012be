import type { Acknowledged, Clock, Head, HealthSink, Lease, Log, Outbox } from '../contracts/index.ts';
import { asFault, type Fault, isFault } from '../faults/index.ts';
import { LANES, type Lane, type Millis } from '../model/index.ts';
import type { Channel } from './channel.ts';
import { Flow, Shares } from './flow.ts';
import type { Grudges } from './grudges.ts';
import { payloadRoom } from './packet.ts';
import { headOf, type Planned, planBatch } from './payload.ts';
import { onPuback, reasonName } from './reasons.ts';
import type { Settled } from './settings.ts';
import { Settler } from './settler.ts';
import type { Topics } from './topics.ts';
import { Unsettled } from './unsettled.ts';

export interface PumpWorld {
  readonly settings: Settled;
  readonly topics: Topics;
  readonly who: { readonly gateway: string; readonly site: string };
  readonly channel: Channel;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Time of day for the head of a batch. */
  readonly sent: () => { readonly unix_ms: number; readonly clock: 'unsynced' | 'synced' | 'holdover' };
  readonly health: HealthSink;
  readonly log: Log;
  readonly grudges: Grudges;
  /** Ends the connection. */
  readonly fail: (reason: Fault) => void;
}

/**
 * Leases kept ready per source, so that the window never waits for the store. Class a asks one by one: it keeps its order whatever happens.
 * A backlog asks for several at once, when half of them are gone: one answer of the store's thread for all of them.
 */
const ahead = ({ lane, head }: Source): number => (lane === 'a' ? 1 : head === 'live' ? 2 : 12);
const enough = ({ lane, head }: Source): number => (lane === 'a' ? 1 : head === 'live' ? 2 : 6);
/** Our own limit of a batch (contract, Topics). */
const BATCH_BYTES = 128 * 1024;
const BATCH_RECORDS = 20_000;
/** What the head and the base of each part may need beside the parts. */
const HEAD_BYTES = 420;
const RETRY_MS: Millis = 1000;

/** One lane of one head: what is leased and ready, and whether there may be more. */
interface Source {
  readonly lane: Lane;
  readonly head: Head;
  readonly ready: Batch[];
  asking: number;
  /** Nothing to lease when last asked. */
  dry: boolean;
  /** Counts what may have brought something, so that an answer older than the news does not make the source dry. */
  news: number;
  held: boolean;
  /** Lowered while the broker refuses for doubtful reasons, so that the one record it means is found. */
  max_records: number;
  /** Part of the room in a packet that is asked for; lowered when what surrounds many small parts makes a batch too large. */
  share: number;
}

interface Batch {
  readonly source: Source;
  readonly lane: Lane;
  readonly head: Head;
  readonly lease: Lease;
  readonly planned: Planned;
}

/** lease → send → settle, for one connection. `run` ends when the signal aborts; what was not settled is leased again by the next connection. */
export class Pump {
  private readonly world: PumpWorld;
  private readonly signal: AbortSignal;
  private readonly sources: readonly Source[];
  private readonly shares = new Shares();
  private readonly flow = new Flow();
  private readonly unsettled = new Unsettled();
  /** Lanes in which something was taken on this connection: then a single refused record is the one to blame. */
  private readonly taken = new Set<Lane>();
  private readonly waking = new Set<Source>();
  private readonly settler: Settler;
  /** Whoever sends something that is no record. */
  private guest: (() => void) | undefined;
  sent_batches = 0;
  sent_records = 0;
  last_ack_up: Millis | undefined;

  constructor(world: PumpWorld, signal: AbortSignal) {
    this.world = world;
    this.signal = signal;
    this.settler = new Settler(world.outbox, world.settings.id);
    // Class a goes in seq order, so its backlog comes first; of the others the live head does.
    const source = (lane: Lane, head: Head): Source => ({
      lane,
      head,
      ready: [],
      asking: 0,
      dry: false,
      news: 0,
      held: false,
      max_records: BATCH_RECORDS,
      share: 1,
    });
    this.sources = [
      source('a', 'backlog'),
      ...LANES.map((lane) => source(lane, 'live')),
      ...(['b', 'c'] as const).map((lane) => source(lane, 'backlog')),
    ];
  }

  /** Batches sent and not yet settled. */
  get under_way(): number {
    return this.unsettled.size;
  }

  async run(): Promise<void> {
    this.world.channel.onFree(() => this.turn());
    this.turn();
    await Promise.all([this.listen(), this.expire()]);
  }

  private async listen(): Promise<void> {
    const { outbox, settings } = this.world;
    for await (const lanes of outbox.arrivals(this.signal)) {
      for (const source of this.sources) {
        if (source.head === 'live' && lanes.has(source.lane))
          this.wakeAfter(source, settings.waits_ms[source.lane]);
      }
    }
  }

  /** The platform has these: its ack, already checked. */
  acknowledged(ack: Acknowledged): void {
    const now = this.world.clock.now().up;
    const settled = this.unsettled.settle(ack);
    const youngest = settled.at(-1);
    if (youngest) this.flow.acked(now - youngest.sent_up);
    this.last_ack_up = now;
    this.world.health.clear('uplink-unacknowledged', this.world.settings.id);
    this.settle(ack);
  }

  /** Ranges the platform wants again come as backlog. */
  async replay(ack: {
    readonly epoch: string;
    readonly lane: Lane;
    readonly ranges: readonly (readonly [number, number])[];
  }): Promise<void> {
    for (const range of ack.ranges)
      await this.world.outbox.replay(this.world.settings.id, ack.epoch, ack.lane, range);
    this.wake(ack.lane, 'backlog');
  }

  /**
   * Runs `send` in a moment in which the line has room and no record of class a waits to be sent; one at a time. Other records share the line with it:
   * of two places that come free, the second is theirs. When the connection ends it is never run.
   */
  spare(send: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.guest = () => send().then(resolve, reject);
      this.turn();
    });
  }

  private turn(): void {
    if (this.signal.aborted) return;
    for (const source of this.sources) this.ask(source);
    const { channel } = this.world;
    while (channel.free > 0) {
      const { guest } = this;
      if (guest && !this.sources.some((source) => this.isUrgent(source))) {
        this.guest = undefined;
        guest();
        continue;
      }
      const next = this.shares.choose(this.offers());
      if (!next) return;
      next.source.ready.shift();
      this.ask(next.source);
      void this.send(next);
    }
  }

  /** It has, or may have, something of class a that the broker takes. */
  private isUrgent({ lane, dry, ready, asking }: Source): boolean {
    if (lane !== 'a' || this.world.grudges.holds(this.world.topics.lane(lane))) return false;
    return !dry || ready.length > 0 || asking > 0;
  }

  /** The first ready batch of each source that may go now. */
  private offers(): Batch[] {
    const offers: Batch[] = [];
    const { grudges, topics, settings } = this.world;
    const platform = settings.ack === 'platform';
    const old = this.sources[0];
    for (const source of this.sources) {
      const first = source.ready[0];
      if (!first || source.held || grudges.holds(topics.lane(source.lane))) continue;
      // Order of class a: nothing live while anything of its backlog is still to go.
      if (source.lane === 'a' && source.head === 'live' && old && !(old.dry && old.ready.length === 0))
        continue;
      if (platform && !this.flow.allows(first, this.unsettled.size)) continue;
      offers.push(first);
    }
    return offers;
  }

  private ask(source: Source): void {
    const { settings, outbox, grudges, topics } = this.world;
    if (source.ready.length + source.asking >= enough(source)) return;
    while (!source.dry && !source.held && source.ready.length + source.asking < ahead(source)) {
      const max_bytes = Math.max(1, Math.floor((this.room(source) - HEAD_BYTES) * source.share));
      const most = grudges.limit(topics.lane(source.lane)) ?? BATCH_RECORDS;
      const max_records = Math.min(source.max_records, most);
      const want = { lane: source.lane, head: source.head, max_bytes, max_records };
      const news = source.news;
      source.asking += 1;
      outbox.lease(settings.id, want).then(
        (lease) => {
          source.asking -= 1;
          if (lease) this.accept(source, lease);
          else if (source.news === news) source.dry = true;
          this.turn();
        },
        (error) => {
          source.asking -= 1;
          this.storeFailed(source, error);
        },
      );
    }
  }

  /** Payload bytes that fit on this lane's topic. */
  private room(source: Source): number {
    const { settings, topics, channel } = this.world;
    const limit = Math.min(BATCH_BYTES, channel.limits.maximum_packet, settings.maximum_packet);
    return payloadRoom(topics.lane(source.lane), limit);
  }

  private accept(source: Source, lease: Lease): void {
    const { who, sent, settings, outbox, grudges, topics } = this.world;
    const planned = planBatch(headOf(lease, who, sent()), lease.parts, settings.compress);
    const room = this.room(source);
    if (planned.bytes > room && lease.records > 1 && source.share > 0.01) {
      source.share *= (room / planned.bytes) * 0.9;
      void this.attempt(source, () => outbox.release(settings.id, lease.id)).then(() => this.freshen(source));
      return;
    }
    const batch = { source, lane: source.lane, head: source.head, lease, planned };
    if (lease.records === 1 && grudges.poisons(topics.lane(source.lane), placeOf(lease)))
      void this.refuse(batch, 'the broker closes the connection when it is sent');
    else source.ready.push(batch);
  }

  private async send(batch: Batch): Promise<void> {
    const { topics, channel, clock, settings } = this.world;
    const { lease, planned } = batch;
    this.shares.sent(batch, planned.bytes);
    this.unsettled.add(lease, clock.now().up);
    this.sent_batches += 1;
    this.sent_records += lease.records;
    try {
      const topic = topics.lane(batch.lane);
      const about = { records: lease.records, ...placeOf(lease) };
      await channel.publish({ topic, payload: planned.build(), qos: 1, retain: false }, about);
    } catch (error) {
      return this.refused(batch, error);
    }
    this.taken.add(batch.lane);
    this.world.grudges.taken(topics.lane(batch.lane), placeOf(lease));
    batch.source.max_records = Math.min(BATCH_RECORDS, batch.source.max_records * 2);
    if (settings.ack === 'platform') return this.unsettled.taken(lease.id, clock.now().up);
    this.last_ack_up = clock.now().up;
    const ack = { epoch: lease.epoch, lane: lease.lane, ranges: [lease.covers], nacks: [] };
    this.unsettled.settle(ack);
    this.settle(ack);
  }

  private async refused(batch: Batch, error: unknown): Promise<void> {
    const { lease, source } = batch;
    if (!this.unsettled.remove(lease.id) || this.signal.aborted) return;
    const fault = asFault(error);
    if (fault.code === 'uplink.lost') return;
    if (fault.code === 'uplink.too-large') return this.refuse(batch, fault.message);
    const code = Number(fault.facts.reason_code ?? 0x80);
    const reaction = onPuback(code);
    const alone = lease.records === 1;
    if (reaction === 'poison' || (reaction === 'doubtful' && alone && this.taken.has(batch.lane))) {
      return this.refuse(batch, reasonName(code));
    }
    await this.attempt(source, () => this.world.outbox.release(this.world.settings.id, lease.id));
    if (reaction === 'doubtful' && !alone) source.max_records = Math.max(1, Math.floor(lease.records / 2));
    if (reaction === 'drop') return this.world.fail(fault);
    if (reaction === 'hold' || alone)
      this.world.grudges.refused(this.world.topics.lane(batch.lane), reasonName(code));
    this.freshen(source);
  }

  /** For good: the store halves what holds more than one record, and sets a single one aside. */
  private async refuse(batch: Batch, reason: string): Promise<void> {
    const { outbox, settings, health } = this.world;
    await this.attempt(batch.source, () => outbox.refuse(settings.id, batch.lease.id, reason));
    if (batch.lease.records === 1) health.raise('uplink-quarantine', settings.id, reason);
    this.freshen(batch.source);
  }

  /** Batches the platform did not acknowledge in time go again. */
  private async expire(): Promise<void> {
    const { clock, settings, outbox, health } = this.world;
    const look_ms = Math.min(1000, settings.ack_timeout_ms / 4);
    while (!this.signal.aborted) {
      const going = await clock.sleep(`uplink ${settings.id} acks`, look_ms, this.signal).then(
        () => true,
        () => false,
      );
      if (!going) return;
      // Lanes that were held back may go again.
      this.turn();
      const late = this.unsettled.expired(clock.now().up - settings.ack_timeout_ms);
      if (late.length === 0) continue;
      if (!this.last_ack_up || clock.now().up - this.last_ack_up > settings.ack_timeout_ms) {
        this.flow.silent();
        health.raise(
          'uplink-unacknowledged',
          settings.id,
          `${late.length} batches without ack for ${Math.round(settings.ack_timeout_ms / 1000)} s`,
        );
      }
      for (const { lease } of late) {
        const source = this.sources.find((one) => one.lane === lease.lane && one.head === lease.head);
        if (source) await this.attempt(source, () => outbox.release(settings.id, lease.id));
        this.wake(lease.lane, lease.head);
      }
    }
  }

  private settle(ack: Acknowledged): void {
    const { settings, health, log } = this.world;
    if (ack.nacks.length > 0) health.raise('uplink-quarantine', settings.id, ack.nacks[0]?.reason ?? '');
    this.settler.settle(ack).catch((error) => {
      if (!isFault(error, 'store.closed'))
        log.warn({ fault: asFault(error) }, 'an acknowledgement could not be stored');
    });
    this.turn();
  }

  private async attempt(source: Source, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.storeFailed(source, error);
    }
  }

  private storeFailed(source: Source, error: unknown): void {
    if (this.signal.aborted || isFault(error, 'store.closed')) return;
    if (!source.held)
      this.world.log.warn({ fault: asFault(error), lane: source.lane }, 'the store does not lease');
    source.held = true;
    this.world.clock.sleep(`uplink ${this.world.settings.id} store`, RETRY_MS, this.signal).then(
      () => {
        source.held = false;
        this.turn();
      },
      () => {},
    );
  }

  private wake(lane: Lane, head: Head): void {
    const source = this.sources.find((one) => one.lane === lane && one.head === head);
    if (source) this.freshen(source);
  }

  private freshen(source: Source): void {
    source.news += 1;
    source.dry = false;
    this.turn();
  }

  /** Live records wait a little for others; what a busy source finds meanwhile goes with it. */
  private wakeAfter(source: Source, wait_ms: Millis): void {
    if (this.waking.has(source)) return;
    this.waking.add(source);
    this.world.clock
      .sleep(`uplink ${this.world.settings.id} batch ${source.lane}`, wait_ms, this.signal)
      .then(
        () => {
          this.waking.delete(source);
          this.freshen(source);
        },
        () => {},
      );
  }
}

/** Key of the first record. */
const placeOf = ({ epoch, parts, covers }: Lease) => ({ epoch, seq: parts[0]?.first ?? covers[0] });
