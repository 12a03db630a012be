import type { JsonObject, Outcome } from '../model/index.ts';
import { writer } from './checked.ts';
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
      find: db.prepare('SELECT nr, at, intent, outcome FROM journal WHERE id = ?'),
      next: db.prepare('SELECT coalesce(max(nr), 0) + 1 FROM journal').pluck(),
      open: db.prepare('SELECT id, intent FROM journal WHERE outcome IS NULL ORDER BY nr'),
      ended: db.prepare(
        'SELECT id, outcome FROM (SELECT nr, id, outcome FROM journal WHERE outcome IS NOT NULL ORDER BY nr DESC LIMIT ?) ORDER BY nr',
      ),
      put: writer(db, 'journal'),
      trim: db.prepare(
        `DELETE FROM journal WHERE outcome IS NOT NULL AND at < ? AND nr <= (SELECT max(nr) FROM journal) - ${KEEP_NEWEST}`,
      ),
    };
  }

  intend({ id, intent }: Op & { readonly op: 'intend' }, age: number): OpResult {
    const known = this.find(id);
    if (!known) this.sql.put(this.next(), id, age, JSON.stringify(intent), null);
    return { op: 'intend', existing: known !== undefined, outcome: outcomeOf(known) };
  }

  /** The outcome that stands: the first one. `fresh` says that it is this one, so that its record is to be stored. */
  conclude({ id, outcome }: Op & { readonly op: 'conclude' }, age: number) {
    const known = this.find(id);
    const stands = outcomeOf(known);
    if (stands) return { fresh: false, outcome: stands };
    const { nr, at, intent } = known ?? { nr: this.next(), at: age, intent: '{}' };
    this.sql.put(nr, id, at, intent, JSON.stringify(outcome));
    this.sql.trim.run(age - KEEP_S);
    return { fresh: true, outcome };
  }

  open(): { readonly id: string; readonly intent: JsonObject }[] {
    // The shape of the rows is the table's, and the texts are those that `intend` wrote.
    const rows = this.sql.open.all() as { id: string; intent: string }[];
    return rows.map(({ id, intent }) => ({ id, intent: JSON.parse(intent) as JsonObject }));
  }

  ended(most: number): { readonly id: string; readonly outcome: Outcome }[] {
    // As above.
    const rows = this.sql.ended.all(most) as { id: string; outcome: string }[];
    return rows.map(({ id, outcome }) => ({ id, outcome: JSON.parse(outcome) as Outcome }));
  }

  private find(id: string): Known | undefined {
    // The shape of the row is the table's.
    return this.sql.find.get(id) as Known | undefined;
  }

  private next(): number {
    return Number(this.sql.next.get());
  }
}

interface Known {
  readonly nr: number;
  readonly at: number;
  readonly intent: string;
  readonly outcome: string | null;
}

/** What `conclude` wrote. */
const outcomeOf = (known: Known | undefined): Outcome | undefined =>
  known?.outcome ? (JSON.parse(known.outcome) as Outcome) : undefined;
