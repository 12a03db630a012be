import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault, isFault } from '../faults/index.ts';

export type Sqlite = Database.Database;

export interface DatabaseSettings {
  readonly file: string;
  /** The product always asks for FULL (see `requireDurable`); NORMAL is there so that a test can show what it loses. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Pages in the log before it is written back. */
  readonly log_pages: number;
  /** SQLite does so by itself; else the caller. */
  readonly auto: boolean;
}

export const PAGE_BYTES = 1024;

/**
 * Opens the file for this process alone: the lock is held until `close` and dies with the process. Page size 1024,
 * because a commit a second is small and a log frame of a larger page costs two blocks of the card.
 */
export function openDatabase(settings: DatabaseSettings): Sqlite {
  let db: Sqlite | undefined;
  try {
    db = new Database(settings.file, { timeout: 100 });
    // Before anything is read, so that the index of the log lives in memory and no -shm file is needed.
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma('auto_vacuum = NONE');
    const mode = db.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') throw new Fault('store.failed', { reason: `SQLite keeps no log here, but ${mode}` });
    db.pragma(`synchronous = ${settings.synchronous}`);
    db.pragma('mmap_size = 0');
    db.pragma('cache_size = -4000');
    db.pragma('temp_store = MEMORY');
    db.pragma(`wal_autocheckpoint = ${settings.auto ? settings.log_pages : 0}`);
    // The log is reused from its beginning; after a burst it is cut back to what a checkpoint needs.
    db.pragma(`journal_size_limit = ${settings.log_pages * (PAGE_BYTES + 24) * 2}`);
    db.exec('BEGIN EXCLUSIVE; COMMIT');
    // Left by a reader (see `inspect`, or a technician's shell). Only now is it certain that nobody uses it.
    rmSync(`${settings.file}-shm`, { force: true });
    return db;
  } catch (error) {
    db?.close();
    throw diskFault(error, settings.file);
  }
}

/** How many pages the log has, and how many of them are written back; with PASSIVE it is written back first. */
export function logPages(db: Sqlite, mode: 'NOOP' | 'PASSIVE') {
  // The row of this pragma.
  const [row] = db.pragma(`wal_checkpoint(${mode})`) as { log: number; checkpointed: number }[];
  return row ?? { log: 0, checkpointed: 0 };
}

/** The oldest SQLite without the WAL-reset bug, in which a checkpoint can lose what another connection wrote. */
const OLDEST_SQLITE = [3, 51, 3] as const;
const FULL = 2;

export interface Durability {
  readonly sqlite: string;
  /** As SQLite reads it back: 0 OFF, 1 NORMAL, 2 FULL. */
  readonly synchronous: number;
}

export function durability(db: Sqlite): Durability {
  const version = db.prepare('SELECT sqlite_version()').pluck().get();
  return { sqlite: String(version), synchronous: Number(db.pragma('synchronous', { simple: true })) };
}

/** Refuses a database that can lose what it said was stored: store.sqlite-version, store.not-durable. */
export function requireDurable({ sqlite, synchronous }: Durability): void {
  const parts = sqlite.split('.').map(Number);
  const difference = OLDEST_SQLITE.map((least, index) => (parts[index] ?? 0) - least).find(Boolean) ?? 0;
  if (difference < 0) {
    throw new Fault('store.sqlite-version', { got: sqlite, expected: OLDEST_SQLITE.join('.') });
  }
  if (synchronous !== FULL) throw new Fault('store.not-durable', { got: synchronous });
}

/** SQLite's code of a thrown error, '' for anything else. */
export const sqliteCode = (error: unknown): string =>
  error instanceof Database.SqliteError ? error.code : '';

/** The content makes no sense, or a part of it cannot be read any more, as opposed to a disk that does not take what is written. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB|ERROR|SCHEMA|FORMAT|IOERR_(READ|SHORT_READ|CORRUPTFS))/.test(sqliteCode(error));

/** What SQLite threw, as a Fault: store.in-use, or store.failed with the facts `sqlite` and `damaged`. Faults pass. */
export function diskFault(error: unknown, file: string): unknown {
  if (isFault(error)) return error;
  const code = sqliteCode(error);
  if (!code) return error;
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return new Fault('store.in-use', { file }, { cause: error });
  const text = error instanceof Error ? error.message : '';
  const facts = { reason: `${text} (${code})`, sqlite: code, damaged: isDamage(error) };
  return new Fault('store.failed', facts, { cause: error });
}
