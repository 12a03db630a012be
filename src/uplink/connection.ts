import { setMaxListeners } from 'node:events';
import { ticker, withTimeout } from '../clock/index.ts';
import type { Connection, MessagePipe, OutMessage } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';
import { Channel, LinkWatch } from './channel.ts';
import { FileSender } from './files.ts';
import type { Grudges, Suspect } from './grudges.ts';
import { inbox } from './inbox.ts';
import { digestMessage, healthMessage, inventoryPages, offline, textOf } from './messages.ts';
import { payloadRoom } from './packet.ts';
import { Pump } from './pump.ts';
import type { Settled } from './settings.ts';
import type { Status } from './shapes/index.ts';
import type { Topics } from './topics.ts';
import type { UplinkWorld } from './world.ts';

export interface Established {
  readonly settings: Settled;
  readonly world: UplinkWorld;
  readonly topics: Topics;
  readonly pipe: MessagePipe;
  readonly connection: Connection;
  readonly status: () => Status;
  readonly digests: DigestHours;
  readonly grudges: Grudges;
  /** Connections were lost soon, again and again: find out over what. */
  readonly careful: boolean;
  readonly bad: (fault: Fault) => void;
}

/** Which hour's digest was last sent; outlives connections. */
export interface DigestHours {
  slot(up: Millis): number;
  done: number;
}

const LOOK_MS: Millis = 2500;
/** The status goes once more after this: a broker in several parts may publish the will of our previous connection late. */
const AGAIN_MS: Millis = 5000;
const RETRY_MS: Millis = 30_000;
/** How the list of credentials stands is looked at so often: pages may come by the dozen. */
const ACCESS_MS: Millis = 1000;
/** A goodbye may take this long, then the line is cut. */
const GOODBYE_MS: Millis = 1000;

/** The life of one connection, from CONNACK to its end: `run` resolves with why it ended. */
export class UplinkConnection {
  private readonly at: Established;
  private readonly channel: Channel;
  private readonly ended = new AbortController();
  private beats: string[] = [];
  private said = '';
  readonly pump: Pump;
  readonly files: FileSender;

  constructor(at: Established) {
    const { settings, world, pipe, topics } = at;
    this.at = at;
    // Every loop and every sleep of this connection listens to it; that is no leak.
    setMaxListeners(0, this.ended.signal);
    this.channel = new Channel(pipe, world.clock, settings.window);
    this.channel.beCareful(at.careful);
    const { outbox, clock, health, log, identity } = world;
    const sent = () => this.wallTime();
    const fail = (reason: Fault) => this.end(reason);
    const { channel } = this;
    const { grudges } = at;
    this.pump = new Pump(
      { settings, topics, who: identity, channel, outbox, clock, sent, health, log, grudges, fail },
      this.ended.signal,
    );
    const who = { settings, topics, gateway: identity.gateway, channel, log, grudges };
    this.files = new FileSender({ ...who, pump: this.pump, files: world.files }, this.ended.signal);
  }

  async run(signal: AbortSignal): Promise<Fault | undefined> {
    const { pipe, topics, settings, world, bad } = this.at;
    pipe.onLost((reason) => this.end(asFault(reason)));
    const say = (message: OutMessage) => this.say(message);
    const beats = () => this.beats;
    pipe.onMessage(inbox({ uplink: settings.id, world, topics, pump: this.pump, beats, say, bad }));
    const stop = () => this.ended.abort(undefined);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    // Sent before anything else, so that the platform knows whose records come.
    void this.tellStatus();
    const loops = [
      this.pump.run(),
      this.files.run(),
      this.listen(),
      this.watch(),
      this.beat(),
      this.tellStatusAgain(),
      this.tellInventory(),
      this.tellAccess(),
      this.tellHealth(),
      this.tellHealthChanges(),
      this.tellDigests(),
    ];
    const done = Promise.all(loops.map((loop) => loop.catch((error) => this.end(asFault(error)))));
    await aborted(this.signal);
    signal.removeEventListener('abort', stop);
    const reason = this.signal.reason instanceof Fault ? this.signal.reason : undefined;
    // Whoever still waits for the broker is let go by this; a hung one must not hold us up.
    if (reason) pipe.drop();
    else await this.goodbye();
    await done;
    return reason;
  }

