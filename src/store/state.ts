import type { JsonObject } from '../model/index.ts';
import { writer } from './checked.ts';
import type { Sqlite } from './database.ts';
import type { StateSet } from './protocol.ts';

/** Small named values with an owner. */
export class StateTable {
  private readonly sql;

  constructor(db: Sqlite) {
    this.sql = {
      get: db.prepare('SELECT value FROM state WHERE owner = ? AND name = ?').pluck(),
      put: writer(db, 'state'),
      remove: db.prepare('DELETE FROM state WHERE owner = ? AND name = ?'),
    };
  }

  get(owner: string, name: string): JsonObject | undefined {
    const text = this.sql.get.get(owner, name);
    // What `put` wrote.
    return typeof text === 'string' ? (JSON.parse(text) as JsonObject) : undefined;
  }

  put({ owner, name, value }: StateSet): void {
    if (value === undefined) this.sql.remove.run(owner, name);
    else this.sql.put(owner, name, JSON.stringify(value));
  }
}
