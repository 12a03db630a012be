import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/** The built command line as a process of its own. */
export interface Running {
  readonly child: ChildProcess;
  /** All it said so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What it wrote to descriptor 3, when that was asked for. */
  readonly keys: () => string;
  line(what: string | RegExp, ms?: number): Promise<void>;
  /** Signals it and waits for its end; gives the exit code (null when a signal ended it). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  ended(): Promise<number | null>;
}

export function gatelodge(
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly keys?: boolean } = {},
): Running {
  const stdio = ['ignore', 'pipe', 'pipe', ...(options.keys ? (['pipe'] as const) : [])] as const;
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: [...stdio],
    env: { ...process.env, NO_COLOR: '1', ...options.env },
  });
  const texts = { stdout: '', stderr: '', keys: '' };
  child.stdout?.on('data', (chunk) => {
    texts.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    texts.stderr += chunk;
  });
  child.stdio[3]?.on('data', (chunk) => {
    texts.keys += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return await ended;
  };
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
  });
  return {
    child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    keys: () => texts.keys,
    line: async (what, ms) => {
      const said = () => texts.stdout + texts.stderr;
      const found = () => (typeof what === 'string' ? said().includes(what) : what.test(said()));
      await until(
        `it says ${what}`,
        () => {
          if (found()) return true;
          const over = child.exitCode !== null || child.signalCode !== null;
          if (over) throw new Error(`it ended before it said ${what}; it said:\n${said()}`);
          return false;
        },
        ms,
      );
    },
    stop,
    ended: () => ended,
  };
}
