// What one gateway holds: a site of 500 devices and 5,000 points, as large as check lets through. How long the check takes against
// that of the riverside compound, and whether the daemon keeps every poll with all of it, against simulated wires on this machine.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLibrary } from '../../dist/drivers/index.js';
import { loadSite } from '../../dist/src/config/index.js';
import { connectControl } from '../../dist/src/control/index.js';
import { derivedPoints } from '../../dist/src/gateway/derived-plan.js';

const DEVICES = 500;
const BUSES = 20;
const POINTS = 10;
const POLL_MS = 10_000;
const SECONDS = 60;
const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const RIVERSIDE = fileURLToPath(new URL('../../config/sites/riverside.yaml', import.meta.url));

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-bench-'));
  try {
    const site = join(folder, 'site.yaml');
    const ports = await freePorts(BUSES);
    writeFileSync(join(folder, 'ten.yaml'), PROFILE);
    writeFileSync(site, siteText(ports, DEVICES));
    const large = await checkTime(site);
    const compound = await checkTime(RIVERSIDE);
    writeFileSync(join(folder, 'more.yaml'), siteText(ports, DEVICES + 1));
    const refused = await load(join(folder, 'more.yaml'));
    const held = await hold(folder, site);
    return {
      name: `Sizes: ${DEVICES} devices, ${DEVICES * POINTS} points on ${BUSES} buses, each polled every ${POLL_MS / 1000} s`,
      figures: {
        'size of the site file, kB': readFileSync(site).length / 1024,
        'check, ms': large.ms,
        'check of riverside, ms': compound.ms,
        'one device more': refused.problems[0]?.message ?? 'is let through',
        'ready after, s': held.ready_s,
        'devices online': held.online,
        'polls a second': held.polls,
        'polls missed or failed': `${held.missed} missed, ${held.failures} failed`,
        'readings a second that were taken': held.taken,
        'records a second that were stored': held.stored,
        'resident, MB': held.rss,
        'health facts': held.facts || 'none',
      },
      ratios: {
        'polls that came against those asked for': {
          value: held.polls / ((DEVICES * 1000) / POLL_MS),
          target: '≥ 0.99',
        },
        'check, time per device against that of riverside': {
          value: large.ms / DEVICES / (compound.ms / compound.devices),
          target: '≤ 1.5',
        },
        'use of one core by the daemon': { value: held.cpu },
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function siteText(ports, count) {
  const buses = ports.map(
    (port, index) => `  - { id: bus-${index}, type: modbus-tcp, host: 127.0.0.1, port: ${port} }\n`,
  );
  const devices = Array.from({ length: count }, (_, index) => {
    const unit = Math.floor(index / BUSES) + 1;
    return `  - id: unit-${index}
    name: 单元 ${index} unit ${index}
    zone: zone-${index % BUSES}
    driver: ten
    bus: bus-${index % BUSES}
    unit: ${unit}
    points:
      p1: { deadband: 1, max_interval_s: 300 }
      p2: { deadband_percent: 5, min_interval_s: 10 }
`;
  });
  return `version: 1
site: { id: large, name: 大院 Large, time_zone: Asia/Shanghai }
gateway: { state_dir: state }
control: { socket: control.sock }
profiles: [ten.yaml]
buses:
${buses.join('')}devices:
${devices.join('')}`;
}

const PROFILE = `id: ten
about: Ten registers.
poll_ms: { default: ${POLL_MS}, min: 1000 }
points:
${Array.from({ length: POINTS }, (_, at) => `  p${at + 1}: { kind: number, about: Register ${at}., privacy: plain, at: ${at}, unit: "1", min: 0, max: 65535 }\n`).join('')}`;

function load(file) {
  const readText = (path) => readFileSync(resolve(dirname(file), path), 'utf8');
  return loadSite(readFileSync(file, 'utf8'), { library: openLibrary, readText, derivedPoints });
}

/** The middle one of five, after a first that loads the drivers. */
async function checkTime(file) {
  await load(file);
  const times = [];
  let devices = 0;
  for (let round = 0; round < 5; round += 1) {
    const began = performance.now();
    const loaded = await load(file);
    times.push(performance.now() - began);
    if (!loaded.site) throw new Error(`${file} is not accepted: ${loaded.problems[0]?.message}`);
    devices = loaded.devices.length;
  }
  return { ms: times.sort((x, y) => x - y)[2], devices };
}

/** The daemon with all of it, for a minute after it has settled. */
async function hold(folder, site) {
  const children = [
    spawn(process.execPath, [MAIN, 'simulate', site, '--root', folder], {
      stdio: ['pipe', 'pipe', 'ignore'],
    }),
  ];
  try {
    await new Promise((done) => {
      children[0].stdout.on('data', (text) => {
        if (String(text).includes('simulating')) done();
      });
    });
    const began = performance.now();
    const daemon = spawn(MAIN, ['run', '--config', site, '--root', folder, '--log', 'silent'], {
      stdio: 'ignore',
    });
    children.push(daemon);
    const control = connectControl(join(folder, 'control.sock'));
    let first;
    while (!first) {
      await sleep(100);
      first = await control.status().catch(() => undefined);
    }
    const ready_s = (performance.now() - began) / 1000;
    // Each device has been looked at once, and the first look's flood of records is stored.
    await sleep(POLL_MS + 5000);
    const before = await look(control, daemon.pid);
    await sleep(SECONDS * 1000);
    const after = await look(control, daemon.pid);
    const span_s = (after.up - before.up) / 1000;
    return {
      ready_s,
      online: `${after.online} of ${DEVICES}`,
      polls: (after.polls - before.polls) / span_s,
      missed: after.missed - before.missed,
      failures: after.failures - before.failures,
      taken: (after.taken - before.taken) / span_s,
      stored: (after.head - before.head) / span_s,
      rss: after.rss,
      cpu: (after.cpu_s - before.cpu_s) / span_s,
      facts: after.facts,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function look(control, pid) {
  const [status, devices] = [await control.status(), await control.devices()];
  const sum = (name) => devices.reduce((total, device) => total + device[name], 0);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const memory = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    up: status.up,
    online: status.devices.online,
    polls: sum('polls'),
    missed: sum('missed'),
    failures: sum('failures'),
    taken: status.pipeline.taken,
    head: status.outbox.head,
    facts: status.health.map(({ code, subject }) => `${code} ${subject}`.trim()).join(', '),
    rss: Number(/VmRSS:\s+(\d+)/.exec(memory)[1]) / 1024,
    // utime and stime, in ticks of 10 ms.
    cpu_s: (Number(stat[11]) + Number(stat[12])) / 100,
  };
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
