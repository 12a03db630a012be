import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Opened, Outbox, Store } from '../../src/contracts/index.ts';
import { LANES } from '../../src/model/index.ts';
import { type History, idOf } from './store-history.ts';
import { ALL, openTestStore, recordsIn } from './store-world.ts';
import { nameOf, Tally } from './tally.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface Judgement {
  /** Everything that is not as promised; empty when all is well. */
  readonly complaints: readonly string[];
  /** Records whose append had resolved and that are neither there nor told of. */
  readonly lost: number;
  /** Those that are not there, told or not. */
  readonly missing: number;
  readonly opened: Opened;
  /** Names of what lies beside the store after it was opened. */
  readonly beside: readonly string[];
  /** Gaps that the uplink which never acknowledged was told. */
  readonly gaps: Tally['gaps'];
}

/**
 * Compares a store, as a stopped process or a power cut left it, with all that was said before. The file itself is not touched: a copy is
 * opened for real, drained to the last record by both uplinks, and every key that was promised is looked for.
 */
export async function judge(file: string, history: History, quota_bytes: number): Promise<Judgement> {
  const folder = mkdtempSync(join(dirname(file), '..', 'copy-'));
  try {
    cpSync(dirname(file), folder, { recursive: true });
    const copy = join(folder, basename(file));
    const complaints = brokenParts(copy);
    const clock = new VirtualClock({ boot: 'boot-judge' });
    const store = await openTestStore({ file: copy, clock, quota_bytes, uplinks: ['main', 'slow'] });
    try {
      const judged = await compare(store, { history, complaints });
      return { ...judged, opened: store.opened, beside: readdirSync(folder).sort() };
    } finally {
      await store.outbox.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What SQLite itself says of the file. */
function brokenParts(file: string): string[] {
  const side = mkdtempSync(`${file}-check-`);
  try {
    for (const part of ['', '-wal']) cpSync(`${file}${part}`, join(side, `x${part}`), { force: true });
  } catch {
    // Cut before there was a log, or even a file.
  }
  const db = new Database(join(side, 'x'));
  try {
    const verdict = db.pragma('integrity_check', { simple: true });
    return verdict === 'ok' ? [] : [`integrity: ${verdict}`];
  } catch (error) {
    return [`integrity: ${error}`];
  } finally {
    db.close();
    rmSync(side, { recursive: true });
  }
}

async function compare(
  { outbox, journal, state, opened }: Store,
  { history, complaints }: { readonly history: History; readonly complaints: string[] },
): Promise<Pick<Judgement, 'complaints' | 'lost' | 'missing' | 'gaps'>> {
  const found = [...complaints];
  if (opened.salvaged) found.push(`salvaged: ${opened.salvaged.reason}`);
  const main = new Tally('main');
  for (const batch of history.delivered) main.take(batch);
  const slow = new Tally('slow');
  // What one of them finds spoilt is told to both.
  for (let before = -1, head = 0; before !== head; head = (await outbox.stats()).head) {
    before = head;
    await drain(outbox, 'main', main);
    await drain(outbox, 'slow', slow);
  }
  const heads = { [outbox.epoch]: (await outbox.stats()).head };

  const lost = new Set<number>();
  const missing = new Set<number>();
  for (const tally of [main, slow]) {
    const name = tally === main ? 'main' : 'slow';
    found.push(...tally.holes(heads).map((hole) => `hole for ${name}: ${hole}`));
    for (const [id, key] of history.durable) {
      const record = tally.get(key.epoch, key.seq);
      if (record && idOf(record) === id) continue;
      missing.add(id);
      if (record) found.push(`${nameOf(record)} is not record ${id}, which had this key`);
      else if (!tally.isTold(key.epoch, key.lane, key.seq)) {
        lost.add(id);
        found.push(`lost for ${name}: record ${id} of lane ${key.lane}, ${key.epoch}/${key.seq}`);
      }
    }
    found.push(...twice(tally).map((text) => `${text} for ${name}`));
    found.push(...outOfOrder(tally).map((text) => `${text} for ${name}`));
    if (tally.gaps.some(({ lane, reason }) => lane === 'a' && reason === 'quota'))
      found.push('records of lane a were dropped, though they are few');
  }
  found.push(...tooLate(history, slow));
  found.push(...(await forgotten({ journal, state }, history)));
  return { complaints: found, lost: lost.size, missing: missing.size, gaps: slow.gaps };
}

/** Takes all there is, and what comes of it. */
export async function drain(outbox: Outbox, uplink: string, tally: Tally): Promise<void> {
  await outbox.connect(uplink);
  for (let before = -1, head = 0; before !== head; head = (await outbox.stats()).head) {
    before = head;
    for (const lane of LANES) {
      for (const end of ['backlog', 'live'] as const) {
        for (;;) {
          const lease = await outbox.lease(uplink, { lane, head: end, ...ALL });
          if (!lease) break;
          tally.take({ ...lease, records: recordsIn(lease) });
          await outbox.settle(uplink, { epoch: lease.epoch, lane, ranges: [lease.covers], nacks: [] });
        }
      }
    }
    await outbox.flush();
  }
}

/** One record under two keys. */
function twice(tally: Tally): string[] {
  const seen = new Map<number, string>();
  return tally.all().flatMap((record) => {
    const id = idOf(record);
    if (id === undefined) return [];
    const before = seen.get(id);
    seen.set(id, nameOf(record));
    return before === undefined ? [] : [`record ${id} is there as ${before} and as ${nameOf(record)}`];
  });
}

/** Within a lane of an epoch records lie in the order in which they were accepted. */
function outOfOrder(tally: Tally): string[] {
  const sorted = tally.all().sort((x, y) => x.seq - y.seq);
  const last = new Map<string, number>();
  return sorted.flatMap((record) => {
    const id = idOf(record);
    // A command's record is numbered when it is concluded, and rides beside the appends.
    if (id === undefined || record.kind === 'command') return [];
    const lane = `${record.epoch} ${record.lane}`;
    const before = last.get(lane) ?? 0;
    last.set(lane, id);
    return id > before ? [] : [`record ${id} stands behind ${before} in lane ${record.lane}`];
  });
}

/** What was accepted, had not become durable and is not there must have been accepted within the last second of its run. */
function tooLate({ accepted, durable, rejected, last_up }: History, tally: Tally): string[] {
  const there = new Set(tally.all().map(idOf));
  return [...accepted.values()].flatMap(({ id, lane, up, boot }) => {
    if (durable.has(id) || rejected.has(id) || there.has(id)) return [];
    const age = (last_up.get(boot) ?? up) - up;
    return age <= 1000
      ? []
      : [`record ${id} of lane ${lane} was accepted ${age} ms before the end and is not there`];
  });
}

/** Journal and state. */
async function forgotten({ journal, state }: Pick<Store, 'journal' | 'state'>, history: History) {
  const found: string[] = [];
  for (const id of history.intended) {
    const { existing, outcome } = await journal.intend(id, {});
    if (!existing) found.push(`the intent of ${id} is forgotten`);
    const said = history.concluded.get(id);
    if (said && JSON.stringify(outcome) !== JSON.stringify(said))
      found.push(`the outcome of ${id} was ${said.result} and is ${outcome?.result}`);
  }
  const kept = await state.get('rig', 'turn');
  if (history.state !== undefined && Number(kept?.turn) < history.state)
    found.push(`the state is ${JSON.stringify(kept)}, but ${history.state} was durable`);
  return found;
}
