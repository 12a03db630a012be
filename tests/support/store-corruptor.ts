import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { readWal } from '../../src/store/wal.ts';

/** A way to spoil a database, and the part of it that may not be readable any more. */
export interface Harm {
  readonly name: string;
  /** Records that may be lost, of a thousand; with `places`, for each of them. */
  readonly may_lose: number;
  /** Only for a store that was stopped in the middle of its work. */
  readonly log?: true;
  /** Gives how many places it has spoilt, where that counts. */
  do(file: string, chance: () => number): unknown;
}

const PAGE = 1024;
const FRAME = PAGE + 24;
const within = (chance: () => number, count: number): number => Math.floor(chance() * count);

function write(file: string, at: number, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}

function flip(
  file: string,
  chance: () => number,
  range: { readonly from: number; readonly to: number },
): number {
  const places = 1 + within(chance, 8);
  for (let count = places; count > 0; count -= 1) {
    const at = range.from + within(chance, range.to - range.from);
    const byte = readFileSync(file)[at] ?? 0;
    write(file, at, Uint8Array.of(byte ^ (1 + within(chance, 255))));
  }
  return places;
}

const garbage = (chance: () => number, length: number) =>
  Uint8Array.from({ length }, () => within(chance, 256));

/**
 * Bytes of the log before its last transaction. What stands in the last one cannot be told from a transaction that the power cut off before it
 * was synced, so a disk that takes that back is one that lies, which no store can find (see the control of SF-1).
 */
function settledLog(file: string) {
  const { frames } = readWal(file);
  const ends = frames.flatMap(({ commit }, index) => (commit ? [index] : []));
  const last = ends.at(-2) ?? 0;
  return { from: 32, to: 32 + last * FRAME };
}

export const HARMS: readonly Harm[] = [
  {
    // One byte costs the segments of its page.
    name: 'bytes flipped',
    may_lose: 40,
    do: (file, chance) => flip(file, chance, { from: 0, to: statSync(file).size }),
  },
  {
    name: 'bytes of the log flipped',
    may_lose: 300,
    log: true,
    do: (file, chance) => {
      flip(`${file}-wal`, chance, settledLog(file));
    },
  },
  {
    name: 'bytes of small tables flipped',
    may_lose: 0,
    do: (file, chance) => {
      const bytes = readFileSync(file);
      const at = ['"main"', 'mainac', 'machine-1', 'connect_id', '[[1,', 'boot-1'].map((text) =>
        bytes.indexOf(text),
      );
      const found = at.filter((one) => one > 0);
      const from = found[within(chance, found.length)] ?? 0;
      flip(file, chance, { from, to: from + 24 });
    },
  },
  {
    name: 'pages zeroed',
    may_lose: 200,
    do: (file, chance) => {
      const pages = Math.floor(statSync(file).size / PAGE);
      const count = 1 + within(chance, 4);
      write(file, within(chance, Math.max(1, pages - count)) * PAGE, new Uint8Array(count * PAGE));
    },
  },
  {
    name: 'a page written over another',
    may_lose: 200,
    do: (file, chance) => {
      const pages = Math.floor(statSync(file).size / PAGE);
      const from = within(chance, pages) * PAGE;
      write(file, within(chance, pages) * PAGE, readFileSync(file).subarray(from, from + PAGE));
    },
  },
  {
    name: 'truncated',
    may_lose: 1000,
    do: (file, chance) => truncateSync(file, 1 + within(chance, statSync(file).size)),
  },
  { name: 'garbage for a header', may_lose: 0, do: (file, chance) => write(file, 0, garbage(chance, 100)) },
  {
    name: 'garbage for the first pages',
    may_lose: 200,
    do: (file, chance) => write(file, 0, garbage(chance, 3 * PAGE)),
  },
  {
    name: 'garbage for everything',
    may_lose: 1000,
    do: (file, chance) => write(file, 0, garbage(chance, statSync(file).size)),
  },
  { name: 'its log missing', may_lose: 1000, log: true, do: (file) => rmSync(`${file}-wal`) },
  { name: 'emptied', may_lose: 1000, do: (file) => truncateSync(file, 0) },
  {
    name: 'emptied, and its log too',
    may_lose: 1000,
    do: (file) => {
      for (const one of [file, `${file}-wal`]) if (existsSync(one)) truncateSync(one, 0);
    },
  },
  {
    name: 'removed, with its log',
    may_lose: 1000,
    do: (file) => {
      for (const one of [file, `${file}-wal`]) if (existsSync(one)) rmSync(one);
    },
  },
];
