import { backoff } from '../clock/index.ts';
import type { KeptFile, MessagePipe, PipeSettings } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';
import { type DigestHours, UplinkConnection } from './connection.ts';
import { Grudges } from './grudges.ts';
import { CONTRACT, offline, placeInHour, textOf } from './messages.ts';
import { type LostReaction, onLost, overAMessage } from './reasons.ts';
import type { Settled } from './settings.ts';
import type { Status } from './shapes/index.ts';
import { judgeByClock } from './tls.ts';
import { type Topics, topicsOf } from './topics.ts';
import type { UplinkWorld } from './world.ts';

/** How an uplink is, for status and the console. */
export interface UplinkView {
  readonly id: string;
  readonly url: string;
  readonly connected: boolean;
  /** MQTT version of this connection. */
  readonly version: 4 | 5 | undefined;
  readonly connect_id: number | undefined;
  readonly since_up: Millis | undefined;
  /** The last end-to-end acknowledgement (the broker's in the weaker mode). */
  readonly last_ack_up: Millis | undefined;
  readonly ack: 'platform' | 'broker';
  readonly under_way: number;
  readonly sent_batches: number;
  readonly sent_records: number;
  readonly bad_messages: number;
  readonly attempts: number;
  readonly last_fault: Fault | undefined;
}

/** Below this a status, an acknowledged batch of one record and its head do not fit: nothing would be left to send. */
const SMALLEST_PACKET = 1024;
/** A wait is taken in legs, so that the watchdog sees this loop turn. */
const LEG_MS: Millis = 10_000;

/** The connect loop of one uplink: attempt, connection, back-off, for ever. A dead broker never throws upward. */
export class Session {
  private readonly settings: Settled;
  private readonly world: UplinkWorld;
  private readonly topics: Topics;
  /** The hour whose digest was last sent; outlives connections. */
  private readonly digests: DigestHours;
  private current:
    | {
        readonly connection: UplinkConnection;
        readonly connect_id: number;
        readonly up: Millis;
        readonly version: 4 | 5;
      }
    | undefined;
  /** The version the broker itself told us to use, or the one to try next. */
  private version: 4 | 5;
  private settledVersion: 4 | 5 | undefined;
  private readonly grudges: Grudges;
  /** Connections in a row that the broker closed before they were stable, perhaps over a message. */
  private short = 0;
  private attempts = 0;
  /** When the present or last attempt became a connection. */
  private connected_up: Millis | undefined;
  private bad = 0;
  private before = { batches: 0, records: 0, ack_up: undefined as Millis | undefined };
  private fault: Fault | undefined;
  private down = false;

  constructor(settings: Settled, world: UplinkWorld) {
    this.settings = settings;
    this.world = world;
    this.topics = topicsOf(settings.prefix, world.identity);
    this.version = settings.version === 'auto' ? 5 : settings.version;
    this.grudges = new Grudges(world, settings.id, settings.hold_ms);
    const offset = placeInHour(world.identity.gateway) * settings.digest_ms;
    const slot = (up: Millis) => Math.floor((up - offset) / settings.digest_ms);
    this.digests = { slot, done: slot(world.clock.now().up) };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { backoff: pace } = this.settings;
    let delays = backoff(pace, this.world.random);
    let wait_ms: Millis = delays.next().value;
    while (!signal.aborted) {
      if (wait_ms > 0 && !(await this.rest(wait_ms, signal))) return;
      this.connected_up = undefined;
      const ended = await this.attempt(signal).catch((error) => asFault(error));
      if (signal.aborted) return;
      const fault = judgeByClock(
        ended ?? new Fault('uplink.lost', { uplink: this.settings.id, reason: 'closed' }),
        this.world.wall.read().state !== 'unsynced',
      );
      const held_ms = this.world.clock.now().up - (this.connected_up ?? Number.POSITIVE_INFINITY);
      if (held_ms >= pace.stable_ms) delays = backoff(pace, this.world.random);
      wait_ms = this.delayAfter(fault, delays.next().value);
      this.tellDown(fault);
    }
  }

