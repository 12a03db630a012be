import { existsSync, rmSync, statSync } from 'node:fs';
import { type EventEntry, type GapFields, LANES, type Lane, openPart } from '../model/index.ts';
import { type Books, countAll, type Epoch } from './books.ts';
import { Boots } from './boots.ts';
import { writer } from './checked.ts';
import type { Sqlite } from './database.ts';
import { Ledger } from './ledger.ts';
import { losses } from './losses.ts';
import type { Mark } from './mark.ts';
import { Meta } from './meta.ts';
import type { CoreOptions } from './protocol.ts';
import { type AllRows, lastSeq, openRows } from './rows.ts';
import type { Salvaged } from './salvage.ts';
import { unpack } from './segment.ts';
import type { Spans } from './spans.ts';
import { isSound } from './sum.ts';

/** Put beside the store by whoever brings an older copy of it back: its seqs may have been given before, so a new epoch begins. */
const restoredMark = (file: string) => `${file}.restored`;

export interface Begun {
  readonly books: Books;
  readonly fresh: boolean;
  readonly clean: boolean;
  readonly salvaged: Salvaged | undefined;
  readonly newest_unix_ms: number | undefined;
  /** Boot, epoch and gap records that open this run. */
  readonly records: readonly EventEntry[];
}

/**
 * Brings the books up from the file and settles which epoch this run writes; inside the caller's transaction. `mark` is what was remembered
 * beside the file.
 */
export function begin(db: Sqlite, options: CoreOptions, mark: Mark | undefined): Begun {
  const meta = new Meta(db);
  const rows = openRows(db);
  const boots = new Boots(db);
  const clean = meta.get('clean') === '1';
  const last = lastKnown(rows, boots);
  const noted = meta.get('salvaged');
  const generation = Number(meta.get('generation') ?? 0);
  const behind = mark !== undefined && mark.generation > generation;
  // What `salvage` wrote.
  const salvaged = noted === undefined ? undefined : (JSON.parse(noted) as Salvaged);

  const before = readEpochs(db, rows, mark);
  const reason = whyNew(meta, options, { before, broken: behind || salvaged !== undefined });
  const previous = before.at(-1);
  if (reason) addEpoch(db, options.new_epoch, previous);
  const epochs = reason ? readEpochs(db, rows, mark) : before;
  // One was added if there was none.
  const current = epochs.at(-1) as Epoch;

  const added = register(db, options.uplinks);
  if (options.wall && boots.wall(options.now.boot, options.now.up) === undefined) {
    boots.addStep(options.now.boot, options.wall);
  }
  const books: Books = {
    db,
    rows,
    boots,
    meta,
    ledger: new Ledger(db, options.uplinks),
    epochs,
    current,
    head: current.last_seq,
    rev: Number(meta.get('rev') ?? 0),
    generation: Math.max(generation, mark?.generation ?? 0),
    log_is_new: true,
    kept: { a: 0, b: 0, c: 0 },
    evicted: 0,
    deferred: [],
    rotten: [],
    age: (up) => last.age + Math.max(0, Math.floor((up - options.now.up) / 1000)),
    settings: options,
  };
  const gaps = [...(behind || salvaged ? losses(books) : []), ...notKept(books, added)];
  countAll(books);

  meta.put('machine', options.machine);
  meta.put('file', identity(options.file));
  meta.put('clean', 0);
  meta.remove('salvaged');
  const { now } = options;
  const event = (kind: 'boot' | 'epoch' | 'gap', fields: EventEntry['fields']): EventEntry => {
    return { kind, lane: 'a', subject: '', name: kind, fields, stamp: now };
  };
  const boot = { boot: now.boot, clean, previous: last.boot, last_up: last.up, last_unix_ms: last.unix_ms };
  const epoch = {
    previous: previous?.epoch ?? null,
    last_seq: previous?.last_seq ?? 0,
    reason: reason ?? '',
  };
  const records = [event('boot', boot), ...gaps.map((fields) => event('gap', fields))];
  return {
    books,
    fresh: before.length === 0,
    clean,
    salvaged: salvaged ?? (behind ? takenBack(books) : undefined),
    newest_unix_ms: last.synced_ms,
    // The epoch tells itself before anything else in it.
    records: reason ? [event('epoch', epoch), ...records] : records,
  };
}

/** After the opening has been stored. */
export function forgetRestore(file: string): void {
  rmSync(restoredMark(file), { force: true });
}

