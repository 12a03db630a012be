import type { Clock, HealthSink, Store } from '../contracts/index.ts';
import type { ClockStep, Millis } from '../model/index.ts';
import { type Backend, type OpenBackend, openInProcess } from './backend.ts';
import { requireDurable } from './database.ts';
import { Front } from './front.ts';
import type { CoreOptions } from './protocol.ts';
import { openInWorker } from './rpc.ts';

export interface StoreOptions {
  /** Path of the database; its folder exists. The log, damaged copies and the restore mark lie beside it. */
  readonly file: string;
  readonly quota_bytes: number;
  /** Names of the configured uplinks; what all of them have acknowledged may be let go. */
  readonly uplinks: readonly string[];
  /** This machine: board serial, else machine id. On another machine a new epoch begins. */
  readonly machine: string;
  readonly clock: Clock;
  readonly health: HealthSink;
  readonly randomBytes: (count: number) => Uint8Array;
  /** What the machine believes the offset of this boot to be, until a clock record tells better. */
  readonly wall?: ClockStep | undefined;
  /** Module of the worker thread; undefined: the core runs in this thread. */
  readonly worker?: URL | undefined;
  /** Longest wait of lanes b and c for the group commit, from the first record that waits. */
  readonly commit_ms?: Millis;
  /** Records that may wait in memory while the disk stands still. */
  readonly queue_records?: number;
  /** How long records are kept after every uplink has acknowledged them, room permitting. */
  readonly retain_ms?: Millis;
}

/** Leaves a tenth of the second that may be lost to the commit itself. */
const COMMIT_MS: Millis = 900;
const QUEUE_RECORDS = 50_000;
const RETAIN_MS: Millis = 72 * 3_600_000;

/**
 * Opens the store, or makes it. Faults: store.in-use, store.newer-schema, store.sqlite-version, store.not-durable, store.failed. A damaged
 * file is no fault: it is salvaged, and `opened.salvaged` tells.
 */
export function openStore(options: StoreOptions): Promise<Store> {
  return openStoreOver(options.worker ? openInWorker(options.worker) : openInProcess, options);
}

/** As `openStore`, over a backend of the caller's. @public (the rig of the store's tests opens it in a process of its own) */
export async function openStoreOver(open: OpenBackend, options: StoreOptions): Promise<Store> {
  const openCore = async (must_exist: boolean): Promise<Backend> => {
    const backend = await open(coreOptions(options, must_exist));
    try {
      requireDurable(backend.opened);
      return backend;
    } catch (error) {
      await backend.end();
      throw error;
    }
  };
  const backend = await openCore(false);
  tellSalvage(options.health, backend);
  const front = new Front(backend, {
    clock: options.clock,
    health: options.health,
    commit_ms: options.commit_ms ?? COMMIT_MS,
    queue_records: options.queue_records ?? QUEUE_RECORDS,
    reopen: async () => {
      const again = await openCore(true);
      tellSalvage(options.health, again);
      return again;
    },
  });
  const { epoch, fresh, clean, salvaged, newest_unix_ms } = backend.opened;
  const opened = { epoch, fresh, clean, salvaged, newest_unix_ms };
  return { outbox: front, journal: front.journal, audit: front.audit, state: front.state, opened };
}

function coreOptions(options: StoreOptions, must_exist: boolean): CoreOptions {
  const { file, quota_bytes, uplinks, machine, clock, wall } = options;
  return {
    file,
    synchronous: 'FULL',
    quota_bytes,
    retain_ms: options.retain_ms ?? RETAIN_MS,
    uplinks,
    machine,
    now: clock.now(),
    wall,
    new_epoch: Buffer.from(options.randomBytes(8)).toString('hex'),
    must_exist,
  };
}

function tellSalvage(health: HealthSink, { opened: { salvaged } }: Backend): void {
  if (!salvaged) return;
  const { reason, kept, bad_file } = salvaged;
  const where = bad_file === undefined ? '' : `; the damaged file is ${bad_file}`;
  health.raise('store-salvaged', '', `${reason}; ${kept} records were kept${where}`);
}
