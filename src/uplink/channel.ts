import type { Clock, MessagePipe, OutMessage } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';
import type { Suspect } from './grudges.ts';

/**
 * The only way to a connection. It keeps the sending window: at any instant at most `window` QoS 1 messages are without PUBACK, whoever sent
 * them; others wait in the order they came. It knows when it last was let down, for the check on the link.
 */
export class Channel {
  readonly limits: MessagePipe['limits'];
  private readonly pipe: MessagePipe;
  private readonly clock: Clock;
  private window: number;
  private readonly waiting: (() => void)[] = [];
  /** When each unacknowledged message was sent; oldest first, as a Map keeps the order of insertion. */
  private readonly sent = new Map<number, Millis>();
  private next = 0;
  private used = 0;
  private listener: () => void = () => {};
  private readonly full: number;
  private careful = false;
  private broken = false;
  /** When careful: the one message that is under way. */
  suspect: Suspect | undefined;

  constructor(pipe: MessagePipe, clock: Clock, window: number) {
    this.pipe = pipe;
    this.clock = clock;
    this.limits = pipe.limits;
    this.full = Math.max(1, Math.min(window, pipe.limits.receive_maximum));
    this.window = this.full;
  }

  /**
   * Careful: one message at a time, and the next only when the broker answered a ping after it; so that when the broker closes the connection
   * over a message, it is known over which. Some brokers acknowledge a message and close then.
   */
  beCareful(careful: boolean): void {
    this.careful = careful;
    this.window = careful ? 1 : this.full;
    if (!careful) this.suspect = undefined;
  }

  /** Free slots; none while anybody waits for one. */
  get free(): number {
    return Math.max(0, this.window - this.used);
  }

  /** Called when a slot came free and nobody waited for it. */
  onFree(listener: () => void): void {
    this.listener = listener;
  }

  /** When the oldest message without PUBACK was sent; undefined when there is none. */
  oldest(): Millis | undefined {
    return this.sent.values().next().value;
  }

  /** As MessagePipe.publish; a QoS 1 message waits for a slot first. Of a batch it is told what is in it, in case the broker closes over it. */
  async publish(message: OutMessage, batch?: Suspect['batch']): Promise<void> {
    if (message.qos === 0 && !this.careful) return this.pipe.publish(message);
    // Who waits is handed the slot of the one who leaves; it is never free in between.
    if (this.free <= 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.used += 1;
    const id = this.next;
    this.next += 1;
    this.sent.set(id, this.clock.now().up);
    try {
      if (this.careful) await this.publishAlone(message, { topic: message.topic, ...(batch && { batch }) });
      else await this.pipe.publish(message);
    } finally {
      this.sent.delete(id);
      const first = this.waiting.shift();
      if (first) first();
      else this.leave();
    }
  }

  private async publishAlone(message: OutMessage, suspect: Suspect): Promise<void> {
    // After the loss nothing more is under way, so nothing more is suspect.
    if (!this.broken) this.suspect = suspect;
    const outcome = await this.pipe.publish(message).then(
      () => undefined,
      (error) => asFault(error),
    );
    if (outcome?.code === 'uplink.lost') this.broken = true;
    if (!this.broken) await this.pipe.ping().catch(() => this.lose(outcome));
    if (!this.broken) this.suspect = undefined;
    if (outcome) throw outcome;
  }

  /** Taken or refused, and then the line was closed over it: what was refused stays refused, what was taken goes again. */
  private lose(outcome: Fault | undefined): void {
    this.broken = true;
    if (!outcome) throw new Fault('uplink.lost', { reason: 'closed after the message was taken' });
  }

  private leave(): void {
    this.used -= 1;
    this.listener();
  }
}

/** A link is asked after it was silent for so long at most, so that a dead one is found within 45 s whatever keepalive is configured (contract, MQTT behaviour). */
const QUIET_MS: Millis = 17_000;
/** An answer may take this much longer than the silence before it. */
const GRACE_MS: Millis = 2500;

export interface LinkCheck {
  readonly puback_timeout_ms: Millis;
  readonly keepalive_s: number;
}

/**
 * Looks at a link from time to time: a message without PUBACK for too long, or silence that goes on although it was asked, is a dead link. mqtt.js has a check of its own; this one does not depend on it, and sees a broker that answers pings but takes nothing.
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
    const quiet_ms = Math.min(QUIET_MS, this.limits.keepalive_s * 1000);
    if (silent >= quiet_ms) this.pipe.ping().catch(() => {});
    if (silent >= 2 * quiet_ms + GRACE_MS) {
      return new Fault('uplink.lost', { reason: `nothing was heard for ${Math.round(silent / 1000)} s` });
    }
    const oldest = this.channel.oldest();
    if (oldest === undefined || now - oldest < this.limits.puback_timeout_ms) return undefined;
    return new Fault('uplink.lost', {
      reason: `a message was not acknowledged for ${Math.round((now - oldest) / 1000)} s`,
    });
  }
}
