import type { Clock, HealthSink } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

interface Grudge {
  readonly reason: string;
  readonly until: Millis;
  readonly times: number;
  /** Learnt from a closed connection and not from an answer. */
  readonly closes: boolean;
}

/** Key of a record within its lane. */
interface Place {
  readonly epoch: string;
  readonly seq: number;
}

/** A message that was under way alone when the broker closed the connection. */
export interface Suspect {
  readonly topic: string;
  /** Records of a batch, and where the first one stands. */
  readonly batch?: Place & { readonly records: number };
}

/** Batches on a topic are kept below the size over which the connection was closed. */
interface Limit {
  readonly records: number;
  readonly ceiling: number;
  readonly times: number;
  /** When the ceiling is forgotten: the broker may have been changed, or the loss was chance. */
  readonly until: Millis;
}

const LONGEST_MS: Millis = 600_000;
const DAY_MS: Millis = 86_400_000;
/** A batch over which the connection was closed comes again in pieces: a limit that nobody told us and the one bad record are both found in a few steps. */
const PIECES = 16;
/**
 * Losses over one and the same record, the last each time, until it is called poison. Two may be chance. That others of its lane are taken meanwhile
 * clears it of nothing: what the platform has not acknowledged when the line is lost goes again, and is taken again.
 */
const PROOF = 3;

/**
 * What the broker does not take, by topic (or another name): it is held back for a while, twice as long each time, and tried again. This outlives
 * connections, because many brokers close the connection over a message they do not want (MQTT 3.1.1, 3.3.5, leaves them no other way to say it:
 * aedes, VerneMQ, AWS IoT), and one forbidden topic must not keep the others from being sent. uplink-refused stands while anything is held back.
 */
export class Grudges {
  private readonly clock: Clock;
  private readonly health: HealthSink;
  private readonly uplink: string;
  private readonly hold_ms: Millis;
  private readonly open = new Map<string, Grudge>();
  /** Connections that were closed over this topic since anything on it was last taken. */
  private readonly strikes = new Map<string, number>();
  /** Topics on which something was taken once: what is closed over there is not for want of a right. */
  private readonly proven = new Set<string>();
  private readonly limits = new Map<string, Limit>();
  /** The record over which the last connection was closed, and how many before it in a row. */
  private readonly doubts = new Map<string, Place & { readonly times: number }>();
  private readonly bad = new Map<string, Place>();

  constructor(
    world: { readonly clock: Clock; readonly health: HealthSink },
    uplink: string,
    hold_ms: Millis,
  ) {
    this.clock = world.clock;
    this.health = world.health;
    this.uplink = uplink;
    this.hold_ms = hold_ms;
  }

  /** The broker closes connections over something that will be tried again: what is sent has to be watched. */
  get closes(): boolean {
    return this.bad.size > 0 || [...this.open.values()].some(({ closes }) => closes);
  }

  holds(what: string): boolean {
    const grudge = this.open.get(what);
    return grudge !== undefined && this.clock.now().up < grudge.until;
  }

  refused(what: string, reason: string): void {
    this.hold(what, reason, false);
  }

  /** The broker closed the connection while only this was under way. */
  struck({ topic, batch }: Suspect): void {
    const strikes = (this.strikes.get(topic) ?? 0) + 1;
    this.strikes.set(topic, strikes);
    if (batch && batch.records > 1) this.lower(topic, batch.records);
    if (!batch || !this.proven.has(topic)) {
      if (strikes >= 2) this.hold(topic, 'the broker closes the connection when it is sent', true);
    } else if (batch.records === 1) this.doubt(topic, batch);
  }

  /** Most records of the next batch on this topic; undefined when there is no reason for a limit. */
  limit(topic: string): number | undefined {
    return this.limits.get(topic)?.records;
  }

  /** Whether a record is the one over which the broker closes the connection; asked once, because it is set aside then. */
  poisons(topic: string, record: Place): boolean {
    if (!isSame(this.bad.get(topic), record)) return false;
    this.strikes.delete(topic);
    this.limits.delete(topic);
    this.doubts.delete(topic);
    return this.bad.delete(topic);
  }

  /** The broker took a message, and of a batch the one that begins with `first`. */
  taken(what: string, first?: Place): void {
    this.proven.add(what);
    this.strikes.delete(what);
    if (first && isSame(this.doubts.get(what), first)) this.doubts.delete(what);
    this.raise(what);
    if (!this.open.delete(what)) return;
    if (this.open.size > 0) this.tell();
    else this.health.clear('uplink-refused', this.uplink);
  }

  /** Raises the health fact again, after others cleared it. */
  tell(): void {
    if (this.open.size === 0) return;
    const evidence = [...this.open].map(([what, { reason }]) => `${what}: ${reason}`).join('; ');
    this.health.raise('uplink-refused', this.uplink, evidence);
  }

  private doubt(topic: string, { epoch, seq }: Place): void {
    const before = this.doubts.get(topic);
    const times = before && isSame(before, { epoch, seq }) ? before.times + 1 : 1;
    this.doubts.set(topic, { epoch, seq, times });
    if (times >= PROOF) this.bad.set(topic, { epoch, seq });
  }

  private lower(topic: string, records: number): void {
    const times = (this.limits.get(topic)?.times ?? 0) + 1;
    const until = this.clock.now().up + Math.min(DAY_MS, LONGEST_MS * 4 ** (times - 1));
    const piece = Math.max(1, Math.floor(records / PIECES));
    this.limits.set(topic, { records: piece, ceiling: records, times, until });
  }

  private raise(topic: string): void {
    const limit = this.limits.get(topic);
    if (!limit) return;
    if (limit.records * 4 <= limit.ceiling) this.limits.set(topic, { ...limit, records: limit.records * 2 });
    else if (this.clock.now().up >= limit.until)
      this.limits.set(topic, {
        ...limit,
        records: Number.POSITIVE_INFINITY,
        ceiling: Number.POSITIVE_INFINITY,
      });
  }

  private hold(what: string, reason: string, closes: boolean): void {
    const times = (this.open.get(what)?.times ?? 0) + 1;
    const hold_ms = Math.min(LONGEST_MS, this.hold_ms * 2 ** (times - 1));
    this.open.set(what, { reason, times, closes, until: this.clock.now().up + hold_ms });
    this.tell();
  }
}

const isSame = (one: Place | undefined, other: Place): boolean =>
  one?.epoch === other.epoch && one.seq === other.seq;
