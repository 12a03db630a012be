import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./diskfault.c', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/gatelodge', import.meta.url));

/** Compiles the preload library once per version of its source. */
function diskFaultLibrary(): string {
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 12);
  const library = join(CACHE, `diskfault-${hash}.so`);
  if (existsSync(library)) return library;
  mkdirSync(CACHE, { recursive: true });
  const fresh = `${library}.${process.pid}`;
  execFileSync('gcc', ['-O2', '-Wall', '-shared', '-fPIC', '-o', fresh, SOURCE, '-ldl', '-lpthread']);
  renameSync(fresh, library);
  return library;
}

const KNOBS = [
  'stall_ms',
  'write_errno',
  'growth_errno',
  'sync_errno',
  'open_errno',
  'read_errno',
  'read_from',
  'read_to',
  'cut_at',
  'mode',
  'seed',
  'fail_from_write',
] as const;
const COUNTERS = [
  'steps',
  'writes',
  'bytes',
  'fsyncs',
  'fdatasyncs',
  'truncates',
  'cut',
  'undone',
  'kept',
  'blocks',
] as const;
const MODES = { plain: 0, drop: 1, tear: 2, lie: 3, kill: 4 } as const;
const ERRORS = { none: 0, EIO: 5, EACCES: 13, ENOSPC: 28, EROFS: 30 } as const;

type Counters = Readonly<Record<(typeof COUNTERS)[number], number>>;

/** The disk of one process: how it behaves now, and what it has counted. */
export class FaultyDisk {
  /** For the process that shall have this disk. */
  readonly env: Readonly<Record<string, string>>;
  private readonly fd: number;

  constructor(folder: string, control: string) {
    writeFileSync(control, Buffer.alloc(4096));
    this.fd = openSync(control, 'r+');
    this.env = {
      LD_PRELOAD: diskFaultLibrary(),
      GATELODGE_DISK_PREFIX: folder,
      GATELODGE_DISK_CONTROL: control,
    };
  }

  /** Each sync takes so long. */
  stall(ms: number): void {
    this.set('stall_ms', ms);
  }

  /** Writes and syncs fail from now on. */
  fail(error: keyof typeof ERRORS): void {
    this.set('write_errno', ERRORS[error]);
    this.set('sync_errno', error === 'ENOSPC' ? 0 : ERRORS[error]);
  }

  /** No room for anything to grow; what is there can be overwritten, as on a disk that others have filled. */
  fill(full = true): void {
    this.set('growth_errno', full ? ERRORS.ENOSPC : 0);
  }

  /** Nothing can be made or opened for writing: a folder of somebody else's, a read-only mount. */
  refuseToOpen(error: keyof typeof ERRORS): void {
    this.set('open_errno', ERRORS[error]);
  }

  /** These bytes cannot be read any more, of every file that is there already, but for logs. */
  rot(from: number, to: number): void {
    this.set('read_errno', ERRORS.EIO);
    this.set('read_from', from);
    this.set('read_to', to);
  }

  /**
   * The power goes at the k-th step (write, truncation, sync, rename or removal) from the start of the process; set it before the process
   * starts. drop: all that was not synced is lost; tear: half of it; lie: also what was synced; kill: nothing, only the process dies.
   */
  cutAt(step: number, mode: 'drop' | 'tear' | 'lie' | 'kill', seed = 1): void {
    this.set('mode', MODES[mode]);
    this.set('seed', seed);
    this.set('cut_at', step);
  }

  counters(): Counters {
    const bytes = Buffer.alloc(8 * COUNTERS.length);
    readSync(this.fd, bytes, 0, bytes.length, 8 * KNOBS.length);
    const entries = COUNTERS.map((name, index) => [name, Number(bytes.readBigUInt64LE(8 * index))] as const);
    // The names are those of COUNTERS, all of them.
    return Object.fromEntries(entries) as Counters;
  }

  close(): void {
    closeSync(this.fd);
  }

  private set(knob: (typeof KNOBS)[number], value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    writeSync(this.fd, bytes, 0, 8, 8 * KNOBS.indexOf(knob));
  }
}
