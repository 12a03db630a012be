import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { openLibrary } from '../../drivers/index.ts';
import { listMaking } from '../../src/access/index.ts';
import { type CliDeps, runCli } from '../../src/cli/index.ts';
import { loadSite } from '../../src/config/index.ts';
import { connectControl } from '../../src/control/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { derivedPoints } from '../../src/gateway/derived-plan.ts';
import { dryRun } from '../../src/gateway/dry-run.ts';
import { signing } from '../../src/identity/index.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command line in this process: what it says, and its exit code. What a test does not hand in, no command of it may call. */
export async function cli(argv: readonly string[], deps: Partial<CliDeps> = {}): Promise<Said> {
  const said = { out: '', err: '' };
  const never = (what: string) => () => {
    throw new Error(`${what} was not expected in this test`);
  };
  const code = await runCli(argv, {
    version: '0.0.0-test',
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    isTerminal: false,
    signal: new AbortController().signal,
    readText: readFile,
    library: openLibrary,
    load: loadFile,
    dryRun: async (text, loaded) => dryRun(text, loaded),
    control: connectControl,
    run: never('run'),
    simulate: never('simulate'),
    receiver: never('receiver'),
    adapters: never('adapters'),
    field: never('field'),
    realPath: (path) => path,
    user: 'pi',
    signing,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    lists: listMaking,
    writeSecret: never('writeSecret'),
    writeNew: never('writeNew'),
    unixMillis: never('unixMillis'),
    freshId: never('freshId'),
    sleep: never('sleep'),
    ...deps,
  });
  return { code, ...said };
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('config.unreadable', { file: path, reason: String(error) });
  }
}

/** A site file as the program loads it, with the drivers and files of this machine. */
export function loadFile(file: string, at?: { readonly here: boolean }) {
  const optional = (path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  };
  return loadSite(readFile(file), {
    library: openLibrary,
    derivedPoints,
    readText: (path) => optional(resolve(dirname(file), path)),
    ...(at && { secrets: { env: process.env, readText: optional, here: at.here } }),
  });
}
