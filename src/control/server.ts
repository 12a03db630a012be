import { chmodSync } from 'node:fs';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Fault } from '../faults/index.ts';
import { type Millis, nearest } from '../model/index.ts';
import { answerTo } from './errors.ts';
import {
  auditRangeSchema,
  LOAN_OVER,
  lendSchema,
  pageSchema,
  problemsIn,
  saveSchema,
  wishSchema,
} from './schemas.ts';
import { badSocket, makeWay } from './socket.ts';
import { about, openStream } from './stream.ts';
import type { ControlViews, DoorStatus, LoadStatus } from './views.ts';

export interface Control {
  /** Ends every conversation, also the streams: afterwards nobody is told anything, and the socket file is gone. */
  close(): Promise<void>;
}

/** A request that is not there as a whole by then is given up. */
const SLOWEST_REQUEST_MS: Millis = 30_000;

interface ById {
  Params: { id: string };
}

/**
 * HTTP over a unix socket, for the command line and the console of this machine. Who may use it is the group of the socket file
 * (mode 0660). Errors are `{ error: { code, message, remedy, retry, facts } }`. Faults: control.in-use, control.bad-socket.
 */
export async function openControl(path: string, views: ControlViews): Promise<Control> {
  await makeWay(path);
  const server = Fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    requestTimeout: SLOWEST_REQUEST_MS,
    // What is no request at all never reaches a route; it is answered in the same shape.
    frameworkErrors: (error, _request, reply) => refuse(reply, error),
    clientErrorHandler: (error, socket) => refuseNoise(socket, error),
  });
  const streams = new Set<() => void>();
  routes(server, views, streams);
  try {
    await server.listen({ path });
    chmodSync(path, 0o660);
  } catch (error) {
    await server.close();
    throw badSocket(path, error);
  }
  return {
    close: async () => {
      for (const stop of [...streams]) stop();
      await server.close();
    },
  };
}

