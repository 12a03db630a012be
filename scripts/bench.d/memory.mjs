// Memory of the daemon on the demo site, after it has run for a minute against simulated wires and a broker.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SECONDS = 60;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = here('../../dist/src/main.js');

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-bench-'));
  const site = join(folder, 'site.yaml');
  writeFileSync(
    site,
    readFileSync(here('../../config/sites/demo.yaml'), 'utf8').replaceAll(
      '../profiles/',
      here('../../config/profiles/'),
    ),
  );
  const children = [];
  // The built program by its own first line: that names the flags it is run with.
  const start = (args, env = {}, program = process.execPath) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    children.push(child);
    return child;
  };
  try {
    const [heard] = await once(createInterface(start([here('../demo.d/broker.mjs'), '0']).stdout), 'line');
    const url = `mqtt://127.0.0.1:${/\d+/.exec(heard)[0]}`;
    start([MAIN, 'simulate', site, '--root', folder]);
    start([
      MAIN,
      'receive',
      '--url',
      url,
      '--version',
      '4',
      '--db',
      join(folder, 'db'),
      '--json',
    ]).stdout.resume();
    const daemon = start(
      ['run', '--config', site, '--root', folder, '--log', 'silent'],
      { GATELODGE_BROKER: url },
      MAIN,
    );
    await sleep(10_000);
    const early = memory(daemon.pid);
    await sleep(SECONDS * 1000 - 10_000);
    const late = memory(daemon.pid);
    const bare = start(['-e', 'setInterval(() => {}, 1000)']);
    await sleep(1500);
    return {
      name: `Memory of the daemon, demo site, after ${SECONDS} s`,
      figures: {
        'resident after 10 s, MB': early.rss,
        [`resident after ${SECONDS} s, MB`]: late.rss,
        'of that anonymous, MB': late.anon,
        'an empty node process, MB': memory(bare.pid).rss,
      },
      ratios: { 'resident, MB': { value: late.rss, target: '≤ 110' } },
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kB = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  return { rss: kB('VmRSS') / 1024, anon: kB('RssAnon') / 1024 };
}
