#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_MMAP_THRESHOLD_=65536 node --max-semi-space-size=1 --optimize-for-size --v8-pool-size=1
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { openLibrary } from '../drivers/index.ts';
import { listMaking } from './access/index.ts';
import { listAdapters, openBench } from './buses/index.ts';
import { type CliDeps, type RunOptions, runCli, type SimulateOptions } from './cli/index.ts';
import { unixMillis } from './clock/index.ts';
import { type Loaded, loadSite, refusalOf, resolveText } from './config/index.ts';
import { connectControl } from './control/index.ts';
import { Fault } from './faults/index.ts';
import { derivedPoints } from './gateway/derived-plan.ts';
import { resolvedOptions } from './gateway/secret-options.ts';
import { Gateway } from './gateway.ts';
import { signing } from './identity/index.ts';
import { type LogLevel, openLog } from './log/index.ts';
import { uuid7 } from './model/index.ts';
import { realWorld } from './world.ts';

/** argv, signals, exit code: the only file that knows it is a process. */
const world = realWorld(process.env);
const stopping = new AbortController();
const reloads = new Set<() => void>();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => stopping.abort(new Error(signal)));
process.on('SIGHUP', () => {
  for (const reload of reloads) reload();
});
// A reader that went away (watch | head) is no failure.
process.stdout.on('error', () => process.exit(0));

/** No file that is read as a text is this long. */
const LONGEST_FILE = 4 * 1024 * 1024;

const version = String(
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version,
);
const stopped = new Promise<void>((done) =>
  stopping.signal.addEventListener('abort', () => done(), { once: true }),
);

const deps: CliDeps = {
  version,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  signal: stopping.signal,
  readText,
  library: openLibrary,
  load,
  dryRun: async (text, loaded) => (await import('./gateway/dry-run.ts')).dryRun(text, loaded),
  control: connectControl,
  run,
  simulate,
  // What the daemon does not need does not stay in its memory.
  receiver: async (options) => (await import('./receive/index.ts')).openReceiver(options, world),
  adapters: () => listAdapters(),
  field: async ({ place, library, site }) => {
    const { openField } = await import('./field/index.ts');
    return openField({ bench: openBench(place, world), library, site, clock: world.clock });
  },
  realPath,
  user: userInfo().username,
  signing,
  sha256: (of) => createHash('sha256').update(of).digest('hex'),
  lists: listMaking,
  writeSecret: (path, text) => writeFresh(path, text, 0o600),
  writeNew: (path, text) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFresh(path, text, 0o644);
  },
  unixMillis,
  freshId: () => uuid7(unixMillis(), world.randomBytes(10)),
  sleep: (name, ms) => world.clock.sleep(name, ms, stopping.signal).catch(() => {}),
};
process.exitCode = await runCli(process.argv.slice(2), deps);
// A pipe takes only so much at once; whoever reads it is to get all of it.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((done) => stream.write('', () => done()));
// Sockets of libraries may linger; the work is done and all of it is durable.
process.exit();

