import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileLabel, GivenFile } from '../../src/contracts/index.ts';
import { uuid7 } from '../../src/model/index.ts';
import { type Folder, openFolder } from '../../src/snapshots/folder.ts';
import { openKeeper } from '../../src/snapshots/index.ts';
import { quietLog } from './quiet.ts';
import { PlainHealth } from './uplink-world.ts';

export const MB = 1024 * 1024;

/** A picture that is like no other: its first bytes are those of a JPEG. */
export function picture(seed: number, bytes = 1000): GivenFile {
  // As long as no piece of a file is, so that none stands for another.
  const pattern = Buffer.from(
    Array.from({ length: 1021 }, (_, at) => (seed * 31 + at * 7 + (at >> 8)) & 0xff),
  );
  const body = Buffer.alloc(bytes, pattern);
  body.set([0xff, 0xd8, 0xff, 0xe0].slice(0, bytes));
  return { type: 'image/jpeg', bytes: body };
}

export const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const idOf = (nr: number): string => uuid7(1_800_000_000_000 + nr, Buffer.alloc(10, nr));

export const labelOf = (nr: number): FileLabel => ({
  ...{ id: idOf(nr), device: 'cam-1', ref: `alarm-${nr}`, stamp: { boot: 'boot-1', up: 1000 + nr } },
  ...{ unix_ms: 1_800_000_000_000 + nr, clock: 'synced' },
});

/** A ring in a folder of real files; `disk` may stand between. */
export function ring(path: string, quota_bytes = MB, disk: (folder: Folder) => Folder = (folder) => folder) {
  const health = new PlainHealth();
  const folder = disk(openFolder(path));
  return { health, keeper: openKeeper({ folder, quota_bytes, health, log: quietLog }) };
}

/** What lies in the folder, by name. */
export const lying = (path: string): Readonly<Record<string, Buffer>> =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));

/** Counts every step that changes the disk; at step `at` the power goes: what was written then is torn, and nothing works afterwards. */
export function powerCut(at: number): {
  readonly disk: (folder: Folder) => Folder;
  readonly steps: () => number;
} {
  let steps = 0;
  const gone = () => {
    throw new Error('the power is gone');
  };
  const step = async <T>(whole: () => Promise<T>, torn: () => Promise<unknown> = async () => {}) => {
    steps += 1;
    if (steps < at) return whole();
    if (steps === at) await torn();
    return gone();
  };
  const alive = <T>(work: () => Promise<T>) => (steps >= at ? Promise.resolve().then(gone) : work());
  return {
    steps: () => steps,
    disk: (folder) => ({
      path: folder.path,
      make: () => alive(() => folder.make()),
      names: () => alive(() => folder.names()),
      size: (name) => alive(() => folder.size(name)),
      text: (name) => alive(() => folder.text(name)),
      part: (name, from, most) => alive(() => folder.part(name, from, most)),
      write: (name, bytes, seen) =>
        step(
          () => folder.write(name, bytes, seen),
          () => folder.write(name, bytes.subarray(0, Math.floor(bytes.length / 2))),
        ),
      rename: (from, to) => step(() => folder.rename(from, to)),
      remove: (name) => step(() => folder.remove(name)),
      flush: () => step(() => folder.flush()),
    }),
  };
}

/** A disk that waits at every write until it is let go. */
export function stalled(): { readonly disk: (folder: Folder) => Folder; readonly go: () => void } {
  let go = () => {};
  const open = new Promise<void>((resolve) => {
    go = resolve;
  });
  return {
    go: () => go(),
    disk: (folder) => ({
      ...folder,
      write: async (name, bytes, seen) => {
        await open;
        return folder.write(name, bytes, seen);
      },
    }),
  };
}
