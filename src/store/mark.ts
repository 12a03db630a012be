import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/**
 * What is remembered of the database beside it. SQLite cannot tell a database that was closed from one whose log was taken away, nor a new
 * one from one that was emptied; and a store that goes on from there gives seqs a second time, which a platform takes for repeats and throws away.
 * So the database counts how often its log began anew, and the same count stands here, written later: here it can be behind, but never ahead.
 */
export interface Mark {
  readonly generation: number;
  readonly epoch: string;
  /** Last seq given when this was written. */
  readonly head: number;
  /** Connect ids below this may have been given. */
  readonly connect_id: number;
}

const pathOf = (file: string) => `${file}.mark`;

/** Undefined when there is none, or none that can be believed. */
export function readMark(file: string): Mark | undefined {
  try {
    const [sum, text = ''] = readFileSync(pathOf(file), 'utf8').trimEnd().split('\n');
    // What `writeMark` wrote.
    return Number(sum) === crc32(text) ? (JSON.parse(text) as Mark) : undefined;
  } catch {
    return undefined;
  }
}

/** Never throws: without it, only a loss that should not happen is not found. */
export function writeMark(file: string, mark: Mark): void {
  const text = JSON.stringify(mark);
  try {
    const fd = openSync(`${pathOf(file)}.new`, 'w', 0o600);
    try {
      writeSync(fd, `${crc32(text)}\n${text}\n`);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${pathOf(file)}.new`, pathOf(file));
  } catch {
    // The next one comes with the next log.
  }
}
