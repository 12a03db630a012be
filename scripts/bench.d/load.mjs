// What a thousand points a second cost the daemon: 20 units with 50 registers each on 4 Modbus TCP buses, polled every second, each value new
// each time; store, uplink and broker as in life. Processor time is the daemon's own (user and system), over half a minute.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BUSES = 4;
const UNITS = 5;
const POINTS = 50;
const SETTLE_MS = 10_000;
const SECONDS = 30;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = here('../../dist/src/main.js');
/** Clock ticks of /proc a second: USER_HZ, 100 on every Linux. */
const TICKS = 100;

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-bench-'));
  const children = [];
  const start = (program, args, env = {}) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  };
  const units = await Promise.all(Array.from({ length: BUSES }, openUnits));
  try {
    const [heard] = await once(
      createInterface(start(process.execPath, [here('../demo.d/broker.mjs'), '0']).stdout),
      'line',
    );
    const url = `mqtt://127.0.0.1:${/\d+/.exec(heard)[0]}`;
    const site = join(folder, 'site.yaml');
    writeFileSync(join(folder, 'many.yaml'), profile());
    writeFileSync(site, siteOf(units, url));
    const receiver = start(process.execPath, [
      MAIN,
      'receive',
      '--url',
      url,
      '--version',
      '4',
      '--db',
      join(folder, 'db'),
      '--json',
    ]);
    receiver.stdout.resume();
    const daemon = start(MAIN, ['run', '--config', site, '--root', folder, '--log', 'warn']);
    await sleep(SETTLE_MS);
    const before = { cpu: cpuSeconds(daemon.pid), polls: polls(units), at: performance.now() };
    await sleep(SECONDS * 1000);
    const seconds = (performance.now() - before.at) / 1000;
    const cpu = (cpuSeconds(daemon.pid) - before.cpu) / seconds;
    const points = ((polls(units) - before.polls) * POINTS) / seconds;
    return {
      name: `the daemon at ${BUSES * UNITS * POINTS} points/s (${BUSES} Modbus TCP buses, ${BUSES * UNITS} units)`,
      figures: {
        'points/s told by the units': points,
        'processor, % of one core': cpu * 100,
        'processor, µs a point': (cpu / points) * 1e6,
        'resident, MB':
          Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))[1]) / 1024,
      },
      ratios: { 'points told / points wanted': { value: points / (BUSES * UNITS * POINTS) } },
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    for (const { server } of units) server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const polls = (units) => units.reduce((sum, unit) => sum + unit.polls, 0);

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Units of one Modbus TCP bus: any unit, any register; what it says differs each time. */
async function openUnits() {
  const units = { polls: 0, server: undefined, port: 0 };
  units.server = createServer((socket) => {
    let waiting = Buffer.alloc(0);
    socket.setNoDelay(true).on('error', () => {});
    socket.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 12) {
        const count = waiting.readUInt16BE(10);
        const reply = Buffer.alloc(9 + 2 * count);
        waiting.copy(reply, 0, 0, 8);
        reply.writeUInt16BE(3 + 2 * count, 4);
        reply[8] = 2 * count;
        units.polls += 1;
        for (let at = 0; at < count; at += 1)
          reply.writeUInt16BE((units.polls * 7 + at * 13) % 10_000, 9 + 2 * at);
        socket.write(reply);
        waiting = waiting.subarray(12);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(units.server, 'listening');
  units.port = units.server.address().port;
  return units;
}

const profile = () => `id: many
about: Fifty registers, for a benchmark.
category: other
wire: { timeout_ms: 500 }
poll_ms: { default: 1000, min: 100 }
table: holding
points:
${Array.from({ length: POINTS }, (_, at) => `  p-${at}: { kind: number, about: Number ${at}., privacy: plain, at: ${at}, scale: 0.1, unit: V, min: 0, max: 1000 }`).join('\n')}
`;

const siteOf = (units, url) => `version: 1
site: { id: bench, name: Bench, time_zone: Asia/Shanghai }
gateway: { id: bench-1 }
profiles: [many.yaml]
buses:
${units.map(({ port }, bus) => `  - { id: bus-${bus}, type: modbus-tcp, host: 127.0.0.1, port: ${port} }`).join('\n')}
devices:
${units.flatMap((_, bus) => Array.from({ length: UNITS }, (_, unit) => `  - { id: unit-${bus}-${unit}, driver: many, bus: bus-${bus}, unit: ${unit + 1}, poll_ms: 1000 }`)).join('\n')}
uplinks:
  - { id: platform, type: native, url: "${url}", version: 4 }
`;
