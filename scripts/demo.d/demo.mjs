// The demo: broker, platform, simulated wires and the real daemon, each a process of its own, on loopback and ptys.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectControl } from '../../dist/src/control/client.js';

const OUTAGE_MS = 20_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = here('../../dist/src/main.js');
const SITE = here('../../config/sites/demo.yaml');

const { values } = parseArgs({ options: { for: { type: 'string' }, help: { type: 'boolean' } } });
if (values.help) {
  console.log('scripts/demo [--for 60s]   a simulated compound, end to end, with a verdict');
  process.exit(0);
}
const total_ms = values.for === undefined ? Number.POSITIVE_INFINITY : spanOf(values.for);
const folder = mkdtempSync(join(tmpdir(), 'gatelodge-demo-'));
const children = new Set();
const colours = process.stdout.isTTY && !process.env.NO_COLOR;
/** Kept for the case that something goes wrong; on a good day nobody needs it. */
const daemonLog = [];
let stopping = false;
let wake = () => {};
let lastDrawn = 0;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopping = true;
    wake();
  });
}

const view = { phase: 'starting', receiver: undefined, verdict: undefined };
try {
  process.exitCode = await demo();
  if (process.exitCode !== 0) tellLog();
} catch (error) {
  console.error(`the demo failed: ${error.message}`);
  tellLog();
  process.exitCode = 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

async function demo() {
  mkdirSync(join(folder, 'ports'));
  const site = await demoSite();
  const began = performance.now();
  let broker = start('broker', [here('./broker.mjs'), '0']);
  const port = Number((await broker.line(/listening (\d+)/))[1]);
  const env = { GATELODGE_BROKER: `mqtt://127.0.0.1:${port}` };

  const wires = start('simulate', [MAIN, 'simulate', site, '--root', folder]);
  await wires.line(/simulating/);
  const platform = start('receive', [
    MAIN,
    'receive',
    '--url',
    env.GATELODGE_BROKER,
    '--version',
    '4',
    '--db',
    join(folder, 'platform.jsonl'),
    '--json',
  ]);
  platform.child.stdout.on(
    'data',
    lines((line) => Object.assign(view, pick(JSON.parse(line)))),
  );
  const daemon = start('run', [MAIN, 'run', '--config', site, '--root', folder, '--log', 'warn'], env);
  const control = connectControl(join(folder, 'control.sock'));
  await until('the daemon answers', () => control.status().catch(() => undefined));
  const expected = (await control.devices()).map(({ id }) => id);

  view.phase = 'running';
  const shown = await until(
    'readings of every device arrive at the platform',
    () => {
      const arrived = devicesOf(view.receiver);
      draw(undefined, expected);
      return (expected.every((id) => arrived.has(id)) && performance.now()) || stopping;
    },
    90_000,
  );
  if (!stopping)
    say(`readings of all ${expected.length} devices arrived after ${((shown - began) / 1000).toFixed(1)} s`);

  await live(control, Math.min(10_000, total_ms / 6));
  if (!stopping) {
    view.phase = `the broker is stopped for ${OUTAGE_MS / 1000} s; records are kept`;
    await broker.end('SIGKILL');
    await live(control, OUTAGE_MS);
    broker = start('broker', [here('./broker.mjs'), String(port)]);
    await broker.line(/listening/);
    view.phase = 'the broker is back; what was kept is sent';
    await live(control, Math.max(15_000, total_ms - (performance.now() - began) - 10_000));
  }

  view.phase = 'ending';
  say('the wires fall silent; everything stored is awaited at the platform');
  await wires.end('SIGTERM');
  await sleep(2500);
  const drained = await until(
    'the platform has acknowledged everything',
    async () => {
      const status = await control.status();
      const waiting = Object.values(status.outbox.waiting).flatMap(Object.values);
      return status.outbox.pending === 0 && waiting.every((count) => count === 0) && status;
    },
    60_000,
  );
  const stored = drained.outbox.kept.a + drained.outbox.kept.b + drained.outbox.kept.c;
  await daemon.end('SIGTERM');
  await sleep(1500);
  await platform.end('SIGTERM');
  await until('the platform gives its verdict', () => view.verdict);
  return judge(stored, drained.outbox.head);
}

/** The site of the demo on TCP ports that are free here. */
async function demoSite() {
  const [serialServer, meter] = [await freePort(), await freePort()];
  const text = readFileSync(SITE, 'utf8')
    .replace('47102', serialServer)
    .replace('47502', meter)
    .replaceAll('../profiles/', `${here('../../config/profiles')}/`);
  const file = join(folder, 'demo.yaml');
  writeFileSync(file, text);
  return file;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}

async function live(control, ms) {
  const end = performance.now() + ms;
  while (!stopping && performance.now() < end) {
    draw(await control.status().catch(() => undefined));
    await sleep(Math.min(1000, Math.max(0, end - performance.now())));
  }
}

/** `stored` is what the store held when the wires had fallen silent; what the daemon says at its end comes on top. */
function judge(stored, head) {
  const { verdict } = view;
  const holes = verdict.gateways.flatMap(({ epochs }) => epochs.flatMap((epoch) => epoch.holes));
  const heads = verdict.gateways.flatMap(({ epochs }) => epochs.map((epoch) => epoch.head));
  const last = Math.max(0, ...heads);
  const good =
    verdict.whole && holes.length === 0 && stored === head && verdict.records === last && last >= head;
  const later = last - head;
  console.log('');
  console.log(
    `stored   ${stored} records (seq 1 to ${head})${later ? ` and ${later} at the end of the daemon` : ''}`,
  );
  console.log(
    `arrived  ${verdict.records} records, each key once; ${verdict.duplicates} came twice and were recognised`,
  );
  console.log(`holes    ${holes.length}`);
  console.log(good ? 'verdict  stored = sent, 0 holes, 0 duplicates after the key' : 'verdict  NOT whole');
  return good ? 0 : 1;
}

function tellLog() {
  for (const line of daemonLog.slice(-20)) console.error(`daemon: ${line}`);
}

function draw(status, expected) {
  const { receiver, phase } = view;
  // Lines, not a picture, when nobody watches: one every five seconds.
  if (!colours && performance.now() - lastDrawn < 5000) return;
  lastDrawn = performance.now();
  const [gateway] = receiver?.gateways ?? [];
  const waiting = Object.values(status?.outbox.waiting ?? {})
    .flatMap(Object.values)
    .reduce((sum, count) => sum + count, 0);
  const head = `${phase} · stored ${status?.outbox.head ?? '–'} · waiting ${waiting} · at the platform ${gateway?.records ?? 0}`;
  if (!colours) return console.log(head);
  const rows = (gateway?.devices ?? [])
    .filter(({ points }) => points.length)
    .map(({ device, points }) => {
      const said = points
        .slice(0, 3)
        .map(({ point, value, unit }) => `${point} ${value ?? '–'} ${unit ?? ''}`.trim());
      return `  ${device.padEnd(12)} ${said.join('   ')}`;
    });
  const missing = (expected ?? []).filter((id) => !devicesOf(receiver).has(id));
  const tail = missing.length ? [`  still silent: ${missing.join(', ')}`] : [];
  process.stdout.write(
    `\u001b[2J\u001b[HGatelodge demo, Ctrl-C ends it with a verdict\n\n${head}\n\n${[...rows, ...tail].join('\n')}\n`,
  );
}

function say(text) {
  console.log(text);
}

function devicesOf(receiver) {
  const devices = (receiver?.gateways ?? []).flatMap((gateway) => gateway.devices);
  return new Set(devices.filter(({ points }) => points.length > 0).map(({ device }) => device));
}

function pick(line) {
  return line.verdict ? { verdict: line.verdict } : { receiver: line.view };
}

/** A program of ours, watched: one that ends by itself ends the demo. */
function start(name, args, env = {}) {
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    // Ctrl-C is for the demo, which then ends the others in their order.
    detached: true,
  });
  children.add(child);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text = (text + chunk).slice(-100_000);
  });
  child.stderr.on('data', (chunk) => {
    text = (text + chunk).slice(-100_000);
    if (name === 'run') daemonLog.push(...String(chunk).split('\n').filter(Boolean));
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  void ended.then(() => children.delete(child));
  return {
    child,
    line: (what) =>
      until(`${name} says ${what}; it said: ${text}`, () => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${text}`);
        return what.exec(text);
      }),
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

async function until(what, claim, ms = 30_000) {
  const deadline = performance.now() + ms;
  for (;;) {
    const got = await claim();
    if (got) return got;
    if (performance.now() > deadline) throw new Error(`waited ${ms / 1000} s in vain until ${what}`);
    await sleep(200);
  }
}

function sleep(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Whole lines out of chunks. */
function lines(each) {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    for (const part of parts) if (part.trim()) each(part);
  };
}

function spanOf(text) {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(s|min|m|h)?$/.exec(text) ?? [];
  if (number === undefined) {
    console.error(`--for is ${text}; 60s or 5min is expected`);
    process.exit(2);
  }
  return Number(number) * { s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }[unit];
}
