import type { HealthSink } from '../contracts/index.ts';

/** What the broker refuses on this connection, by topic or subject: uplink-refused stands while anything is in here. */
export class Refusals {
  private readonly health: HealthSink;
  private readonly uplink: string;
  private readonly open = new Set<string>();

  constructor(health: HealthSink, uplink: string) {
    this.health = health;
    this.uplink = uplink;
  }

  refused(what: string, reason: string): void {
    this.open.add(what);
    this.health.raise('uplink-refused', this.uplink, `${what}: ${reason}`);
  }

  taken(what: string): void {
    if (this.open.delete(what) && this.open.size === 0) this.health.clear('uplink-refused', this.uplink);
  }
}
