import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** argv[0] of a holder, by which it is found again. */
const NAME = 'gatelodge-holds';
/** A process that was killed has let go of its files after so many ms at most. */
const LETS_GO_MS = 200;

/**
 * The kernel lets lines go when the last one who has their descriptor is gone, and outputs may fall back then. So that they hold, a second
 * process that does nothing has the descriptor too: it outlives us when we are killed. Where systemd ends all processes of a unit with the
 * first one (KillMode=control-group), it does not. The returned function ends it.
 */
export function holdLines(fd: number, label: string): () => void {
  const child = spawn('sleep', ['infinity'], {
    argv0: nameOf(label),
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  // Where it cannot be started, the lines are ours alone.
  child.on('error', () => {});
  child.unref();
  return () => void child.kill('SIGKILL');
}

/** Ends the holders that an earlier process of ours left on this chip, and waits until they have let go. */
export function endHolders(label: string): void {
  const found = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && firstWord(name) === nameOf(label),
  );
  for (const pid of found) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile, or belongs to another user; then taking its lines tells who has them.
      continue;
    }
    for (let waited = 0; waited < LETS_GO_MS && hasFiles(pid); waited += 1) pauseMillisecond();
  }
}

const nameOf = (label: string): string => `${NAME} ${label}`;

function firstWord(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0', 1)[0] ?? '';
  } catch {
    // It has ended meanwhile, or is not ours to see.
    return '';
  }
}

function hasFiles(pid: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).length > 0;
  } catch {
    return false;
  }
}

/** Nothing else may run: between the letting go and the taking the outputs are nobody's. */
const pauseMillisecond = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
