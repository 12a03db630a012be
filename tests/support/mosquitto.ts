import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './ports.ts';
import { until } from './until.ts';

export interface BrokerSettings {
  readonly max_packet?: number;
  readonly receive_maximum?: number;
  /** Lines of an ACL file. */
  readonly acl?: readonly string[];
  /** user → password; with any, anonymous clients are refused. */
  readonly users?: Readonly<Record<string, string>>;
  /** PEM files; with `ca` clients must show a certificate. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Further lines of the configuration. */
  readonly lines?: readonly string[];
}

/** A real mosquitto of this test's own, on loopback, with its own configuration. */
export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  /** kill -9, as a broker that loses its power. */
  kill(): Promise<void>;
  /** On the same port again. */
  start(): Promise<void>;
  /** Goes silent without closing anything (SIGSTOP), and on. */
  freeze(): void;
  thaw(): void;
}

export async function startMosquitto(settings: BrokerSettings = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'gatelodge-mosquitto-'));
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, await configuration(settings, port, folder));
  let child = await launch(file, port);
  onTestFinished(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    port,
    url: `${settings.tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
    kill: () => end(child),
    start: async () => {
      child = await launch(file, port);
    },
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
  };
}

async function configuration(settings: BrokerSettings, port: number, folder: string): Promise<string> {
  const lines = [`listener ${port} 127.0.0.1`, `user ${process.getuid?.() === 0 ? 'root' : ''}`.trim()];
  lines.push(`allow_anonymous ${settings.users ? 'false' : 'true'}`, 'persistence false', 'log_type none');
  lines.push('set_tcp_nodelay true');
  if (settings.max_packet) lines.push(`max_packet_size ${settings.max_packet}`);
  if (settings.receive_maximum) lines.push(`max_inflight_messages ${settings.receive_maximum}`);
  if (settings.acl) {
    writeFileSync(join(folder, 'acl'), `${settings.acl.join('\n')}\n`, { mode: 0o600 });
    lines.push(`acl_file ${join(folder, 'acl')}`);
  }
  if (settings.users) {
    const file = join(folder, 'users');
    writeFileSync(file, '', { mode: 0o600 });
    for (const [user, password] of Object.entries(settings.users)) {
      await run('mosquitto_passwd', ['-b', file, user, password]);
    }
    lines.push(`password_file ${file}`);
  }
  if (settings.tls) {
    lines.push(`certfile ${settings.tls.cert}`, `keyfile ${settings.tls.key}`);
    if (settings.tls.ca) lines.push(`cafile ${settings.tls.ca}`, 'require_certificate true');
  }
  return `${[...lines.filter((line) => line !== 'user'), ...(settings.lines ?? [])].join('\n')}\n`;
}

async function launch(file: string, port: number): Promise<ChildProcess> {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const child = spawn('mosquitto', ['-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: path },
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  await until(`mosquitto listens (${said})`, async () => {
    if (child.exitCode !== null) throw new Error(`mosquitto ended at once: ${said}`);
    return accepts(port);
  });
  return child;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });
}
