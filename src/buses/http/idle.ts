import type { Clock } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import { Alarm } from '../alarm.ts';
import type { HttpConnection } from './connection.ts';

/** Cameras have few connections to give. */
const MOST = 2;
const KEPT_MS: Millis = 10_000;

/** Connections that may be used again, for a moment. */
export class IdleConnections {
  private readonly clock: Clock;
  private readonly kept = new Map<HttpConnection, Millis>();
  private readonly sweeper: Alarm;

  constructor(bus: string, clock: Clock) {
    this.clock = clock;
    this.sweeper = new Alarm(clock, `${bus} idle connections`, () => this.sweep());
  }

  /** The one that was used last. */
  take(): HttpConnection | undefined {
    const connection = [...this.kept.keys()].at(-1);
    if (connection) this.kept.delete(connection);
    return connection;
  }

  give(connection: HttpConnection): void {
    if (!connection.isOpen) return;
    const until_up = this.clock.now().up + KEPT_MS;
    connection.onLeft(() => this.kept.delete(connection));
    this.kept.set(connection, until_up);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST) oldest?.drop();
    this.sweeper.setBy(until_up);
  }

  dropAll(): void {
    this.sweeper.clear();
    for (const connection of [...this.kept.keys()]) connection.drop();
  }

  private sweep(): void {
    const { up } = this.clock.now();
    for (const [connection, until_up] of [...this.kept]) {
      if (until_up > up) this.sweeper.setBy(until_up);
      else connection.drop();
    }
  }
}
