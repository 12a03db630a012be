import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { EventEntry } from '../model/index.ts';
import { openPart } from '../model/index.ts';
import { Boots } from './boots.ts';
import { openDatabase, type Sqlite } from './database.ts';
import { openReadonly } from './inspect.ts';
import { findRows } from './pages.ts';
import { epochOf, openRows } from './rows.ts';
import { MIGRATIONS, migrate, schemaOf } from './schema.ts';

export interface Salvaged {
  readonly kept: number;
  readonly bad_file: string;
  readonly reason: string;
}

/** Damaged files that are kept beside the store. */
const KEPT_BAD_FILES = 2;
const PARTS = ['', '-wal', '-shm', '-journal'];

/**
 * Builds a new database of what can be read of a damaged one, then puts it in its place; the damaged one stays beside it. Rows keep
 * their keys. A power cut on the way leaves either the damaged file, and all begins again, or the finished new one (`finishSalvage`).
 */
export function salvage(file: string, reason: string): Salvaged {
  const fresh = `${file}.salvage`;
  for (const part of PARTS) rmSync(`${fresh}${part}`, { force: true });
  const bad_file = nextBadFile(file);
  const db = openDatabase({ file: fresh, synchronous: 'FULL', checkpoint_pages: 1000 });
  let kept = 0;
  try {
    kept = fill(db, file);
    const told: Salvaged = { kept, bad_file, reason };
    db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run('salvaged', JSON.stringify(told));
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
  for (const part of PARTS)
    if (existsSync(`${file}${part}`)) renameSync(`${file}${part}`, `${bad_file}${part}`);
  finishSalvage(file);
  return { kept, bad_file, reason };
}

/** Puts a salvaged database in its place; it is complete when the damaged one has been moved away. */
export function finishSalvage(file: string): void {
  const fresh = `${file}.salvage`;
  if (existsSync(file) || !existsSync(fresh)) return;
  // A log of the damaged file, if the power went between the two renames, is none of the new one's.
  for (const part of PARTS.slice(1)) rmSync(`${file}${part}`, { force: true });
  renameSync(fresh, file);
  syncFolder(dirname(file));
}

function fill(fresh: Sqlite, file: string): number {
  const old = tryReading(file);
  try {
    const schema = attempt(() => (old ? schemaOf(old) : 0)) ?? 0;
    migrate(
      fresh,
      file,
      schema >= 1 && schema <= MIGRATIONS.length ? MIGRATIONS.slice(0, schema) : MIGRATIONS,
    );
    if (old) for (const table of SMALL_TABLES) copyTable(old, fresh, table);
  } finally {
    old?.close();
  }
  return copyRows(fresh, file);
}

/** In the order of what would be missed most; each row that can be read is copied. */
const SMALL_TABLES = [
  'epochs',
  'boots',
  'acks',
  'state',
  'journal',
  'uplinks',
  'gone',
  'runs',
  'quarantine',
  'meta',
];

function copyTable(old: Sqlite, fresh: Sqlite, table: string): void {
  attempt(() => {
    const columns = fresh.prepare(`SELECT * FROM ${table}`).columns().length;
    const insert = fresh.prepare(
      `INSERT OR REPLACE INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`,
    );
    fresh.transaction(() => {
      // Up to where the damage is; what was copied before it stays.
      attempt(() => {
        for (const row of old.prepare(`SELECT * FROM ${table}`).raw().iterate())
          attempt(() => insert.run(row));
      });
    })();
  });
}

function copyRows(fresh: Sqlite, file: string): number {
  const rows = openRows(fresh);
  const boots = new Boots(fresh);
  const clocks: EventEntry[] = [];
  const addEpoch = fresh.prepare('INSERT OR IGNORE INTO epochs VALUES (?, ?, NULL)');
  let kept = 0;
  fresh.transaction(() => {
    for (const row of findRows(file)) {
      const epoch = epochOf(row.id);
      addEpoch.run(epoch, row.epoch);
      const packed = { ...row, first: row.part.first, boot: row.part.boot };
      const place = { name: Buffer.from(row.epoch, 'hex'), at: row.at, boot: boots.indexOf(row.part.boot) };
      if (!rows[row.lane].insertOnce(epoch, packed, place)) continue;
      kept += row.n;
      if (row.lane !== 'a') continue;
      for (const record of openPart(row.part, 'a', row.epoch))
        if (record.kind === 'clock') clocks.push(record);
    }
    // In order, as they were learnt; those that were copied with their boots are learnt once more, to the same effect.
    clocks.sort((x, y) => x.stamp.up - y.stamp.up);
    for (const clock of clocks) boots.learn(clock);
  })();
  return kept;
}

/** The damaged database as a database, if it is one at all. */
function tryReading(file: string): Sqlite | undefined {
  return attempt(() => openReadonly(file));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // Damaged is what it is; what cannot be read is told as a gap.
    return undefined;
  }
}

function nextBadFile(file: string): string {
  const name = `${basename(file)}.bad-`;
  const numbers = readdirSync(dirname(file))
    .filter((entry) => entry.startsWith(name) && /^\d+$/.test(entry.slice(name.length)))
    .map((entry) => Number(entry.slice(name.length)))
    .sort((x, y) => x - y);
  for (const old of numbers.slice(0, Math.max(0, numbers.length - KEPT_BAD_FILES + 1))) {
    for (const part of PARTS) rmSync(join(dirname(file), `${name}${old}${part}`), { force: true });
  }
  return join(dirname(file), `${name}${(numbers.at(-1) ?? 0) + 1}`);
}

/** A rename is durable when its folder is. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
