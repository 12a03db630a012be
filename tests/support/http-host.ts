import { onTestFinished } from 'vitest';
import { type BusSettings, openBus } from '../../src/buses/index.ts';
import type { Log } from '../../src/contracts/index.ts';
import { type HttpQuestion, httpReply, httpRequestReader } from '../../src/kit/index.ts';
import type { FarPort } from '../../src/simulate/far-port.ts';
import { memoryWires } from './memory-wire.ts';
import { dice, healthNotes, quietLog } from './quiet.ts';
import { VirtualClock } from './virtual-clock.ts';

type HttpBusSettings = Extract<BusSettings, { type: 'http' }>;

/** One question as the host hears it, and over which of its connections (counted from 1). */
export interface HostQuestion extends HttpQuestion {
  readonly connection: number;
  readonly port: FarPort;
}

/** What the host answers; undefined: nothing at all. */
export type HostScript = (question: HostQuestion, asked: readonly HostQuestion[]) => Uint8Array | undefined;

/** An http bus in virtual time, and the host it speaks to: a script that gives bytes. */
export async function httpWorld(script: HostScript, more: Partial<Omit<HttpBusSettings, 'type'>> = {}) {
  const clock = new VirtualClock();
  const wires = memoryWires();
  const health = healthNotes();
  const asked: HostQuestion[] = [];
  const open = new Set<FarPort>();
  const logged: string[] = [];
  let connections = 0;
  let attempts = 0;
  const tcp: typeof wires.ports.tcp = (...given) => {
    attempts += 1;
    return wires.ports.tcp(...given);
  };
  const onPort = (port: FarPort) => {
    connections += 1;
    const connection = connections;
    open.add(port);
    port.onClosed?.(() => open.delete(port));
    const reader = httpRequestReader({ max_bytes: 65_536 });
    port.onData((chunk) => {
      for (const question of reader.push(chunk)) {
        const heard = { ...question, connection, port };
        asked.push(heard);
        const answer = script(heard, asked);
        if (answer) void port.write(answer);
      }
    });
  };
  let server = await wires.listenTcp('', 80, onPort);
  const note = (facts: object, text: string) => void logged.push(`${text} ${JSON.stringify(facts)}`);
  const log: Log = { ...quietLog, debug: note, info: note, warn: note, error: note };
  const bus = openBus(
    {
      id: 'cam',
      type: 'http',
      scheme: 'http',
      host: 'camera',
      port: 80,
      auth: 'digest',
      connect_timeout_ms: 1000,
      ...more,
    },
    { ports: { ...wires.ports, tcp }, clock, health, log, random: dice(1) },
  );
  onTestFinished(() => bus.close());
  const unplug = () => server.close();
  const plug = async () => {
    server = await wires.listenTcp('', 80, onPort);
  };
  return {
    bus,
    clock,
    health,
    asked,
    open,
    logged,
    unplug,
    plug,
    connections: () => connections,
    attempts: () => attempts,
  };
}

export const ok = (text = 'fine', headers: Record<string, string> = {}): Uint8Array => {
  const body = Buffer.from(text);
  return httpReply(
    200,
    { 'content-type': 'text/plain', 'content-length': String(body.length), ...headers },
    body,
  );
};

export const unauthorised = (challenge: string): Uint8Array =>
  httpReply(401, { 'www-authenticate': challenge, 'content-length': '0' });

export const digest = (nonce: string, rest = ''): string =>
  `Digest realm="camera", qop="auth", algorithm=MD5, nonce="${nonce}"${rest}`;

/** The nonce that a question was answered with; undefined: it carries no digest. */
export const nonceOf = ({ headers }: HttpQuestion): string | undefined =>
  /nonce="([^"]*)"/.exec(headers.authorization ?? '')?.[1];
