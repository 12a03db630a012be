import type { JsonObject, Outcome } from '../model/index.ts';
import type { Sqlite } from './database.ts';
import type { Op, OpResult } from './protocol.ts';

/** Concluded commands are remembered so long at least, and so many of them: ids come again within seconds, if they do. */
const KEEP_S = 30 * 24 * 3600;
const KEEP_NEWEST = 10_000;

/** Command ids with their intents and outcomes; every call runs inside the caller's transaction. */
export class JournalTable {
  private readonly sql;

  constructor(db: Sqlite) {
    this.sql = {
      find: db.prepare('SELECT intent, outcome FROM journal WHERE id = ?'),
      open: db.prepare('SELECT id, intent FROM journal WHERE outcome IS NULL ORDER BY nr'),
      intend: db.prepare('INSERT INTO journal (id, at, intent) VALUES (?, ?, ?)'),
      conclude: db.prepare(
        `INSERT INTO journal (id, at, intent, outcome) VALUES (@id, @at, '{}', @outcome)
         ON CONFLICT (id) DO UPDATE SET outcome = @outcome`,
      ),
      trim: db.prepare(
        `DELETE FROM journal WHERE outcome IS NOT NULL AND at < ? AND nr <= (SELECT max(nr) FROM journal) - ${KEEP_NEWEST}`,
      ),
    };
  }

  intend({ id, intent }: Op & { readonly op: 'intend' }, age: number): OpResult {
    const known = this.find(id);
    if (!known) this.sql.intend.run(id, age, JSON.stringify(intent));
    return { op: 'intend', existing: known !== undefined, outcome: known?.outcome };
  }

  /** The outcome that stands: the first one. `fresh` says that it is this one, so that its record is to be stored. */
  conclude({ id, outcome }: Op & { readonly op: 'conclude' }, age: number) {
    const known = this.find(id)?.outcome;
    if (known) return { fresh: false, outcome: known };
    this.sql.conclude.run({ id, at: age, outcome: JSON.stringify(outcome) });
    this.sql.trim.run(age - KEEP_S);
    return { fresh: true, outcome };
  }

  open(): { readonly id: string; readonly intent: JsonObject }[] {
    // The shape of the rows is the table's, and the texts are those that `intend` wrote.
    const rows = this.sql.open.all() as { id: string; intent: string }[];
    return rows.map(({ id, intent }) => ({ id, intent: JSON.parse(intent) as JsonObject }));
  }

  private find(id: string): { readonly outcome: Outcome | undefined } | undefined {
    // As above; the outcome is what `conclude` wrote.
    const row = this.sql.find.get(id) as { outcome: string | null } | undefined;
    if (!row) return undefined;
    return { outcome: row.outcome === null ? undefined : (JSON.parse(row.outcome) as Outcome) };
  }
}
