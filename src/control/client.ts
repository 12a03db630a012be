import { type IncomingMessage, request } from 'node:http';
import type { ActResult } from '../contracts/index.ts';
import { Fault, reviveFault } from '../faults/index.ts';
import type { HealthFact, Json, JsonObject, Reading } from '../model/index.ts';
import type { DeviceStatus, StatusView, Watched } from './views.ts';

export type { DeviceStatus, StatusView, Watched } from './views.ts';

/** The running gateway, from another process of this machine. Throws control.unreachable, and whatever fault the gateway gave. */
export interface ControlClient {
  status(): Promise<StatusView>;
  devices(): Promise<readonly DeviceStatus[]>;
  health(): Promise<readonly HealthFact[]>;
  read(device: string): Promise<readonly Reading[]>;
  act(device: string, command: string, args: JsonObject): Promise<ActResult>;
  /** From now until the signal aborts or the gateway ends. */
  watch(devices: readonly string[], signal: AbortSignal): AsyncIterable<Watched>;
}

export function connectControl(socketPath: string): ControlClient {
  // What answers is this program's own server, so its shapes are those of views.ts.
  const get = async <T>(path: string) => (await ask(socketPath, { method: 'GET', path })) as T;
  const post = async <T>(path: string, body: JsonObject) =>
    (await ask(socketPath, { method: 'POST', path, body })) as T;
  const at = (device: string, what: string) => `/v1/devices/${encodeURIComponent(device)}/${what}`;
  return {
    status: () => get('/v1/status'),
    devices: () => get('/v1/devices'),
    health: () => get('/v1/health'),
    read: (device) => post(at(device, 'read'), {}),
    act: (device, command, args) => post(at(device, 'act'), { command, args }),
    watch: (devices, signal) => lines(socketPath, devices, signal),
  };
}

interface Wish {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: JsonObject;
}

async function ask(socketPath: string, wish: Wish): Promise<unknown> {
  const response = await open(socketPath, wish);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const answer: Json = text ? JSON.parse(text) : null;
  if (response.statusCode === 200) return answer;
  throw faultIn(answer, socketPath);
}

function open(
  socketPath: string,
  { method, path, body }: Wish,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const sent = request({ socketPath, method, path, headers, ...(signal && { signal }) }, resolve);
    sent.on('error', (error) =>
      reject(new Fault('control.unreachable', { path: socketPath, reason: error.message })),
    );
    sent.end(body && JSON.stringify(body));
  });
}

function faultIn(answer: Json, path: string): Fault {
  const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
  if (typeof error === 'object' && error !== null && 'code' in error) {
    const { code, facts } = error as JsonObject;
    return reviveFault({ code: String(code), facts: (facts ?? {}) as JsonObject });
  }
  return new Fault('control.unreachable', { path, reason: 'what answers there is no gateway' });
}

async function* lines(
  socketPath: string,
  devices: readonly string[],
  signal: AbortSignal,
): AsyncIterable<Watched> {
  const filter = devices.length ? `?device=${devices.map(encodeURIComponent).join(',')}` : '';
  const response = await open(socketPath, { method: 'GET', path: `/v1/watch${filter}` }, signal);
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const texts = (rest + chunk).split('\n\n');
      rest = texts.pop() ?? '';
      for (const text of texts) yield JSON.parse(text.replace(/^data: /, ''));
    }
  } catch (error) {
    if (!signal.aborted) throw new Fault('control.unreachable', { path: socketPath, reason: String(error) });
  }
}
