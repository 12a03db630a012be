import { unlessAborted } from '../clock/index.ts';
import type { FileKeeper, KeptFile, Log } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import type { Channel } from './channel.ts';
import type { Grudges } from './grudges.ts';
import { textOf } from './messages.ts';
import { payloadRoom } from './packet.ts';
import type { Pump } from './pump.ts';
import { reasonName } from './reasons.ts';
import type { Settled } from './settings.ts';
import type { FileMessage } from './shapes/index.ts';
import type { Topics } from './topics.ts';

export interface FilesWorld {
  readonly settings: Settled;
  readonly topics: Topics;
  readonly gateway: string;
  readonly channel: Channel;
  readonly pump: Pick<Pump, 'spare'>;
  readonly files: Pick<FileKeeper, 'read'> | undefined;
  readonly grudges: Grudges;
  readonly log: Log;
}

/** Contract, Topics. */
const CHUNK_BYTES = 64 * 1024;
/** Files that may be wanted at once, with the one that is being sent. */
const MOST_WANTED = 8;

/** A file that is wanted from there on. */
interface Order {
  readonly file: KeptFile;
  at: number;
}

/** Files of one connection: one after the other, a chunk at a time, each only when no record of class a waits. What is not sent when it ends is forgotten. */
export class FileSender {
  private readonly world: FilesWorld;
  private readonly signal: AbortSignal;
  /** By id, in the order they go. */
  private readonly wanted = new Map<string, Order>();
  private bell = () => {};

  constructor(world: FilesWorld, signal: AbortSignal) {
    this.world = world;
    this.signal = signal;
  }

  /** See `Uplink.sendFile`. */
  order(file: KeptFile, from: number): void {
    const { id, bytes } = file;
    if (from >= bytes) throw new Fault('snapshots.offset', { id, from, bytes });
    if (this.isHeld(id)) throw new Fault('uplink.refused', { reason: 'files', reason_code: 0x87 });
    if (this.room(file) < 1)
      throw new Fault('uplink.too-large', {
        bytes: headOf(this.world.gateway, file).length,
        limit: this.world.channel.limits.maximum_packet,
      });
    if (this.wanted.size >= MOST_WANTED && !this.wanted.has(id))
      throw new Fault('snapshots.sending', { waiting: this.wanted.size });
    // Who asks again has lost what came before, or has more of it: his word counts from now on.
    this.wanted.set(id, { file, at: from });
    this.bell();
  }

  /** Ends with the connection. */
  async run(): Promise<void> {
    while (!this.signal.aborted) {
      const [order] = this.wanted.values();
      if (order) await this.sendChunk(order);
      else await this.rung();
    }
  }

  private async sendChunk(order: Order): Promise<void> {
    const { file, at } = order;
    const { files, pump, log, settings } = this.world;
    try {
      const data = await files?.read(file.id, at, this.room(file));
      if (!data?.length) throw new Fault('snapshots.unknown', { id: file.id });
      const last = at + data.length === file.bytes;
      await unlessAborted(
        pump.spare(() => this.publish(file, { at, data, last })),
        this.signal,
      );
      order.at += data.length;
      if (last) this.done(order);
    } catch (error) {
      if (this.signal.aborted) return;
      const fault = asFault(error);
      log.warn({ uplink: settings.id, file: file.id, at, fault }, 'a file was not sent to its end');
      this.done(order);
    }
  }

  private async publish(
    file: KeptFile,
    { at, data, last }: { readonly at: number; readonly data: Uint8Array; readonly last: boolean },
  ): Promise<void> {
    const { topics, channel, grudges, gateway } = this.world;
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
    const payload = textOf(messageOf(gateway, file, { offset: at, data: text, last }));
    try {
      await channel.publish({ topic: topics.file(file.id), payload, qos: 1, retain: false });
      grudges.taken(this.name);
    } catch (error) {
      const fault = asFault(error);
      if (fault.code === 'uplink.refused')
        grudges.refused(this.name, reasonName(Number(fault.facts.reason_code)));
      throw fault;
    }
  }

  /** An order that was given meanwhile stays. */
  private done(order: Order): void {
    if (this.wanted.get(order.file.id) === order) this.wanted.delete(order.file.id);
  }

  /** The broker refuses files, or has closed connections over this one. */
  private isHeld(id: string): boolean {
    const { grudges, topics } = this.world;
    return grudges.holds(this.name) || grudges.holds(topics.file(id));
  }

  /** All files share one grudge: who may not publish one may publish none. */
  private get name(): string {
    return this.world.topics.file('+');
  }

  /** Bytes of a file that fit into a message. */
  private room(file: KeptFile): number {
    const { topics, channel, settings, gateway } = this.world;
    const limit = Math.min(channel.limits.maximum_packet, settings.maximum_packet);
    const room = Math.min(CHUNK_BYTES, payloadRoom(topics.file(file.id), limit));
    return Math.floor((room - headOf(gateway, file).length) / 4) * 3;
  }

  /** Until something is wanted, or the connection ends. */
  private rung(): Promise<void> {
    return new Promise((resolve) => {
      const ring = () => {
        this.signal.removeEventListener('abort', ring);
        resolve();
      };
      this.bell = ring;
      this.signal.addEventListener('abort', ring, { once: true });
    });
  }
}

const messageOf = (
  gateway: string,
  { id, type, bytes: size, sha256 }: KeptFile,
  piece: Pick<FileMessage, 'offset' | 'data' | 'last'>,
): FileMessage => ({ v: 1, gateway, id, type, size, sha256, ...piece });

/** All of a message but its bytes, at its longest. */
const headOf = (gateway: string, file: KeptFile): Uint8Array =>
  textOf(messageOf(gateway, file, { offset: file.bytes, data: '', last: false }));