function readText(path: string): string {
  try {
    // Whatever was named by mistake (a disk image, /dev/zero): a site file is far smaller.
    const bytes = Buffer.alloc(LONGEST_FILE);
    const descriptor = openSync(path, 'r');
    try {
      let length = 0;
      for (let more = 1; more > 0 && length < bytes.length; length += more)
        more = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (length === bytes.length) throw new Error(`it holds more than ${length / 1024 / 1024} MB`);
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('config.unreadable', { file: path, reason });
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function writeFresh(path: string, text: string | Uint8Array, mode: number): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('usage', { text: `The file ${path} cannot be made: ${reason}` });
  }
}

function load(file: string, at: { readonly here: boolean } | undefined): Promise<Loaded> {
  const beside = (path: string) => world.readText(resolve(dirname(file), path));
  const { env, readText: read } = world;
  const secrets = at && { secrets: { env, readText: read, here: at.here } };
  return loadSite(readText(file), { library: openLibrary, readText: beside, derivedPoints, ...secrets });
}

async function accepted(
  file: string,
  at?: { readonly here: boolean },
): Promise<Loaded & { site: NonNullable<Loaded['site']> }> {
  const loaded = await load(file, at);
  if (loaded.site) return { ...loaded, site: loaded.site };
  throw refusalOf(file, loaded.problems);
}

async function run(options: RunOptions): Promise<void> {
  const level = options.log_level as LogLevel;
  if (!['debug', 'info', 'warn', 'error', 'silent'].includes(level)) {
    throw new Fault('usage', { text: `--log is ${level}; debug, info, warn, error or silent is expected` });
  }
  const log = openLog({
    level,
    pretty: process.stderr.isTTY === true,
    write: (text) => process.stderr.write(text),
  });
  const { keys_fd, root } = options;
  const onDurable =
    keys_fd === undefined
      ? undefined
      : (entries: readonly object[], keys: readonly object[]) => {
          const lines = keys.map((key, index) => JSON.stringify({ ...key, ...entries[index] }));
          writeSync(keys_fd, `${lines.join('\n')}\n`);
        };
  type Accepted = Awaited<ReturnType<typeof accepted>>;
  const open = (loaded: Accepted) =>
    Gateway.open({
      ...{ site: loaded.site, loaded, root, world, log, version, onDurable },
      onStop: (why) => stopping.abort(new Error(why)),
    });
  let running = await accepted(options.file, { here: true });
  let gateway = await open(running);
  log.info({ gateway: gateway.id, version, file: options.file }, 'gateway is running');

  // A refused file changes nothing: the running configuration goes on, or comes back when the new one does not start.
  let changing: Promise<void> = Promise.resolve();
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const refuse = (error: unknown) => {
    log.error({ fault: error }, 'the changed site file is refused; the running one goes on');
    gateway.refused(error instanceof Error ? error.message : String(error));
  };
  const reload = async () => {
    const wanted = await accepted(options.file, { here: true }).catch(refuse);
    if (!wanted) return;
    log.info({ file: options.file }, 'the site file has changed; starting again with it');
    await gateway.close();
    try {
      gateway = await open(wanted);
      running = wanted;
    } catch (error) {
      gateway = await open(running);
      refuse(error);
    }
  };
  const wish = () => {
    changing = changing.then(reload);
    changing.catch(fail);
  };
  reloads.add(wish);
  await Promise.race([stopped, failed]);
  reloads.delete(wish);
  await changing;
  await gateway.close();
  log.info({ gateway: gateway.id }, 'gateway has stopped');
}

/** What a reference leads to on this machine. */
function secret(reference: string): string | undefined {
  try {
    return resolveText(reference, world);
  } catch {
    return undefined;
  }
}

/** A simulated unit has the keys of the site. Those that lead nowhere it does not have. */
function farOptions(options: unknown): unknown {
  try {
    return resolvedOptions(options, world);
  } catch {
    return options;
  }
}

async function simulate(options: SimulateOptions): Promise<void> {
  const { site, profiles } = await accepted(options.file);
  const log = openLog({ level: 'info', pretty: true, write: (text) => process.stderr.write(text) });
  const said = options.said === undefined ? undefined : openSync(options.said, 'a');
  const { clock, random } = world;
  const devices = site.devices.map((device) => ({ ...device, options: farOptions(device.options) }));
  const { listenTcp, openPty, openSimulatedSite } = await import('./simulate/index.ts');
  const far = await openSimulatedSite(
    { ...site, devices },
    {
      library: await openLibrary(profiles),
      openPty,
      listenTcp,
      clock,
      random,
      log,
      secret,
      unixMillis,
      root: resolve(options.root),
      paced: options.paced,
      faults: options.faults,
      ...(said !== undefined && { onSaid: (row) => writeSync(said, `${JSON.stringify(row)}\n`) }),
    },
  );
  for (const [bus, place] of Object.entries(far.ports)) process.stdout.write(`${bus} is at ${place}\n`);
  process.stdout.write('simulating; faults as lines on standard input (noise-1=mute, noise-1=ok)\n');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    try {
      far.faults.apply(line.trim());
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    }
  });
  await stopped;
  lines.close();
  await far.close();
  if (said !== undefined) closeSync(said);
}
