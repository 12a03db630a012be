import type { Clock, HealthSink } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

interface Grudge {
  readonly reason: string;
  readonly until: Millis;
  readonly times: number;
}

const LONGEST_MS: Millis = 600_000;

/**
 * What the broker does not take, by topic (or another name): it is held back for a while, twice as long each time, and tried again. This outlives
 * connections, because some brokers close the connection over a message they do not want (mosquitto 2.0.11 does so for a topic that its access
 * rules forbid), and one forbidden lane must not keep the others from being sent. uplink-refused stands while anything is held back.
 */
export class Grudges {
  private readonly clock: Clock;
  private readonly health: HealthSink;
  private readonly uplink: string;
  private readonly hold_ms: Millis;
  private readonly open = new Map<string, Grudge>();
  /** Connections that were lost while this alone was under way. */
  private readonly strikes = new Map<string, number>();

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

  get any(): boolean {
    return this.open.size > 0;
  }

  holds(what: string): boolean {
    const grudge = this.open.get(what);
    return grudge !== undefined && this.clock.now().up < grudge.until;
  }

  refused(what: string, reason: string): void {
    const times = (this.open.get(what)?.times ?? 0) + 1;
    const hold_ms = Math.min(LONGEST_MS, this.hold_ms * 2 ** (times - 1));
    this.open.set(what, { reason, times, until: this.clock.now().up + hold_ms });
    this.tell();
  }

  /** The connection was lost while only this was under way. Once may be chance. */
  struck(what: string): void {
    const strikes = (this.strikes.get(what) ?? 0) + 1;
    this.strikes.set(what, strikes);
    if (strikes >= 2) this.refused(what, 'the broker closes the connection when it is sent');
  }

  taken(what: string): void {
    this.strikes.delete(what);
    if (!this.open.delete(what)) return;
    if (this.any) this.tell();
    else this.health.clear('uplink-refused', this.uplink);
  }

  /** Raises the health fact again, after others cleared it. */
  tell(): void {
    if (!this.any) return;
    const evidence = [...this.open].map(([what, { reason }]) => `${what}: ${reason}`).join('; ');
    this.health.raise('uplink-refused', this.uplink, evidence);
  }
}
