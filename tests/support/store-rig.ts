import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FaultyDisk } from './disk/diskfault.ts';
import { History } from './store-history.ts';

const RIG = fileURLToPath(new URL('./store-rig.mjs', import.meta.url));

/** One machine with one card: runs of the rig follow each other on it. */
export interface Machine {
  readonly file: string;
  readonly log: string;
  readonly control: string;
  readonly load: Load;
  runs: number;
}

export interface Load {
  readonly seed: number;
  readonly worker: boolean;
  readonly quota_bytes: number;
  readonly retain_ms: number;
  /** Share of records that are large and do not deflate. */
  readonly big: number;
  /** How often the main uplink takes and settles; 0 is an uplink that is away. */
  readonly deliver: number;
  readonly turns: number;
  /** Perceives and never waits, until it is told to close (`end` of the process that `watch` sees). */
  readonly loose?: boolean;
  readonly queue_records?: number;
  readonly synchronous: 'FULL' | 'NORMAL';
}

/** Loads under which different things happen at once; all of them also settle, set state and conclude commands. */
export const LOADS = {
  /** Grows; checkpoints now and then. */
  roomy: { quota_bytes: 8 * 2 ** 20, retain_ms: 3_600_000, big: 0.02, deliver: 4 },
  /** Drops the oldest of lane c all the time, because one uplink never acknowledges. */
  full: { quota_bytes: 220 * 1024, retain_ms: 3_600_000, big: 0.4, deliver: 3 },
  /** Mostly delivering and settling; what both uplinks have is let go at once. */
  brief: { quota_bytes: 2 * 2 ** 20, retain_ms: 0, big: 0.1, deliver: 8 },
} as const satisfies Record<string, Partial<Load>>;

export function machine(folder: string, load: Load): Machine {
  mkdirSync(join(folder, 'card'), { recursive: true });
  const log = join(folder, 'log');
  writeFileSync(log, '');
  return { file: join(folder, 'card', 'store.db'), log, control: join(folder, 'control'), load, runs: 0 };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly history: History;
  readonly counters: ReturnType<FaultyDisk['counters']>;
  readonly stderr: string;
}

/** Lets the rig run on the machine until it ends by itself or the disk ends it. `watch` sees the process and its disk. */
export async function run(
  on: Machine,
  set: (disk: FaultyDisk) => void,
  watch?: (process: {
    readonly pid: number;
    readonly log: string;
    readonly disk: FaultyDisk;
    readonly end: () => void;
  }) => void,
): Promise<Ended> {
  on.runs += 1;
  const disk = new FaultyDisk(join(on.file, '..'), on.control);
  set(disk);
  const settings = {
    ...on.load,
    file: on.file,
    seed: on.load.seed * 1000 + on.runs,
    boot: `boot-${on.runs}`,
    first_id: existsSync(on.log) ? History.read(on.log).lastId : 0,
  };
  const child = spawn(process.execPath, [RIG, on.log, JSON.stringify(settings)], {
    env: { ...process.env, ...disk.env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  if (child.pid !== undefined) watch?.({ pid: child.pid, log: on.log, disk, end: () => child.stdin.end() });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (...how) => resolve(how)),
  );
  const counters = disk.counters();
  disk.close();
  return { code, signal, history: History.read(on.log), counters, stderr };
}
