// From the device host's `act` to the first byte of the pulse at the far end of the relay's own wire, while twenty other units are polled
// and stored: with a healthy disk, and with a disk whose every sync takes 2 s.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { slowDisk } from '../lib/disk-fault.mjs';

const PULSES = 300;
const STALL_MS = 2000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-bench-'));
  const disk = slowDisk(folder, join(folder, 'state'));
  const server = spawn(process.execPath, [here('../lib/modbus-tcp-server.mjs')]);
  try {
    const [port] = await once(createInterface(server.stdout), 'line');
    const gateway = spawn(process.execPath, [here('../lib/act-latency.mjs'), folder, port], {
      env: { ...process.env, ...disk.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: gateway.stdout })[Symbol.asyncIterator]();
    const say = async (text) => {
      gateway.stdin.write(text);
      const { value, done } = await lines.next();
      if (done) throw new Error('the gateway of the benchmark ended');
      return value;
    };
    if ((await lines.next()).value !== 'ready') throw new Error('the gateway of the benchmark did not start');
    const idle = JSON.parse(await say(`${PULSES}\n`));
    disk.stall(STALL_MS);
    const stalled = JSON.parse(await say(`${PULSES}\n`));
    disk.stall(0);
    gateway.stdin.end();
    await once(gateway, 'exit');
    return {
      name: `A relay's pulse: act → first byte on its wire, ms (${PULSES} pulses, 20 other units polled, ${Math.round(idle.head)} records stored)`,
      figures: {
        ...figures('healthy disk', idle.times),
        ...figures(`every sync takes ${STALL_MS} ms`, stalled.times),
      },
      ratios: {
        'p99 with a healthy disk, ms': { value: quantile(idle.times, 0.99), target: '≤ 20' },
        'p99 with the stalled disk, ms': { value: quantile(stalled.times, 0.99), target: '≤ 50' },
        'stalled / healthy, p99': quantile(stalled.times, 0.99) / quantile(idle.times, 0.99),
      },
    };
  } finally {
    server.kill();
    disk.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const figures = (name, times) => ({
  [`${name}: median`]: quantile(times, 0.5),
  [`${name}: p99`]: quantile(times, 0.99),
  [`${name}: longest`]: quantile(times, 1),
});

const quantile = (times, share) =>
  times.toSorted((x, y) => x - y)[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