  view(): UplinkView {
    const { current, before, settings } = this;
    const pump = current?.connection.pump;
    return {
      id: settings.id,
      url: settings.url,
      connected: current !== undefined,
      version: current?.version,
      connect_id: current?.connect_id,
      since_up: current?.up,
      last_ack_up: pump?.last_ack_up ?? before.ack_up,
      ack: settings.ack,
      under_way: pump?.under_way ?? 0,
      sent_batches: before.batches + (pump?.sent_batches ?? 0),
      sent_records: before.records + (pump?.sent_records ?? 0),
      bad_messages: this.bad,
      attempts: this.attempts,
      last_fault: this.fault,
    };
  }

  /** See `Uplink.sendFile`. */
  sendFile(file: KeptFile, from: number): void {
    const { id: uplink } = this.settings;
    this.mayHaveFiles();
    if (!this.current) throw new Fault('uplink.lost', { uplink, reason: 'it is not connected' });
    this.current.connection.files.order(file, from);
  }

  /** See `Uplink.mayHaveFiles`. */
  mayHaveFiles(): void {
    const { images, id: uplink } = this.settings;
    if (images !== 'keep') throw new Fault('snapshots.dropped', { uplink });
  }

  /** One attempt and, if it succeeds, the whole connection. Resolves with why it ended; undefined when we were asked to. */
  private async attempt(signal: AbortSignal): Promise<Fault | undefined> {
    const { outbox } = this.world;
    this.attempts += 1;
    this.world.heartbeat?.beat(`uplink ${this.settings.id}`);
    const connection = await outbox.connect(this.settings.id);
    const status = (): Status => this.status(connection);
    const { pipe, version } = await this.open(status, signal);
    if (pipe.limits.maximum_packet < SMALLEST_PACKET) {
      await Promise.race([pipe.close(), this.rest(1000, signal)]);
      pipe.drop();
      throw new Fault('uplink.too-large', { bytes: SMALLEST_PACKET, limit: pipe.limits.maximum_packet });
    }
    this.connected_up = this.world.clock.now().up;
    const { settings, world, topics, grudges } = this;
    const careful = this.short >= 2 || grudges.closes;
    const digests = this.digests;
    const bad = (fault: Fault) => this.tellBad(fault);
    const established = new UplinkConnection({
      settings,
      world,
      topics,
      pipe,
      connection,
      status,
      digests,
      grudges,
      careful,
      bad,
    });
    this.current = {
      connection: established,
      connect_id: connection.connect_id,
      up: this.connected_up,
      version,
    };
    this.tellUp();
    const stable = new AbortController();
    world.clock.sleep(`uplink ${settings.id} stable`, settings.backoff.stable_ms, stable.signal).then(
      () => {
        world.health.clear('uplink-taken-over', settings.id);
        this.short = 0;
        established.relax();
      },
      () => {},
    );
    try {
      const reason = await established.run(signal);
      const closed = reason !== undefined && mayBeOverAMessage(reason);
      if (closed) this.short += 1;
      if (closed && established.suspect !== undefined) grudges.struck(established.suspect);
      return reason;
    } finally {
      stable.abort();
      const { pump } = established;
      this.before = {
        batches: this.before.batches + pump.sent_batches,
        records: this.before.records + pump.sent_records,
        ack_up: pump.last_ack_up ?? this.before.ack_up,
      };
      this.current = undefined;
    }
  }

  /** Opens the pipe, with the older protocol at once when the broker says that it does not know the newer. */
  private async open(
    status: () => Status,
    signal: AbortSignal,
  ): Promise<{ pipe: MessagePipe; version: 4 | 5 }> {
    const auto = this.settings.version === 'auto';
    const version = this.settledVersion ?? this.version;
    try {
      const pipe = await this.world.pipe(this.pipeSettings(version, status()), signal);
      // A guess is not kept: the next connection begins with the newer protocol again.
      this.version = this.settings.version === 'auto' ? 5 : this.settings.version;
      return { pipe, version };
    } catch (error) {
      if (!auto || signal.aborted) throw error;
      const fault = asFault(error);
      if (
        version === 5 &&
        fault.code === 'uplink.refused' &&
        onLost(Number(fault.facts.reason_code)) === 'older'
      ) {
        this.settledVersion = 4;
        return this.open(status, signal);
      }
      if (fault.facts.may_be_version === true && !this.settledVersion) this.version = version === 5 ? 4 : 5;
      throw fault;
    }
  }

