import type { Sqlite } from './database.ts';

type Name = 'schema' | 'machine' | 'file' | 'clean' | 'connect_id' | 'rev' | 'salvaged';

/** Single values of the store itself. */
export class Meta {
  private readonly sql;

  constructor(db: Sqlite) {
    this.sql = {
      get: db.prepare('SELECT value FROM meta WHERE name = ?').pluck(),
      put: db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)'),
      remove: db.prepare('DELETE FROM meta WHERE name = ?'),
    };
  }

  get(name: Name): string | undefined {
    const value = this.sql.get.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  put(name: Name, value: string | number): void {
    this.sql.put.run(name, String(value));
  }

  remove(name: Name): void {
    this.sql.remove.run(name);
  }
}
