import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { EventEntry } from '../model/index.ts';
import { openPart } from '../model/index.ts';
import { Boots } from './boots.ts';
import { CHECKED_TABLES, type CheckedTable, isChecked, type Value, writer } from './checked.ts';
import { openDatabase, type Sqlite } from './database.ts';
import { withHeader } from './header.ts';
import { openReadonly } from './inspect.ts';
import type { Mark } from './mark.ts';
import { Meta } from './meta.ts';
import { findRows } from './pages.ts';
import { epochOf, openRows, type Row, seqOf } from './rows.ts';
import { MIGRATIONS, migrate, schemaOf } from './schema.ts';
import { unpack } from './segment.ts';
import { sumOf } from './sum.ts';

export interface Salvaged {
  readonly kept: number;
  /** Undefined when the file itself was sound. */
  readonly bad_file?: string;
  readonly reason: string;
}

/** Damaged files that are kept beside the store. */
const KEPT_BAD_FILES = 2;
const PARTS = ['', '-wal', '-shm', '-journal'];
/** What a reader left; it is nobody's any more. */
const INDEX = '-shm';

/**
 * Builds a new database of what can be read of a damaged one, then puts it in its place; the damaged one stays beside it. Rows keep
 * their keys. A power cut on the way leaves either the damaged file, and all begins again, or the finished new one (`finishSalvage`).
 */
export function salvage(file: string, reason: string, mark: Mark | undefined): Salvaged {
  const fresh = `${file}.salvage`;
  for (const part of PARTS) rmSync(`${fresh}${part}`, { force: true });
  // It may be gone altogether; then there is only its log.
  closeSync(openSync(file, 'a', 0o600));
  const bad_file = nextBadFile(file);
  const db = openDatabase({ file: fresh, synchronous: 'FULL', log_pages: 1000, auto: true });
  let kept = 0;
  try {
    kept = fill(db, file);
    if (mark) rememberEpoch(db, mark);
    const told: Salvaged = { kept, bad_file, reason };
    new Meta(db).put('salvaged', JSON.stringify(told));
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
  rmSync(`${file}${INDEX}`, { force: true });
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

/** The epoch that was written last, even if no row of it is left. */
function rememberEpoch(db: Sqlite, { epoch }: Mark): void {
  const known = db.prepare('SELECT idx, epoch FROM epochs ORDER BY idx').all();
  // The shape of the rows is what was selected.
  const epochs = known as { idx: number; epoch: string }[];
  if (!epochs.some((one) => one.epoch === epoch))
    writer(db, 'epochs')((epochs.at(-1)?.idx ?? 0) + 1, epoch, null);
}

function fill(fresh: Sqlite, file: string): number {
  const repaired = `${file}.repaired`;
  const old = tryReading(file) ?? tryReading(withHeader(file, repaired));
  try {
    const schema = attempt(() => (old ? schemaOf(old) : 0)) ?? 0;
    migrate(
      fresh,
      file,
      schema >= 1 && schema <= MIGRATIONS.length ? MIGRATIONS.slice(0, schema) : MIGRATIONS,
    );
    if (old) for (const table of CHECKED_TABLES) copyTable(old, fresh, table);
  } finally {
    old?.close();
    for (const part of PARTS) rmSync(`${repaired}${part}`, { force: true });
  }
  return copyRows(fresh, file);
}

/** Copies each row that is as it was written; what a version to come has added to a row goes with the version. */
function copyTable(old: Sqlite, fresh: Sqlite, table: CheckedTable): void {
  const put = writer(fresh, table);
  // The schema is the new file's own, and its migration has noted it.
  const isOurs = (row: readonly Value[]) => table === 'meta' && row[0] === 'schema';
  attempt(() => {
    fresh.transaction(() => {
      // Up to where the damage is; what was copied before it stays.
      attempt(() => {
        const rows = old.prepare(`SELECT * FROM ${table}`).raw().iterate();
        // Raw rows are arrays of what SQLite knows; a sum that holds says that they are ours.
        for (const row of rows as IterableIterator<Value[]>)
          if (isChecked(table, row) && !isOurs(row)) attempt(() => put(...row.slice(0, -1)));
      });
    })();
  });
}

/** Rows in one transaction: the log of the new file stays short. */
const AT_ONCE = 1000;

function copyRows(fresh: Sqlite, file: string): number {
  const rows = openRows(fresh);
  const boots = new Boots(fresh);
  const clocks: EventEntry[] = [];
  const addEpoch = fresh.prepare('INSERT OR IGNORE INTO epochs VALUES (?, ?, NULL, ?)');
  const epochs = new Set<number>();
  const numbers = new Map<number, number>();
  /** The new file's number of a row's boot; the row's body knows its name where the table of boots is lost. */
  const bootOf = (row: Row): number => {
    const number = numbers.get(row.boot) ?? boots.indexOf(boots.name(row.boot) || unpack(row.body).boot);
    numbers.set(row.boot, number);
    return number;
  };
  let kept = 0;
  const insert = (row: Row) => {
    const epoch = epochOf(row.id);
    const name = row.epoch.toString('hex');
    if (!epochs.has(epoch)) addEpoch.run(epoch, name, sumOf('epochs', [epoch, name, null]));
    epochs.add(epoch);
    const packed = { ...row, first: seqOf(row.id), boot: '' };
    const place = { name: row.epoch, at: row.at, boot: bootOf(row) };
    if (!rows[row.lane].insertOnce(epoch, packed, place)) return;
    kept += row.n;
    if (row.lane !== 'a') return;
    for (const record of openPart(unpack(row.body), 'a', name))
      if (record.kind === 'clock') clocks.push(record);
  };
  const insertAll = fresh.transaction((some: readonly Row[]) => some.forEach(insert));
  let some: Row[] = [];
  for (const row of findRows(file)) {
    some.push(row);
    if (some.length < AT_ONCE) continue;
    insertAll(some);
    some = [];
  }
  fresh.transaction(() => {
    insertAll(some);
    // In order, as they were learnt; those that were copied with their boots are learnt once more, to the same effect.
    clocks.sort((x, y) => x.stamp.up - y.stamp.up);
    for (const clock of clocks) boots.learn(clock);
  })();
  return kept;
}

/** The damaged database as a database, if it is one at all. One that is empty would only lose its log by being looked at. */
function tryReading(file: string | undefined): Sqlite | undefined {
  return attempt(() => {
    if (file === undefined || statSync(file).size === 0) return undefined;
    const db = openReadonly(file);
    const read = attempt(() => schemaOf(db));
    if (read === undefined) db.close();
    return read === undefined ? undefined : db;
  });
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
