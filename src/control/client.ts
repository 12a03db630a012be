import { type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import type { KeptFile, Loan, LocalWish } from '../contracts/index.ts';
import { Fault, reviveFault } from '../faults/index.ts';
import type { AuditRow, HealthFact, JsonObject, Millis, Outcome, Reading } from '../model/index.ts';
import * as schemas from './schemas.ts';
import type {
  AccessView,
  AuditView,
  DeviceStatus,
  DoorStatus,
  LoadStatus,
  StatusView,
  Watched,
} from './views.ts';

/** The running gateway, from another process of this machine. Throws control.unreachable, control.bad-answer, and whatever fault the gateway gave. */
export interface ControlClient {
  status(): Promise<StatusView>;
  devices(): Promise<readonly DeviceStatus[]>;
  device(id: string): Promise<DeviceStatus>;
  doors(): Promise<readonly DoorStatus[]>;
  loads(): Promise<readonly LoadStatus[]>;
  health(): Promise<readonly HealthFact[]>;
  read(device: string): Promise<readonly Reading[]>;
  submit(wish: LocalWish): Promise<Outcome>;
  /** A signed page of the list of credentials. Throws trust.refused. */
  takeAccess(page: string): Promise<AccessView>;
  /**
   * The wire of a bus is this program's until it is given back, this program ends, or its time is `over`. Throws field.serves-doors,
   * field.serves-outputs and what else the gateway has against it.
   */
  lend(bus: string, loan: Loan, signal: AbortSignal): Promise<() => void>;
  /** Pictures that are kept, the newest last. */
  snapshots(): Promise<readonly KeptFile[]>;
  /** The bytes of one; that this user took them out is written down. */
  saveSnapshot(id: string, user: string): Promise<Uint8Array>;
  audit(from: number, most: number): Promise<readonly AuditRow[]>;
  auditStats(): Promise<AuditView>;
  /** From now until the signal aborts (then it just ends) or the gateway goes (control.unreachable). No devices: everything. */
  watch(devices: readonly string[], signal: AbortSignal): AsyncIterable<Watched>;
}

/** Reads of a slow bus and commands may take their time; a gateway that says nothing for longer hangs. */
const PATIENCE_MS: Millis = 70_000;

export function connectControl(socketPath: string): ControlClient {
  const get = <T>(path: string, shape: z.ZodType<T>) => ask(socketPath, { method: 'GET', path }, shape);
  const post = <T>(path: string, body: JsonObject, shape: z.ZodType<T>) =>
    ask(socketPath, { method: 'POST', path, body }, shape);
  const at = (device: string) => `/v1/devices/${encodeURIComponent(device)}`;
  return {
    status: () => get('/v1/status', schemas.statusSchema),
    devices: () => get('/v1/devices', z.array(schemas.deviceSchema)),
    device: (id) => get(at(id), schemas.deviceSchema),
    doors: () => get('/v1/doors', z.array(schemas.doorSchema)),
    loads: () => get('/v1/loads', z.array(schemas.loadSchema)),
    health: () => get('/v1/health', z.array(schemas.factSchema)),
    read: (device) => post(`${at(device)}/read`, {}, z.array(schemas.readingSchema)),
    submit: (wish) => post('/v1/commands', JSON.parse(JSON.stringify(wish)), schemas.outcomeSchema),
    takeAccess: (page) => post('/v1/access', { page }, schemas.accessSchema),
    lend: async (bus, { user, over }, signal) => {
      const path = `/v1/buses/${encodeURIComponent(bus)}/lend`;
      const response = await open(socketPath, { method: 'POST', path, body: { user } }, { signal });
      if (response.statusCode !== 200) await answerIn(response, socketPath);
      // The gateway may end first: the wire is this program's all the same.
      response.on('error', () => {});
      let said = '';
      response.setEncoding('utf8').on('data', (text) => {
        said += text;
        if (said === schemas.LOAN_OVER) over();
      });
      return () => void response.destroy();
    },
    snapshots: () => get('/v1/snapshots', z.array(schemas.snapshotSchema)),
    saveSnapshot: async (id, user) => {
      const path = `/v1/snapshots/${encodeURIComponent(id)}/save`;
      const response = await open(
        socketPath,
        { method: 'POST', path, body: { user } },
        { timeout: PATIENCE_MS },
      );
      if (response.statusCode !== 200) await answerIn(response, socketPath);
      return bytesIn(response, socketPath);
    },
    audit: (from, most) => get(`/v1/audit?from=${from}&most=${most}`, z.array(schemas.auditRowSchema)),
    auditStats: () => get('/v1/audit/stats', schemas.auditSchema),
    watch: (devices, signal) => lines(socketPath, devices, signal),
  };
}

interface Wish {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: JsonObject;
}

async function ask<T>(socketPath: string, wish: Wish, shape: z.ZodType<T>): Promise<T> {
  const response = await open(socketPath, wish, { timeout: PATIENCE_MS });
  const answer = await answerIn(response, socketPath);
  return understood(answer, shape, socketPath);
}

function open(
  socketPath: string,
  { method, path, body }: Wish,
  options: { readonly timeout?: Millis; readonly signal?: AbortSignal },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/json' } : {};
    // Without a word of ours node ends a conversation in which nothing is said for 5 s: a loan, a quiet stream.
    const sent = request({ socketPath, method, path, headers, timeout: 0, ...options }, resolve);
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    sent.on('error', (error) => reject(unreachable(socketPath, error)));
    sent.end(body && JSON.stringify(body));
  });
}

async function bytesIn(response: IncomingMessage, socketPath: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch (error) {
    throw unreachable(socketPath, error);
  }
  return Buffer.concat(chunks);
}

/** The body of a good answer; throws the fault of another. */
async function answerIn(response: IncomingMessage, socketPath: string): Promise<unknown> {
  let text = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
  } catch (error) {
    throw unreachable(socketPath, error);
  }
  const answer = parsed(text, socketPath);
  if (response.statusCode === 200) return answer;
  const { error } = understood(answer, schemas.errorSchema, socketPath);
  throw reviveFault(error);
}

async function* lines(
  socketPath: string,
  devices: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Watched> {
  if (signal.aborted) return;
  const filter = devices.length ? `?device=${devices.map(encodeURIComponent).join(',')}` : '';
  try {
    const response = await open(socketPath, { method: 'GET', path: `/v1/watch${filter}` }, { signal });
    if (response.statusCode !== 200) await answerIn(response, socketPath);
    let rest = '';
    for await (const chunk of response.setEncoding('utf8')) {
      const texts = `${rest}${chunk}`.split('\n\n');
      rest = texts.pop() ?? '';
      for (const text of texts) {
        if (!text.startsWith('data: ')) continue;
        yield understood(parsed(text.slice(6), socketPath), schemas.watchedSchema, socketPath);
      }
    }
    throw new Fault('control.unreachable', { path: socketPath, reason: 'the gateway has ended' });
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof Fault ? error : unreachable(socketPath, error);
  }
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('control.bad-answer', { path, text: 'it is no JSON' });
  }
}

function understood<T>(answer: unknown, shape: z.ZodType<T>, path: string): T {
  const checked = shape.safeParse(answer);
  if (checked.success) return checked.data;
  throw new Fault('control.bad-answer', { path, text: schemas.problemsIn(checked.error) });
}

const unreachable = (path: string, error: unknown): Fault =>
  new Fault(
    'control.unreachable',
    { path, reason: error instanceof Error ? error.message : String(error) },
    { cause: error },
  );