/** Why a new epoch begins; undefined: the old one goes on. */
function whyNew(
  meta: Meta,
  options: CoreOptions,
  { before, broken }: { readonly before: readonly Epoch[]; readonly broken: boolean },
): string | undefined {
  if (before.length === 0) return 'fresh';
  if (broken) return 'damaged';
  if (meta.get('machine') !== options.machine) return 'machine';
  // A copy is another file, even under the same name.
  if (meta.get('file') !== identity(options.file)) return 'restored';
  return existsSync(restoredMark(options.file)) ? 'restored' : undefined;
}

const identity = (file: string): string => String(statSync(file).ino);

/** The file is sound, and older than it has been. */
const takenBack = (books: Books): Salvaged => ({
  kept: LANES.reduce((sum, lane) => sum + books.kept[lane], 0),
  reason: 'its log is missing, or an older copy stands in its place',
});

function readEpochs(db: Sqlite, rows: AllRows, mark: Mark | undefined): Epoch[] {
  const found = db.prepare('SELECT idx, epoch, last_seq FROM epochs ORDER BY idx').all();
  const told = db.prepare('SELECT acked FROM acks WHERE epoch = ?').pluck();
  // The shape of the rows is the table's.
  return (found as { idx: number; epoch: string; last_seq: number | null }[]).map(
    ({ idx, epoch, last_seq }) => {
      const stored = LANES.map((lane) => rows[lane].last(idx, [0, 2 ** 40 - 1]));
      const ends = stored.map((slot) => (slot ? lastSeq(slot) : 0));
      // What a platform has was stored once, though a damaged file may have lost it.
      const acked = told.all(idx).map((text) => (JSON.parse(String(text)) as Spans).at(-1)?.[1] ?? 0);
      const marked = mark?.epoch === epoch ? mark.head : 0;
      return { idx, epoch, last_seq: last_seq ?? Math.max(...ends, ...acked, marked) };
    },
  );
}

function addEpoch(db: Sqlite, epoch: string, previous: Epoch | undefined): void {
  const put = writer(db, 'epochs');
  if (previous) put(previous.idx, previous.epoch, previous.last_seq);
  put((previous?.idx ?? 0) + 1, epoch, null);
}

/** Takes note of the configured uplinks; those that are new are given back. */
function register(db: Sqlite, uplinks: readonly string[]): readonly string[] {
  const known = db.prepare('SELECT name FROM uplinks').pluck().all().map(String);
  for (const name of known.filter((one) => !uplinks.includes(one))) {
    db.prepare('DELETE FROM uplinks WHERE name = ?').run(name);
    db.prepare('DELETE FROM acks WHERE uplink = ?').run(name);
  }
  const added = uplinks.filter((name) => !known.includes(name));
  const put = writer(db, 'uplinks');
  for (const name of added) put(name);
  return added;
}

/** A new uplink gets what is still kept; what is gone already is told to it. */
function notKept(books: Books, added: readonly string[]): GapFields[] {
  return books.epochs.flatMap((epoch) =>
    LANES.flatMap((lane) =>
      books.ledger.goneFrom(epoch.idx, lane).flatMap(([from, to, count]) =>
        added.map((uplink): GapFields => {
          books.ledger.account(uplink, epoch.idx, lane).close([from, to]);
          const reason = 'not-kept';
          return { epoch: epoch.epoch, lane, from, to, count, reason, uplinks: [uplink] };
        }),
      ),
    ),
  );
}

/** Where the last run ended, as far as the newest record tells. */
function lastKnown(rows: AllRows, boots: Boots) {
  const newest = LANES.flatMap((lane: Lane) => rows[lane].newest() ?? []).sort((x, y) => y.id - x.id);
  const age = newest.reduce((most, row) => Math.max(most, row.at), 0);
  const row = newest.find(isSound);
  if (!row) return { age, boot: null, up: null, unix_ms: null, synced_ms: undefined };
  const lane = LANES.find((one) => rows[one].newest()?.id === row.id) ?? 'a';
  const records = openPart(unpack(row.body), lane, '');
  const up = records.reduce((most, { stamp }) => Math.max(most, stamp.up), 0);
  const boot = boots.name(row.boot);
  const wall = boots.wall(boot, up);
  const synced_ms = wall && wall.clock !== 'unsynced' ? wall.unix_ms : undefined;
  return { age, boot, up, unix_ms: wall?.unix_ms ?? null, synced_ms };
}
