import { createHash } from 'node:crypto';
import type { AuditLimits, AuditStats } from '../contracts/index.ts';
import {
  type AuditLink,
  type AuditRow,
  auditText,
  type EventEntry,
  type JsonObject,
  NO_HASH,
} from '../model/index.ts';
import { writer } from './checked.ts';
import type { Sqlite } from './database.ts';
import type { Meta } from './meta.ts';

/** Name of what the oldest kept row stands on. */
const FLOOR = 'audit_floor';

/**
 * Audit records once more, chained, with a keeping time of their own: the outbox lets go what the platforms have. Every call runs inside the
 * caller's transaction, and nothing is remembered between two: one that is rolled back leaves no link behind.
 */
export class AuditTable {
  private readonly sql;
  private readonly meta: Meta;

  constructor(db: Sqlite, meta: Meta) {
    this.meta = meta;
    this.sql = {
      last: db.prepare('SELECT nr, hash FROM audit ORDER BY nr DESC LIMIT 1'),
      rows: db.prepare('SELECT * FROM audit WHERE nr >= ? ORDER BY nr LIMIT ?'),
      size: db.prepare(
        'SELECT count(*) AS count, min(at) AS oldest, coalesce(sum(length(fields) + 250), 0) AS bytes FROM audit',
      ),
      old: db.prepare('SELECT max(nr) FROM audit WHERE at < ?').pluck(),
      place: db.prepare('SELECT nr, hash FROM audit WHERE nr = ?'),
      trim: db.prepare('DELETE FROM audit WHERE nr <= ?'),
      put: writer(db, 'audit'),
    };
  }

  /** The record with its place in the chain among its fields. */
  append(entry: EventEntry, epoch: string, age: number): EventEntry {
    const before = this.head();
    const { subject, name, fields, stamp } = entry;
    const row = { nr: before.nr + 1, prev: before.hash, epoch, stamp, subject, name, fields };
    const hash = sha256(auditText(row));
    this.sql.put(
      ...[row.nr, age, epoch, stamp.boot, stamp.up, subject, name],
      ...[JSON.stringify(fields), row.prev, hash],
    );
    const chain = { nr: row.nr, prev: row.prev, hash };
    return { ...entry, fields: { ...fields, chain } };
  }

  rows(from: number, most: number): AuditRow[] {
    // The shape of the rows is the table's.
    const rows = this.sql.rows.all(from, most) as (Omit<AuditRow, 'stamp' | 'fields'> & Stored)[];
    return rows.map(({ nr, prev, hash, epoch, boot, up, subject, name, fields }) => ({
      ...{ nr, prev, hash, epoch, subject, name },
      stamp: { boot, up },
      fields: JSON.parse(fields) as JsonObject,
    }));
  }

  stats(age: number): AuditStats {
    // As above.
    const { count, oldest, bytes } = this.sql.size.get() as {
      count: number;
      oldest: number | null;
      bytes: number;
    };
    const oldest_s = oldest === null ? 0 : Math.max(0, age - oldest);
    return { count, bytes, oldest_s, floor: this.floor(), head: this.head() };
  }

  /** The last one that is too old, or too much, to be kept; the newest is always kept. */
  due({ keep_s, keep_bytes }: AuditLimits, age: number): Pick<AuditLink, 'nr' | 'hash'> | undefined {
    const { count, bytes, floor, head } = this.stats(age);
    const old = Number(this.sql.old.get(age - keep_s) ?? 0);
    const much = bytes > keep_bytes ? floor.nr + Math.ceil((count * (bytes - keep_bytes)) / bytes) : 0;
    const nr = Math.min(head.nr - 1, Math.max(old, much));
    // The shape of the row is what was selected.
    return this.sql.place.get(nr) as Pick<AuditLink, 'nr' | 'hash'> | undefined;
  }

  /** Lets go of all up to this one; what follows stands on it. */
  trim(nr: number): void {
    const place = this.sql.place.get(nr);
    if (!place) return;
    this.meta.put(FLOOR, JSON.stringify(place));
    this.sql.trim.run(nr);
  }

  private floor(): Pick<AuditLink, 'nr' | 'hash'> {
    const text = this.meta.get(FLOOR);
    return text === undefined ? { nr: 0, hash: NO_HASH } : JSON.parse(String(text));
  }

  private head(): Pick<AuditLink, 'nr' | 'hash'> {
    // As above.
    const last = this.sql.last.get() as Pick<AuditLink, 'nr' | 'hash'> | undefined;
    return last ?? this.floor();
  }
}

interface Stored {
  readonly boot: string;
  readonly up: number;
  readonly fields: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