  /** The message over which the broker closed the connection, when that is known. */
  get suspect(): Suspect | undefined {
    return this.channel.suspect;
  }

  /** It has held long enough to trust it. */
  relax(): void {
    this.channel.beCareful(this.at.grudges.closes);
  }

  private end(reason: Fault): void {
    if (!this.ended.signal.aborted) this.ended.abort(reason);
  }

  private get signal(): AbortSignal {
    return this.ended.signal;
  }

  /** Publishes; a refusal is a health fact, a lost connection ends by itself. */
  private async say(message: OutMessage): Promise<boolean> {
    if (this.at.grudges.holds(message.topic)) return false;
    try {
      await this.channel.publish(message);
      this.at.grudges.taken(message.topic);
      return true;
    } catch (error) {
      const fault = asFault(error);
      if (fault.code !== 'uplink.lost') this.at.grudges.refused(message.topic, fault.message);
      return false;
    }
  }

  private tellStatus(): Promise<boolean> {
    const status = this.at.status();
    this.said = JSON.stringify(status);
    return this.say({ topic: this.at.topics.status, payload: textOf(status), qos: 1, retain: true });
  }

  private async tellStatusAgain(): Promise<void> {
    await this.sleep('status again', AGAIN_MS);
    if (!this.signal.aborted) await this.tellStatus();
  }

  private async listen(): Promise<void> {
    const { pipe, settings, world } = this.at;
    while (!this.signal.aborted) {
      try {
        const late = () =>
          new Fault('uplink.lost', { uplink: settings.id, reason: 'the subscription was not acknowledged' });
        const span = {
          name: `uplink ${settings.id} subscribe`,
          ms: settings.puback_timeout_ms,
          signal: this.signal,
          late,
        };
        await withTimeout(world.clock, span, () => pipe.subscribe(this.wanted()));
        this.at.grudges.taken('subscription');
        return;
      } catch (error) {
        const fault = asFault(error);
        if (fault.code !== 'uplink.refused') return this.end(fault);
        this.at.grudges.refused('subscription', fault.message);
        await this.sleep('subscribe again', RETRY_MS);
      }
    }
  }

  /** What comes down. A platform that may not send lists is not listened to for them. */
  private wanted(): readonly string[] {
    const { topics, settings } = this.at;
    return settings.lists ? [topics.ack, topics.cmd, topics.access] : [topics.ack, topics.cmd];
  }

  private async watch(): Promise<void> {
    const { pipe, settings, world } = this.at;
    const link = new LinkWatch(pipe, this.channel, settings);
    const every_ms = Math.min(LOOK_MS, settings.puback_timeout_ms / 4, settings.keepalive_s * 250);
    for await (const _ of ticker(
      world.clock,
      { name: `uplink ${settings.id} link`, every_ms },
      this.signal,
    )) {
      world.heartbeat?.beat(`uplink ${settings.id}`);
      const dead = link.look(world.clock.now().up);
      if (dead) this.end(dead);
    }
  }

  private async beat(): Promise<void> {
    const { world, settings, connection, topics } = this.at;
    const rhythm = { name: `uplink ${settings.id} beat`, every_ms: settings.beat_ms, first_ms: 0 };
    for await (const _ of ticker(world.clock, rhythm, this.signal)) {
      const nonce = Buffer.from(world.randomBytes(16)).toString('hex');
      this.beats = [nonce, ...this.beats].slice(0, 3);
      const { boot, up } = world.clock.now();
      const beat = { v: 1, connect_id: connection.connect_id, boot, up, nonce };
      await this.say({ topic: topics.beat, payload: textOf(beat), qos: 0, retain: false });
      // The state of the clock, or a new epoch.
      if (JSON.stringify(this.at.status()) !== this.said) void this.tellStatus();
    }
  }

