import { writer } from './checked.ts';
import type { Sqlite } from './database.ts';

type Name =
  | 'schema'
  | 'machine'
  | 'file'
  | 'clean'
  | 'connect_id'
  | 'rev'
  | 'generation'
  | 'salvaged'
  | 'audit_floor';

/** Single values of the store itself. */
export class Meta {
  private readonly sql;

  constructor(db: Sqlite) {
    this.sql = {
      get: db.prepare('SELECT value FROM meta WHERE name = ?').pluck(),
      put: writer(db, 'meta'),
      remove: db.prepare('DELETE FROM meta WHERE name = ?'),
    };
  }

  get(name: Name): string | undefined {
    const value = this.sql.get.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  put(name: Name, value: string | number): void {
    this.sql.put(name, String(value));
  }

  remove(name: Name): void {
    this.sql.remove.run(name);
  }
}
