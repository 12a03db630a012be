import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The text of a file; when it is not there it is made, whole or not at all: a power cut leaves no half a key, and what was given out
 * once is there after it. Of two processes at once, both get what the first one made.
 */
export function makeOnce(file: string, mode: number, make: () => string): string {
  if (!existsSync(file)) {
    const fresh = `${file}.${process.pid}`;
    rmSync(fresh, { force: true });
    writeFileSync(fresh, make(), { mode, flush: true });
    try {
      linkSync(fresh, file);
    } catch (error) {
      if (!existsSync(file)) throw error;
    }
    flushFolder(dirname(file));
  }
  removeLeftovers(file);
  return readFileSync(file, 'utf8');
}

/** The name of a new file is safe only when its folder is. */
function flushFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** What a power cut in the middle of making has left: a key that nobody uses must not lie about. */
function removeLeftovers(file: string): void {
  const name = `${basename(file)}.`;
  for (const found of readdirSync(dirname(file))) {
    if (found.startsWith(name) && /^\d+$/.test(found.slice(name.length)))
      rmSync(join(dirname(file), found), { force: true });
  }
}
