import { createHash } from 'node:crypto';
import type { FileKeeper, FileLabel, GivenFile, HealthSink, KeptFile, Log } from '../contracts/index.ts';
import { Fault, isFault } from '../faults/index.ts';
import { LARGEST_FILE } from '../model/index.ts';
import { type Folder, oneAtATime } from './folder.ts';
import { labelIn, namesOf, Ring, sortOut, unfinished } from './ring.ts';

/** So many may wait for the disk, and so many bytes of them. */
const MOST_WAITING = 8;
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
/** Ids of those that made room, that are told from ids that never were. */
const REMEMBERED = 1000;
/** No label is as long. */
const LONGEST_LABEL = 16 * 1024;

export interface KeeperWorld {
  readonly folder: Folder;
  readonly quota_bytes: number;
  readonly health: HealthSink;
  readonly log: Log;
}

/** The ring on a disk. It looks into its folder when it is first needed, and again until that works. */
export const openKeeper = (world: KeeperWorld): FileKeeper => new DiskKeeper(world);

class DiskKeeper implements FileKeeper {
  private readonly world: KeeperWorld;
  private readonly folder: Folder;
  private readonly evicted = new Set<string>();
  private ring: Ring;
  private begun: Promise<void> | undefined;
  private writing: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private waitingBytes = 0;
  private closed = false;

  constructor(world: KeeperWorld) {
    this.world = world;
    this.folder = oneAtATime(world.folder);
    this.ring = new Ring(world.quota_bytes);
  }

  async keep(file: GivenFile, label: FileLabel): Promise<KeptFile> {
    this.assertOpen();
    const bytes = file.bytes.length;
    const most = Math.min(LARGEST_FILE, this.ring.room);
    if (bytes > most) throw new Fault('snapshots.too-large', { bytes, most });
    if (this.waiting >= MOST_WAITING || this.waitingBytes + bytes > MOST_WAITING_BYTES) {
      const { waiting } = this;
      this.world.health.raise('snapshots-failing', '', `${waiting} wait for the disk`);
      throw new Fault('snapshots.busy', { waiting });
    }
    this.waiting += 1;
    this.waitingBytes += bytes;
    const turn = this.writing.then(() => this.write(file, label));
    this.writing = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.waiting -= 1;
      this.waitingBytes -= bytes;
    }
  }

  async list(): Promise<readonly KeptFile[]> {
    this.assertOpen();
    await this.begin();
    return this.ring.files;
  }

  async find(id: string): Promise<KeptFile> {
    this.assertOpen();
    await this.begin();
    const file = this.ring.find(id);
    if (file) return file;
    throw new Fault(this.evicted.has(id) ? 'snapshots.evicted' : 'snapshots.unknown', { id });
  }

  async read(id: string, from: number, most: number): Promise<Uint8Array> {
    const file = await this.find(id);
    const wanted = Math.max(0, Math.min(most, file.bytes - from));
    if (wanted === 0) return new Uint8Array(0);
    const part = await this.disk(() =>
      this.folder.part(namesOf(file).data, from, wanted).catch(async (error: unknown) => {
        // It may have made room meanwhile.
        await this.find(id);
        throw error;
      }),
    );
    if (part.length < wanted) throw new Fault('snapshots.damaged', { id });
    return part;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.writing;
  }

  private assertOpen(): void {
    if (this.closed) throw new Fault('snapshots.closed');
  }

  private begin(): Promise<void> {
    this.begun ??= this.look().catch((error) => {
      this.begun = undefined;
      throw error;
    });
    return this.begun;
  }

  /** What earlier runs have kept, and what a power cut has left of a write. */
  private async look(): Promise<void> {
    const { folder } = this;
    await this.disk(async () => {
      await folder.make();
      const { pairs, leftovers } = sortOut(await folder.names());
      const files: KeptFile[] = [];
      const damaged: string[] = [];
      for (const names of pairs) {
        const file = await this.labelled(names);
        if (file) files.push(file);
        else damaged.push(names.data, names.label);
      }
      for (const name of [...leftovers, ...damaged]) await folder.remove(name);
      if (damaged.length > 0)
        this.world.log.warn({ files: damaged.slice(0, 10) }, 'pictures were damaged, and are removed');
      this.ring = new Ring(this.world.quota_bytes, files);
      // The quota may have been lowered.
      await this.makeRoom(0);
    });
  }

  private async labelled(names: {
    readonly data: string;
    readonly label: string;
  }): Promise<KeptFile | undefined> {
    try {
      const { folder } = this;
      if ((await folder.size(names.label)) > LONGEST_LABEL) return undefined;
      return labelIn(await folder.text(names.label), names, await folder.size(names.data));
    } catch {
      // Where the disk cannot be read: it is lost, and must not cost the others.
      return undefined;
    }
  }

  private async write(file: GivenFile, label: FileLabel): Promise<KeptFile> {
    await this.begin();
    const { folder } = this;
    const { type, bytes } = file;
    const number = this.ring.next;
    this.ring.spend(number);
    const names = namesOf({ number, id: label.id, type });
    try {
      return await this.disk(async () => {
        await this.makeRoom(bytes.length);
        const sum = createHash('sha256');
        await folder.write(unfinished(names.data), bytes, (piece) => sum.update(piece));
        const { id, device, ref, stamp, unix_ms, clock } = label;
        const about = { id, number, device, ref, stamp, unix_ms, clock };
        const kept: KeptFile = { ...about, type, bytes: bytes.length, sha256: sum.digest('hex') };
        await folder.write(unfinished(names.label), Buffer.from(`${JSON.stringify(kept)}\n`));
        // The picture gets its name last: one without a label, or a label without one, is cleared away at the next start.
        await folder.rename(unfinished(names.label), names.label);
        await folder.rename(unfinished(names.data), names.data);
        await folder.flush();
        this.ring.add(kept);
        this.world.health.clear('snapshots-failing', '');
        return kept;
      });
    } catch (error) {
      for (const name of [names.data, names.label].flatMap((one) => [one, unfinished(one)]))
        await folder.remove(name).catch(() => {});
      throw error;
    }
  }

  private async makeRoom(bytes: number): Promise<void> {
    for (const file of this.ring.toMakeRoom(bytes)) {
      this.ring.drop(file);
      this.remember(file.id);
      const { data, label } = namesOf(file);
      await this.folder.remove(data);
      await this.folder.remove(label);
    }
  }

  private remember(id: string): void {
    this.evicted.add(id);
    const [oldest] = this.evicted;
    if (this.evicted.size > REMEMBERED && oldest !== undefined) this.evicted.delete(oldest);
  }

  /** What the disk says against it is told, and ends with the next one that it takes. */
  private async disk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isFault(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.world.health.raise('snapshots-failing', '', reason);
      throw new Fault('snapshots.disk', { folder: this.folder.path, reason }, { cause: error });
    }
  }
}
