import { createHash } from 'node:crypto';
import { type Dirent, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReceivedFile } from '../contracts/index.ts';
import { addRange, LARGEST_FILE, type SeqRange } from '../model/index.ts';
import type { FileMessage } from '../uplink/shapes/index.ts';

/** Files of all gateways that have begun and not ended; of more, the one that was heard of longest ago is given up. */
const MOST_UNDER_WAY = 64;
/** Bytes that wait for the disk. Pieces above that are lost, as on a bad line: who asked for the file asks again. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
/** All files in the folder together; what would come above is not stored. */
const MOST_STORED_BYTES = 1024 * 1024 * 1024;
const SHOWN = 20;
const ENDINGS: ReadonlyMap<string, string> = new Map([
  ['image/jpeg', 'jpg'],
  ['image/png', 'png'],
]);
const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(jpg|png)(\.part)?$/;

interface Whose {
  readonly site: string;
  readonly gateway: string;
}

/** A file that has begun to come. */
interface Coming extends Pick<FileMessage, 'id' | 'type' | 'size' | 'sha256'> {
  readonly path: string;
  /** Bytes that are on the disk, both ends inclusive. */
  ranges: readonly SeqRange[];
  given_up: boolean;
}

interface Ears {
  /** Something came that is not what it says. */
  readonly bad: () => void;
  /** The disk says no. */
  readonly fail: (error: unknown) => void;
}

/**
 * Files that gateways send in pieces, below `ROOT/site/gateway/`. Pieces come in any order and any number of times; a file has its name once all of
 * them are there and their sum is right. What was under way when the receiver ends is forgotten.
 */
export class Files {
  private readonly root: string;
  private readonly ears: Ears;
  private readonly coming = new Map<string, Coming>();
  private readonly stored = new Map<string, ReceivedFile>();
  private working: Promise<void> = Promise.resolve();
  private waitingBytes = 0;
  private storedBytes = 0;

  /** Makes the folder, and clears away what an earlier run has not ended. Throws what the system says. */
  static open(root: string, ears: Ears): Files {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const files = new Files(root, ears);
    for (const site of foldersIn(root))
      for (const gateway of foldersIn(join(root, site))) files.remember(join(root, site, gateway));
    return files;
  }

  private constructor(root: string, ears: Ears) {
    this.root = root;
    this.ears = ears;
  }

  /** Throws when it is not what it should be. */
  take(whose: Whose, piece: FileMessage): void {
    const { id, type, size, sha256, offset } = piece;
    const data = bytesIn(piece);
    const ending = ENDINGS.get(type);
    // A type of a later version.
    if (ending === undefined) return;
    const path = join(this.folderOf(whose), `${id}.${ending}`);
    if (this.stored.has(path)) return;
    const known = this.coming.get(path);
    if (known && (known.size !== size || known.sha256 !== sha256))
      throw new Error(`${id} is another file than it was`);
    if (this.waitingBytes + data.length > MOST_WAITING_BYTES) return;
    if (!known && this.storedBytes + size > MOST_STORED_BYTES) return;
    const file = known ?? { id, type, size, sha256, path, ranges: [], given_up: false };
    // Who was heard of last stands last.
    this.coming.delete(path);
    this.coming.set(path, file);
    this.waitingBytes += data.length;
    this.inTurn(() => this.write(file, offset, data)).finally(() => {
      this.waitingBytes -= data.length;
    });
    const [oldest] = this.coming.values();
    if (oldest && this.coming.size > MOST_UNDER_WAY) this.giveUp(oldest);
  }

  /** Of one gateway, the newest last. */
  view(whose: Whose): readonly ReceivedFile[] {
    const folder = this.folderOf(whose);
    const of = <T>(all: ReadonlyMap<string, T>) =>
      [...all].flatMap(([path, file]) => (dirname(path) === folder ? [file] : []));
    const under = of(this.coming).map(({ id, type, size, ranges }) => ({
      ...{ id, type, size },
      missing_from: firstMissing(ranges),
    }));
    return [...of(this.stored), ...under].slice(-SHOWN);
  }

  /** All that has come is on the disk. */
  close(): Promise<void> {
    return this.working;
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.working.then(work).catch((error) => this.ears.fail(error));
    this.working = turn;
    return turn;
  }

  private async write(file: Coming, offset: number, data: Uint8Array): Promise<void> {
    // What is whole already may come again while it gets its name.
    if (file.given_up || this.stored.has(file.path)) return;
    const { path, size } = file;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const part = await open(`${path}.part`, file.ranges.length === 0 ? 'w' : 'r+', 0o600);
    try {
      await part.write(data, 0, data.length, offset);
      file.ranges = addRange(file.ranges, [offset, offset + data.length - 1]);
      if (!isWhole(file)) return;
      await part.sync();
    } finally {
      await part.close();
    }
    const sum = createHash('sha256')
      .update(await readFile(`${path}.part`))
      .digest('hex');
    if (sum !== file.sha256) {
      // One of its pieces is not what was sent; nobody knows which.
      this.ears.bad();
      this.giveUp(file);
      return;
    }
    await rename(`${path}.part`, path);
    await flush(dirname(path));
    this.stored.set(path, { id: file.id, type: file.type, size });
    this.coming.delete(path);
    this.storedBytes += size;
  }

  private giveUp(file: Coming): void {
    file.given_up = true;
    this.coming.delete(file.path);
    void this.inTurn(() => rm(`${file.path}.part`, { force: true }));
  }

  private remember(folder: string): void {
    for (const name of readdirSync(folder)) {
      const [, id = '', ending = '', part] = NAME.exec(name) ?? [];
      const path = join(folder, name);
      const type = [...ENDINGS].find(([, one]) => one === ending)?.[0];
      if (part !== undefined) rmSync(path, { force: true });
      else if (type !== undefined) {
        const { size } = statSync(path);
        this.stored.set(path, { id, type, size });
        this.storedBytes += size;
      }
    }
  }

  private folderOf({ site, gateway }: Whose): string {
    return join(this.root, nameOf(site), nameOf(gateway));
  }
}

/** The bytes of a piece that fits into its file. */
function bytesIn({ id, size, offset, data, last }: FileMessage): Uint8Array {
  if (size > LARGEST_FILE) throw new Error(`${id} has ${size} bytes; ${LARGEST_FILE} is the most`);
  const bytes = Buffer.from(data, 'base64');
  const end = offset + bytes.length;
  if (end > size) throw new Error(`a piece of ${id} ends at ${end}; the file at ${size}`);
  if (last !== (end === size)) throw new Error(`a piece of ${id} is wrong about being the last`);
  return bytes;
}

const isWhole = ({ ranges, size }: Coming): boolean => firstMissing(ranges) === size;

/** The first byte that is not there. */
function firstMissing(ranges: readonly SeqRange[]): number {
  const [first] = ranges;
  return first?.[0] === 0 ? first[1] + 1 : 0;
}

/** Whatever a topic says, it names one folder below another. */
function nameOf(text: string): string {
  if (text === '') return '-';
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/.test(text)) return text;
  return `-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

const foldersIn = (path: string): readonly string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((one: Dirent) => (one.isDirectory() ? [one.name] : []));

async function flush(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
