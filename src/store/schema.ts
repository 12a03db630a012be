import { Fault } from '../faults/index.ts';
import type { Sqlite } from './database.ts';
import { Meta } from './meta.ts';

/**
 * One lane's segments. The key is epoch index × 2^40 + first seq: append-only, and no other index, because an index on
 * anything else costs the card fifteen times the bytes. Lane and epoch stand in each row so that a row tells what it is even
 * when the rest of the file is damaged (salvage). `at` is the store's own age in seconds;
 * `adler` is of the plain text (the wire needs it), `sum` of the whole row as it lies here (the card may spoil it).
 */
const segments = (lane: string) =>
  `CREATE TABLE seg_${lane} (id INTEGER PRIMARY KEY, lane TEXT NOT NULL, epoch BLOB NOT NULL, n INTEGER NOT NULL,
    at INTEGER NOT NULL, boot INTEGER NOT NULL, up REAL NOT NULL, length INTEGER NOT NULL, adler INTEGER NOT NULL,
    sum INTEGER NOT NULL, body BLOB NOT NULL);`;

/** Ordered: the n-th brings a file from schema n to n + 1. One that was released is never changed. */
export const MIGRATIONS: readonly string[] = [
  `${segments('a')} ${segments('b')} ${segments('c')}
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE epochs (idx INTEGER PRIMARY KEY, epoch TEXT NOT NULL, last_seq INTEGER, sum INTEGER NOT NULL);
  CREATE TABLE boots (idx INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, steps TEXT NOT NULL, sum INTEGER NOT NULL);
  CREATE TABLE uplinks (name TEXT PRIMARY KEY, sum INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE acks (uplink TEXT NOT NULL, epoch INTEGER NOT NULL, lane TEXT NOT NULL, acked TEXT NOT NULL,
    closed TEXT NOT NULL, cursor INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (uplink, epoch, lane)) WITHOUT ROWID;
  CREATE TABLE gone (epoch INTEGER NOT NULL, lane TEXT NOT NULL, ranges TEXT NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY (epoch, lane)) WITHOUT ROWID;
  CREATE TABLE runs (lane TEXT NOT NULL, id INTEGER NOT NULL, n INTEGER NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY (lane, id)) WITHOUT ROWID;
  CREATE TABLE quarantine (uplink TEXT NOT NULL, id INTEGER NOT NULL, lane TEXT NOT NULL, reason TEXT NOT NULL,
    record TEXT NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (uplink, id)) WITHOUT ROWID;
  CREATE TABLE journal (nr INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, intent TEXT NOT NULL,
    outcome TEXT, sum INTEGER NOT NULL);
  CREATE TABLE state (owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY (owner, name)) WITHOUT ROWID;`,
  `CREATE TABLE audit (nr INTEGER PRIMARY KEY, at INTEGER NOT NULL, epoch TEXT NOT NULL, boot TEXT NOT NULL, up REAL NOT NULL,
    subject TEXT NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL, sum INTEGER NOT NULL);`,
];

export const schemaOf = (db: Sqlite): number => Number(db.pragma('user_version', { simple: true }));

/** Refuses a file that a newer version has written: its rows are not ours to read, and still less to delete. */
export function refuseNewer(got: number, file: string, steps = MIGRATIONS): void {
  if (got > steps.length) throw new Fault('store.newer-schema', { file, got, expected: steps.length });
}

/** Brings the file to the newest schema; each step is one transaction together with its number. */
export function migrate(db: Sqlite, file: string, steps = MIGRATIONS): void {
  const from = schemaOf(db);
  refuseNewer(from, file, steps);
  steps.slice(from).forEach((step, index) => {
    db.transaction(() => {
      db.exec(step);
      db.pragma(`user_version = ${from + index + 1}`);
      // A second time, so that a spoilt header is not taken for another version.
      new Meta(db).put('schema', from + index + 1);
    })();
  });
}
