import type { Clock, MessagePipe, OutMessage } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';

/**
 * The only way to a connection. It keeps the sending window: at any instant at most `window` QoS 1 messages are without PUBACK, whoever sent
 * them; others wait in the order they came. It knows when it last was let down, for the check on the link.
 */
export class Channel {
  readonly limits: MessagePipe['limits'];
  private readonly pipe: MessagePipe;
  private readonly clock: Clock;
  private readonly window: number;
  private readonly waiting: (() => void)[] = [];
  /** When each unacknowledged message was sent; oldest first, as a Map keeps the order of insertion. */
  private readonly sent = new Map<number, Millis>();
  private next = 0;
  private used = 0;
  private listener: () => void = () => {};

  constructor(pipe: MessagePipe, clock: Clock, window: number) {
    this.pipe = pipe;
    this.clock = clock;
    this.limits = pipe.limits;
    this.window = Math.max(1, Math.min(window, pipe.limits.receive_maximum));
  }

  /** Free slots; none while anybody waits for one. */
  get free(): number {
    return this.window - this.used;
  }

  /** Called when a slot came free and nobody waited for it. */
  onFree(listener: () => void): void {
    this.listener = listener;
  }

  /** When the oldest message without PUBACK was sent; undefined when there is none. */
  oldest(): Millis | undefined {
    return this.sent.values().next().value;
  }

  /** As MessagePipe.publish; a QoS 1 message waits for a slot first. */
  async publish(message: OutMessage): Promise<void> {
    if (message.qos === 0) return this.pipe.publish(message);
    // Who waits is handed the slot of the one who leaves; it is never free in between.
    if (this.free <= 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.used += 1;
    const id = this.next;
    this.next += 1;
    this.sent.set(id, this.clock.now().up);
    try {
      await this.pipe.publish(message);
    } finally {
      this.sent.delete(id);
      const first = this.waiting.shift();
      if (first) first();
      else this.leave();
    }
  }

  private leave(): void {
    this.used -= 1;
    this.listener();
  }
}

export interface LinkCheck {
  readonly puback_timeout_ms: Millis;
  readonly keepalive_s: number;
}

/**
 * Looks at a link from time to time: a message without PUBACK for too long, or silence for more than two keepalives although it was asked, is
 * a dead link. mqtt.js has a check of its own; this one does not depend on it, and sees a broker that answers pings but takes nothing.
 */
export class LinkWatch {
  private readonly pipe: MessagePipe;
  private readonly channel: Channel;
  private readonly limits: LinkCheck;
  private heard = -1;
  private since: Millis = 0;

  constructor(pipe: MessagePipe, channel: Channel, limits: LinkCheck) {
    this.pipe = pipe;
    this.channel = channel;
    this.limits = limits;
  }

  /** Why the link is dead, or undefined. */
  look(now: Millis): Fault | undefined {
    const heard = this.pipe.heard();
    if (heard !== this.heard) this.since = now;
    this.heard = heard;
    const silent = now - this.since;
    if (silent >= this.limits.keepalive_s * 1000) this.pipe.ping();
    if (silent >= this.limits.keepalive_s * 2000 + 2500) {
      return new Fault('uplink.lost', { reason: `nothing was heard for ${Math.round(silent / 1000)} s` });
    }
    const oldest = this.channel.oldest();
    if (oldest === undefined || now - oldest < this.limits.puback_timeout_ms) return undefined;
    return new Fault('uplink.lost', {
      reason: `a message was not acknowledged for ${Math.round((now - oldest) / 1000)} s`,
    });
  }
}
