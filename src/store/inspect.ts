import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { spoiltTable } from './checked.ts';
import { diskFault, isDamage, type Sqlite } from './database.ts';
import type { Mark } from './mark.ts';
import { MIGRATIONS, refuseNewer, schemaOf } from './schema.ts';
import { readWal } from './wal.ts';
import { brokenSeqs } from './whole.ts';

/** What lies where the store should be. Looking changes nothing in it. */
export type Found = 'absent' | 'good' | { readonly damage: string };

/**
 * Faults: store.newer-schema, store.in-use, store.failed when the disk does not answer. A file that is damaged is not a fault: it is salvaged.
 */
export function inspect(file: string, mark: Mark | undefined): Found {
  if (!existsSync(file) || statSync(file).size === 0) return lostFile(file, mark);
  try {
    rollBack(file);
    const db = openReadonly(file);
    try {
      const damage = damageOf(db, file, mark);
      return damage === undefined ? 'good' : { damage };
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamage(error)) return { damage: error instanceof Error ? error.message : String(error) };
    throw diskFault(error, file);
  }
}

/** Nothing is there. Was there something? A log is only written behind a file that is not empty, and a mark behind a log. */
function lostFile(file: string, mark: Mark | undefined): Found {
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (!mark && log === 0) return 'absent';
  return { damage: existsSync(file) ? 'it is empty' : 'it is gone' };
}

/**
 * A file is made with a rollback journal, before it gets its log. If the power went just then the journal is left, and only a writer may
 * take it back.
 */
function rollBack(file: string): void {
  if (!existsSync(`${file}-journal`)) return;
  const db = new Database(file, { timeout: 100 });
  try {
    schemaOf(db);
  } finally {
    db.close();
  }
}

export function openReadonly(file: string): Sqlite {
  try {
    return new Database(file, { readonly: true, fileMustExist: true, timeout: 100 });
  } catch (error) {
    throw diskFault(error, file);
  }
}

function damageOf(db: Sqlite, file: string, mark: Mark | undefined): string | undefined {
  const schema = schemaOf(db);
  const tables = Number(db.prepare('SELECT count(*) FROM sqlite_master').pluck().get());
  // The power went while the file was being made: nothing was ever stored in it.
  if (tables === 0 && schema === 0) return mark && 'its tables are gone';
  const noted = db.prepare(`SELECT value FROM meta WHERE name = 'schema'`).pluck().get();
  if (Number(noted) !== schema) return `its header says schema ${schema}, its content ${noted}`;
  refuseNewer(schema, file, MIGRATIONS);
  const wal = readWal(file);
  if (wal.damaged) return 'its log is spoilt in the middle';
  const mode = String(db.pragma('journal_mode', { simple: true }));
  if (wal.frames.length > 0 && mode !== 'wal') return `it has a log, but says its journal mode is ${mode}`;
  const verdict = String(db.pragma('quick_check(1)', { simple: true }));
  if (verdict !== 'ok') return verdict;
  const spoilt = spoiltTable(db);
  return spoilt ? `a row of ${spoilt} is not as it was written` : brokenSeqs(db);
}
