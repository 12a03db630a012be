import type { Sqlite } from './database.ts';
import { sumOf } from './sum.ts';

/** The small tables; the last column of each is the sum of the others. */
export const CHECKED_TABLES = [
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
  'audit',
] as const;
export type CheckedTable = (typeof CHECKED_TABLES)[number];

export type Value = string | number | null;

/** Writes rows of a small table with their sums; a row of the same key is replaced. */
export function writer(db: Sqlite, table: CheckedTable): (...values: readonly Value[]) => void {
  const columns = db.prepare(`SELECT * FROM ${table}`).columns().length;
  const put = db.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${Array(columns).fill('?').join(', ')})`);
  return (...values) => void put.run(...values, sumOf(table, values));
}

export const isChecked = (table: CheckedTable, row: readonly unknown[]): boolean =>
  sumOf(table, row.slice(0, -1)) === row.at(-1);

/** The first small table that holds a row which is not as it was written. (The audit is not small, and its chain tells more than a sum: `audit verify`.) */
export function spoiltTable(db: Sqlite): CheckedTable | undefined {
  return CHECKED_TABLES.find((table) => {
    if (table === 'audit') return false;
    const rows = db.prepare(`SELECT * FROM ${table}`).raw().iterate();
    // Raw rows are arrays.
    for (const row of rows as IterableIterator<unknown[]>) if (!isChecked(table, row)) return true;
    return false;
  });
}
