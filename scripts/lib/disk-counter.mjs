// Runs a program under the preload library of the tests, which counts what it writes. No root, no block device of its own.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../tests/support/disk/diskfault.c', import.meta.url));
/** As `struct control` has them: so many knobs, then these. */
const KNOBS = 12;
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
];

/** The JSON that the program prints. The first argument is the folder in which it is counted; it may read the counters with `counters()`. */
export async function underCounter(program, args) {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-counter-'));
  try {
    const library = join(folder, 'diskfault.so');
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl', '-lpthread']);
    const control = join(folder, 'control');
    writeFileSync(control, Buffer.alloc(4096));
    const env = {
      ...process.env,
      LD_PRELOAD: library,
      GATELODGE_DISK_PREFIX: args[0],
      GATELODGE_DISK_CONTROL: control,
    };
    const output = await new Promise((resolve, reject) =>
      execFile(process.execPath, [program, ...args], { env, maxBuffer: 1 << 20 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      ),
    );
    return JSON.parse(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Within the program: what has been counted so far. */
export function counters() {
  const bytes = readFileSync(process.env.GATELODGE_DISK_CONTROL);
  return Object.fromEntries(
    COUNTERS.map((name, index) => [name, Number(bytes.readBigUInt64LE(8 * (KNOBS + index)))]),
  );
}
