// The broker of a benchmark, on a free port of loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'mqtt';

/** A real mosquitto, or where there is none the embedded broker of the demo (MQTT 3.1.1), in a process of its own. */
export async function startBroker(folder, wanted) {
  const port = wanted ?? (await freePort());
  const file = join(folder, 'mosquitto.conf');
  const own = process.getuid?.() === 0 ? 'user root\n' : '';
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\n${own}allow_anonymous true\npersistence false\nlog_type none\nset_tcp_nodelay true\n`,
  );
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const child = spawn('mosquitto', ['-c', file], { stdio: 'ignore', env: { ...process.env, PATH: path } });
  const missing = await Promise.race([
    once(child, 'error').then(() => true),
    once(child, 'spawn').then(() => false),
  ]);
  if (!missing) {
    await listening(port);
    return {
      name: 'mosquitto, MQTT 5',
      version: 5,
      url: `mqtt://127.0.0.1:${port}`,
      stop: () => child.kill(),
    };
  }
  const broker = spawn(process.execPath, [
    fileURLToPath(new URL('../demo.d/broker.mjs', import.meta.url)),
    port,
  ]);
  await listening(port);
  return {
    name: 'aedes, MQTT 3.1.1',
    version: 4,
    url: `mqtt://127.0.0.1:${port}`,
    stop: () => broker.kill(),
  };
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port) {
  for (;;) {
    const client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 });
    const up = await new Promise((resolve) => {
      client.once('connect', () => resolve(true));
      client.once('close', () => resolve(false));
      client.once('error', () => resolve(false));
    });
    client.end(true);
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
