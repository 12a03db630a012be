import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { constants, inflateRawSync } from 'node:zlib';
import type { Clock, HealthSink, Lease, Store } from '../../src/contracts/index.ts';
import {
  type EventEntry,
  type Lane,
  openPart,
  parsePart,
  type ReadingEntry,
  type StoredRecord,
} from '../../src/model/index.ts';
import { openStore, type StoreOptions } from '../../src/store/index.ts';
import { healthNotes } from './quiet.ts';

const WORKER = new URL('../../dist/src/store/worker.js', import.meta.url);

/** The worker runs the build: a missing one is said at once, not as a hanging test. */
export function builtWorker() {
  if (!existsSync(fileURLToPath(WORKER))) throw new Error('dist is missing: run scripts/build');
  return WORKER;
}

let made = 0;
/** Epoch ids that differ within a test run. */
export const countedBytes = (count: number): Uint8Array => {
  made += 1;
  return createHash('sha256').update(`${process.pid} ${made}`).digest().subarray(0, count);
};

export type Choices = Partial<StoreOptions> & { readonly file: string; readonly clock: Clock };

export const openTestStore = (choices: Choices): Promise<Store> =>
  openStore({
    quota_bytes: 64 * 2 ** 20,
    uplinks: ['main'],
    machine: 'machine-1',
    health: healthNotes() as HealthSink,
    randomBytes: countedBytes,
    commit_ms: 900,
    ...choices,
  });

export const reading = (
  lane: 'b' | 'c',
  value: number,
  stamp: { boot: string; up: number },
): ReadingEntry => ({
  kind: 'reading',
  lane,
  device: `device-${value % 3}`,
  point: 'level',
  value,
  quality: value % 7 === 0 ? 'stale' : 'good',
  stamp,
});

export const event = (
  lane: Lane,
  name: string,
  stamp: { boot: string; up: number },
  fields: EventEntry['fields'] = {},
): EventEntry => ({ kind: 'event', lane, subject: 'door-1', name, fields, stamp });

/** What a platform reads in a lease. */
export const recordsIn = (lease: Lease): StoredRecord[] =>
  lease.parts.flatMap((part) => {
    const text = inflateRawSync(part.deflated, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    const opened = parsePart(text);
    if (Buffer.byteLength(text) !== part.length || opened.n !== part.n || opened.first !== part.first) {
      throw new Error(`a part is not what its header says: ${text}`);
    }
    return openPart(opened, lease.lane, lease.epoch);
  });

export const ALL = { max_bytes: 2 ** 20, max_records: 100_000 };

/** SHA-256 as a platform computes it for a digest. */
export function hashOf(seqs: readonly number[]): string {
  const hash = createHash('sha256');
  for (const seq of [...seqs].sort((x, y) => x - y)) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(seq));
    hash.update(bytes);
  }
  return hash.digest('hex');
}