function routes(server: FastifyInstance, views: ControlViews, streams: Set<() => void>): void {
  server.setErrorHandler((error, _request, reply) => refuse(reply, error));
  server.setNotFoundHandler((request, reply) => {
    const fault = new Fault('usage', { text: `there is nothing at ${request.method} ${request.url}` });
    return reply.status(404).send({ error: fault.toJSON() });
  });
  server.get('/v1/status', () => views.status());
  server.get('/v1/devices', async () => views.devices());
  server.get<ById>('/v1/devices/:id', async ({ params }) => oneOf(views.devices(), params.id));
  server.get('/v1/doors', async () => views.doors());
  server.get<ById>('/v1/doors/:id', async ({ params }) => doorOf(views.doors(), params.id));
  server.get('/v1/loads', async () => views.loads());
  server.get<ById>('/v1/loads/:id', async ({ params }) => loadOf(views.loads(), params.id));
  server.get('/v1/health', async () => views.health());
  server.post<ById>('/v1/devices/:id/read', ({ params }) => views.read(params.id));
  server.get('/v1/audit', (request) => {
    const { from, most } = rangeIn(request);
    return views.audit(from, most);
  });
  server.get('/v1/audit/stats', () => views.auditStats());
  server.get('/v1/snapshots', () => views.snapshots());
  server.post<ById>('/v1/snapshots/:id/save', async ({ params, body }, reply) => {
    const { type, bytes } = await views.saveSnapshot(params.id, userIn(body));
    return reply.type(type).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
  server.post('/v1/access', async ({ body }) => views.takeAccess(pageIn(body)));
  server.post('/v1/commands', ({ body }) => views.submit(wishIn(body)));
  server.post<ById>('/v1/buses/:id/lend', async (request, reply) => {
    let end = () => {};
    const back = await views.lend(request.params.id, { ...lenderIn(request.body), over: () => end() });
    reply.hijack();
    const response = reply.raw;
    end = () => void response.end(LOAN_OVER);
    const stop = () => {
      if (streams.delete(stop)) back();
    };
    streams.add(stop);
    response.on('close', stop);
    // Who has left meanwhile does not leave again.
    if (request.raw.socket.destroyed) return stop();
    // It is lent for as long as this conversation lasts, however that ends.
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
    response.flushHeaders();
  });
  server.get('/v1/watch', (request, reply) => {
    const devices = filterIn(request, views);
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    const send = openStream(response);
    const unwatch = views.watch((line) => {
      const mine = about(line, devices);
      if (mine) send(mine);
    });
    const stop = () => {
      streams.delete(stop);
      unwatch();
    };
    streams.add(stop);
    response.on('close', stop);
  });
}

function refuse(reply: FastifyReply, error: unknown) {
  const { status, fault } = answerTo(error);
  return reply.status(status).send({ error: fault.toJSON() });
}

/** Bytes that are no HTTP: said once, in HTTP, and that was the conversation. */
function refuseNoise(socket: Socket, error: Error & { readonly code?: string }): void {
  if (socket.destroyed || error.code === 'ECONNRESET') return;
  const fault = new Fault('usage', { text: `this is no HTTP request: ${error.message}` });
  const body = JSON.stringify({ error: fault.toJSON() });
  const length = Buffer.byteLength(body);
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;
  if (socket.writable) socket.write(head + body);
  socket.destroySoon();
}

function wishIn(body: unknown) {
  const parsed = wishSchema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const expected = 'expected {"target": DEVICE, "name": COMMAND, "args": {…}, "user": WHO}';
  throw new Fault('usage', { text: `${expected}; ${problemsIn(parsed.error)}` });
}

function lenderIn(body: unknown): { readonly user: string } {
  const parsed = lendSchema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw new Fault('usage', { text: `expected {"user": WHO}; ${problemsIn(parsed.error)}` });
}

function userIn(body: unknown): string {
  const parsed = saveSchema.safeParse(body ?? {});
  if (parsed.success) return parsed.data.user;
  throw new Fault('usage', { text: `expected {"user": WHO}; ${problemsIn(parsed.error)}` });
}

function pageIn(body: unknown): string {
  const parsed = pageSchema.safeParse(body ?? {});
  if (parsed.success) return parsed.data.page;
  throw new Fault('usage', { text: `expected {"page": JWS}; ${problemsIn(parsed.error)}` });
}

/** `?from=1&most=100`. */
function rangeIn({ query }: FastifyRequest) {
  const parsed = auditRangeSchema.safeParse(query ?? {});
  if (parsed.success) return parsed.data;
  throw new Fault('usage', { text: `expected ?from=NUMBER&most=1…1000; ${problemsIn(parsed.error)}` });
}

/** `?device=a,b` or `?device=a&device=b`; undefined: everything. */
function filterIn({ query }: FastifyRequest, views: ControlViews): ReadonlySet<string> | undefined {
  const given = typeof query === 'object' && query !== null && 'device' in query ? query.device : undefined;
  const ids = [given ?? []]
    .flat()
    .flatMap((text) => String(text).split(','))
    .filter(Boolean);
  if (ids.length === 0) return undefined;
  const known = [...views.devices(), ...views.doors(), ...views.loads()];
  return new Set(ids.map((id) => oneOf(known, id).id));
}

function doorOf(doors: readonly DoorStatus[], id: string): DoorStatus {
  const found = doors.find((door) => door.id === id);
  if (found) return found;
  const ids = doors.map((door) => door.id);
  throw new Fault('door.unknown', { door: id, nearest: nearest(id, ids) ?? 'none' });
}

function loadOf(loads: readonly LoadStatus[], id: string): LoadStatus {
  const found = loads.find((load) => load.id === id);
  if (found) return found;
  const ids = loads.map((load) => load.id);
  throw new Fault('load.unknown', { load: id, nearest: nearest(id, ids) ?? 'none' });
}

function oneOf<T extends { readonly id: string }>(things: readonly T[], id: string): T {
  const found = things.find((one) => one.id === id);
  if (found) return found;
  const ids = things.map((one) => one.id);
  throw new Fault('device.unknown', { device: id, nearest: nearest(id, ids) ?? 'none' });
}