  private async tellInventory(): Promise<void> {
    const { world, settings, topics } = this.at;
    let told: number | undefined;
    const rhythm = { name: `uplink ${settings.id} inventory`, every_ms: settings.beat_ms, first_ms: 0 };
    for await (const _ of ticker(world.clock, rhythm, this.signal)) {
      const inventory = world.inventory();
      if (inventory.revision === told) continue;
      const room = payloadRoom(topics.inventory(0), this.channel.limits.maximum_packet);
      const pages = inventoryPages(inventory, world.identity.gateway, room);
      // Page 0 says how many there are, so it comes last: who has it has the others.
      for (const [page, message] of [...pages.entries()].reverse()) {
        await this.say({ topic: topics.inventory(page), payload: textOf(message), qos: 1, retain: true });
      }
      told = inventory.revision;
    }
  }

  private async tellAccess(): Promise<void> {
    const { world, settings, topics } = this.at;
    const { access } = world;
    if (!access || !settings.lists) return;
    let told = '';
    const rhythm = { name: `uplink ${settings.id} access`, every_ms: ACCESS_MS, first_ms: 0 };
    for await (const _ of ticker(world.clock, rhythm, this.signal)) {
      const message = { v: 1, gateway: world.identity.gateway, ...access.state() };
      const text = JSON.stringify(message);
      if (text === told) continue;
      const payload = textOf(message);
      if (await this.say({ topic: topics.accessState, payload, qos: 1, retain: true })) told = text;
    }
  }

  private async tellHealth(): Promise<void> {
    const { world, settings } = this.at;
    const rhythm = { name: `uplink ${settings.id} health`, every_ms: settings.health_ms, first_ms: 0 };
    for await (const _ of ticker(world.clock, rhythm, this.signal)) await this.sayHealth();
  }

  private async tellHealthChanges(): Promise<void> {
    for await (const _ of this.at.world.healthView.changes(this.signal)) {
      await this.sayHealth();
      // A fact that comes and goes must not fill the line.
      await this.sleep('health', 1000);
    }
  }

  private async sayHealth(): Promise<void> {
    const { world, settings, topics } = this.at;
    const stats = await world.outbox.stats();
    const facts = world.healthView.facts();
    const at = { stamp: world.clock.now(), uplink: settings.id };
    const payload = textOf(healthMessage(world.identity.gateway, at, { facts, stats }));
    await this.say({ topic: topics.health, payload, qos: 1, retain: false });
  }

  private async tellDigests(): Promise<void> {
    const { world, settings, topics, digests } = this.at;
    const every_ms = Math.min(LOOK_MS, settings.digest_ms / 4);
    for await (const _ of ticker(
      world.clock,
      { name: `uplink ${settings.id} digests`, every_ms },
      this.signal,
    )) {
      const slot = digests.slot(world.clock.now().up);
      if (slot === digests.done) continue;
      const stats = await world.outbox.stats();
      for (const digest of await world.outbox.digests(settings.id)) {
        const payload = textOf(digestMessage(world.identity.gateway, digest, stats));
        if (!(await this.say({ topic: topics.digest, payload, qos: 1, retain: false }))) return;
        await world.outbox.digested(settings.id, digest);
      }
      digests.done = slot;
    }
  }

  /** Offline is said before we go, and the will is taken back; within a second, or the line is cut and the broker says it. */
  private async goodbye(): Promise<void> {
    const { pipe, topics, status, settings, world } = this.at;
    const message = {
      topic: topics.status,
      payload: textOf(offline(status(), 'stopped')),
      qos: 1,
      retain: true,
    } as const;
    const late = () => new Fault('uplink.lost', { uplink: settings.id, reason: 'no goodbye' });
    const span = { name: `uplink ${settings.id} goodbye`, ms: GOODBYE_MS, late };
    await withTimeout(world.clock, span, async () => {
      await this.say(message);
      await pipe.close();
    }).catch(() => pipe.drop());
  }

  private wallTime() {
    const { unix_ms, state } = this.at.world.wall.read();
    return { unix_ms, clock: state };
  }

  /** Ends early, without a word, when the connection does. */
  private sleep(what: string, ms: Millis): Promise<void> {
    return this.at.world.clock
      .sleep(`uplink ${this.at.settings.id} ${what}`, ms, this.signal)
      .catch(() => {});
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
