import type { Head } from '../contracts/index.ts';
import type { Lane, Millis } from '../model/index.ts';

/** A batch that is ready to be sent. */
export interface Ready {
  readonly lane: Lane;
  readonly head: Head;
}

/** What a backlog that had the line to itself is charged for at most. */
const PAID_AHEAD = 256 * 1024;

/**
 * What goes next: class a first, live before backlog, yet a backlog always gets at least 20 % of the bytes so that it ends
 * (contract, Classes). Every byte of anything else earns the backlog a quarter of a byte; what it is owed is paid first.
 */
export class Shares {
  private owed = 0;

  choose<T extends Ready>(ready: readonly T[]): T | undefined {
    const backlog = ready.find((one) => one.head === 'backlog');
    if (!backlog) this.owed = 0;
    if (backlog && this.owed > 0) return backlog;
    return ready.find((one) => one.lane === 'a') ?? ready.find((one) => one.head === 'live') ?? backlog;
  }

  sent(one: Ready, bytes: number): void {
    this.owed = one.head === 'backlog' ? Math.max(-PAID_AHEAD, this.owed - bytes) : this.owed + bytes / 4;
  }
}

/** Batches that may be under way to the platform: enough to keep it busy between two of its acks, which come at most twice a second. */
const FEWEST = 8;
const AT_FIRST = 64;
/** Below what brokers commonly keep for one subscriber (1000), because they drop what is above without a word. */
const MOST = 256;
/** A batch waits up to 500 ms for the next ack however fast the platform is; what is above is a queue, and an alarm waits behind it as long. */
const QUEUE_MS = 700;
/** The shortest delay is forgotten after this many acks, so that a route that became longer is not taken for a queue. */
const MEMORY = 120;

/**
 * How many batches may be without the platform's ack. The delay of the youngest batch in each ack is the way there and back plus the queue at the
 * platform; compared with the shortest seen, it shows the queue alone. A growing queue lowers the limit, a limit that was reached without one raises it.
 */
export class Flow {
  limit = AT_FIRST;
  private shortest: Millis = Number.POSITIVE_INFINITY;
  private recent: Millis[] = [];
  private reached = false;

  /** Whether a batch may go while `under_way` are out. Live ones and above all class a may go when the backlog has to wait. */
  allows(one: Ready, under_way: number): boolean {
    const more = one.lane === 'a' ? 128 : one.head === 'live' ? 32 : 0;
    if (under_way < this.limit + more) return true;
    this.reached = true;
    return false;
  }

  /** An ack came; `delay` is the time since the youngest batch in it was sent. */
  acked(delay: Millis): void {
    this.recent.push(delay);
    if (this.recent.length > MEMORY) this.recent = this.recent.slice(MEMORY / 2);
    this.shortest = Math.min(...this.recent);
    const queue = delay - this.shortest;
    if (queue > QUEUE_MS) this.limit = Math.max(FEWEST, Math.floor(this.limit * 0.8));
    else if (this.reached) this.limit = Math.min(MOST, Math.ceil(this.limit * 2));
    this.reached = false;
  }

  /** Nothing came for so long that batches are sent again: the platform may be gone, so few are risked. */
  silent(): void {
    this.limit = FEWEST;
    this.recent = [];
    this.shortest = Number.POSITIVE_INFINITY;
  }
}
