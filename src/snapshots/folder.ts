import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder of files of our own, as far as the ring needs it. What the file system says comes as it says it. */
export interface Folder {
  readonly path: string;
  /** Makes it, where it is not there. */
  make(): Promise<void>;
  names(): Promise<readonly string[]>;
  size(name: string): Promise<number>;
  text(name: string): Promise<string>;
  /** A new file, on the disk when it resolves. `seen` gets the bytes piece by piece, so that whoever sums them up holds nobody up for long. */
  write(name: string, bytes: Uint8Array, seen?: (piece: Uint8Array) => void): Promise<void>;
  /** Bytes of a file from there on; fewer where it ends. */
  part(name: string, from: number, most: number): Promise<Uint8Array>;
  rename(from: string, to: string): Promise<void>;
  /** It may be gone already. */
  remove(name: string): Promise<void>;
  /** Names are as durable as their folder. */
  flush(): Promise<void>;
}

const PIECE_BYTES = 64 * 1024;

/** Only this user reads what cameras saw. */
export function openFolder(path: string): Folder {
  const at = (name: string) => join(path, name);
  return {
    path,
    make: async () => void (await mkdir(path, { recursive: true, mode: 0o700 })),
    names: () => readdir(path),
    size: async (name) => (await stat(at(name))).size,
    text: (name) => readFile(at(name), 'utf8'),
    write: async (name, bytes, seen = () => {}) => {
      const file = await open(at(name), 'w', 0o600);
      try {
        for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
          const piece = bytes.subarray(from, from + PIECE_BYTES);
          seen(piece);
          await file.writeFile(piece);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    },
    part: async (name, from, most) => {
      const file = await open(at(name), 'r');
      try {
        const bytes = new Uint8Array(most);
        const { bytesRead } = await file.read(bytes, 0, most, from);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    rename: (from, to) => rename(at(from), at(to)),
    remove: (name) => rm(at(name), { force: true }),
    flush: async () => {
      const folder = await open(path, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
  };
}

/**
 * The same, one call at a time: a disk that stalls holds one thread of the process's pool, never those through which serial ports write.
 */
export function oneAtATime(folder: Folder): Folder {
  let last: Promise<unknown> = Promise.resolve();
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
  return {
    path: folder.path,
    make: () => next(() => folder.make()),
    names: () => next(() => folder.names()),
    size: (name) => next(() => folder.size(name)),
    text: (name) => next(() => folder.text(name)),
    write: (name, bytes, seen) => next(() => folder.write(name, bytes, seen)),
    part: (name, from, most) => next(() => folder.part(name, from, most)),
    rename: (from, to) => next(() => folder.rename(from, to)),
    remove: (name) => next(() => folder.remove(name)),
    flush: () => next(() => folder.flush()),
  };
}