  private pipeSettings(version: 4 | 5, status: Status): PipeSettings {
    const { url, username, password, ca, cert, key, keepalive_s, connect_timeout_ms, maximum_packet, id } =
      this.settings;
    const will = {
      topic: this.topics.status,
      payload: textOf(offline(status, 'lost')),
      qos: 1,
      retain: true,
    } as const;
    return {
      url,
      client_id: `${this.world.identity.gateway}:${id}`,
      version,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      keepalive_s,
      connect_timeout_ms,
      maximum_packet,
      will,
    };
  }

  private status(connection: { readonly connect_id: number; readonly epoch: string }): Status {
    const { clock, wall, identity, outbox } = this.world;
    return {
      v: 1,
      gateway: identity.gateway,
      state: 'online',
      connect_id: connection.connect_id,
      uplink: this.settings.id,
      contract: CONTRACT,
      ack: this.settings.ack,
      versions: { ...this.world.status().versions },
      epoch: outbox.epoch,
      boot: clock.now().boot,
      clock: wall.read().state,
    };
  }

  private delayAfter(fault: Fault, usual: Millis): Millis {
    const reaction = reactionTo(fault);
    if (reaction !== 'slowly' && reaction !== 'twin') return usual;
    return Math.max(usual, (0.5 + this.world.random() / 2) * this.settings.backoff.long_ms);
  }

  private tellUp(): void {
    const { health, log } = this.world;
    health.clear('uplink-down', this.settings.id);
    health.clear('uplink-refused', this.settings.id);
    this.grudges.tell();
    log.info(
      { uplink: this.settings.id, version: this.current?.version, connect_id: this.current?.connect_id },
      'uplink connected',
    );
    this.down = false;
    this.fault = undefined;
  }

  private tellDown(fault: Fault): void {
    const { health, log } = this.world;
    const { id } = this.settings;
    this.fault = fault;
    const reaction = reactionTo(fault);
    health.raise('uplink-down', id, fault.message);
    if (reaction === 'twin') health.raise('uplink-taken-over', id, fault.message);
    if (reaction === 'fix') health.raise('uplink-refused', id, fault.message);
    if (!this.down) log.warn({ uplink: id, fault }, 'uplink down');
    this.down = true;
  }

  private tellBad(fault: Fault): void {
    this.bad += 1;
    if (this.bad === 1)
      this.world.log.warn(
        { uplink: this.settings.id, fault },
        'a message from the platform is not of the contract',
      );
  }

  /** False when the signal ended it. */
  private async rest(ms: Millis, signal: AbortSignal): Promise<boolean> {
    try {
      for (let left = ms; left > 0; left -= LEG_MS) {
        await this.world.clock.sleep(`uplink ${this.settings.id} back-off`, Math.min(left, LEG_MS), signal);
        this.world.heartbeat?.beat(`uplink ${this.settings.id}`);
      }
      return true;
    } catch {
      return false;
    }
  }
}

/** The broker closed the connection, and perhaps over what it was sent; not a line that went dead. */
const mayBeOverAMessage = ({ code, facts }: Fault): boolean =>
  code === 'uplink.refused' ? overAMessage(Number(facts.reason_code)) : facts.hung_up === true;

function reactionTo(fault: Fault): LostReaction {
  if (fault.code === 'uplink.refused') return onLost(Number(fault.facts.reason_code));
  return fault.code === 'uplink.tls' || fault.code === 'uplink.too-large' ? 'fix' : 'again';
}
