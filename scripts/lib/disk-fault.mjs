// A slow disk under a process of the benchmarks: tests/support/disk/diskfault.c, compiled once. The tests drive the same library
// through tests/support/disk/diskfault.ts, where its knobs are named.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../tests/support/disk/diskfault.c', import.meta.url));

/** The disk of one process whose files are below `files`: its environment, and how long each sync takes from now on. */
export function slowDisk(folder, files) {
  const library = join(folder, 'diskfault.so');
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl', '-lpthread']);
  const control = join(folder, 'disk.control');
  writeFileSync(control, Buffer.alloc(4096));
  const fd = openSync(control, 'r+');
  return {
    env: { LD_PRELOAD: library, GATELODGE_DISK_PREFIX: files, GATELODGE_DISK_CONTROL: control },
    stall: (ms) => {
      const knob = Buffer.alloc(8);
      knob.writeBigUInt64LE(BigInt(ms));
      writeSync(fd, knob, 0, 8, 0);
    },
    close: () => closeSync(fd),
  };
}
