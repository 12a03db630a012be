import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { asFault, Fault, type FaultCode } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import { openStream } from './stream.ts';
import type { ControlViews } from './views.ts';

export interface Control {
  close(): Promise<void>;
}

const STATUS: Partial<Record<FaultCode, number>> = {
  'device.unknown': 404,
  'command.unknown': 404,
  'command.bad-args': 400,
  usage: 400,
};

const ACT_BODY = {
  type: 'object',
  required: ['command'],
  additionalProperties: false,
  properties: { command: { type: 'string' }, args: { type: 'object' } },
} as const;

interface ById {
  Params: { id: string };
}

/**
 * HTTP over a unix socket, for the command line and the console of this machine. Who may use it is the group of the socket file
 * (mode 0660). Errors are `{ error: { code, message, remedy, retry, facts } }`.
 */
export async function openControl(path: string, views: ControlViews): Promise<Control> {
  await makeWay(path);
  const server = Fastify({ forceCloseConnections: true });
  routes(server, views);
  await server.listen({ path });
  chmodSync(path, 0o660);
  return {
    close: async () => {
      await server.close();
      rmSync(path, { force: true });
    },
  };
}

function routes(server: FastifyInstance, views: ControlViews): void {
  server.setErrorHandler((error, _request, reply) => {
    const invalid = error instanceof Error && 'validation' in error;
    const fault = invalid ? new Fault('usage', { text: error.message }) : asFault(error);
    return reply.status(STATUS[fault.code] ?? 500).send({ error: fault.toJSON() });
  });
  server.setNotFoundHandler((request, reply) => {
    const fault = new Fault('usage', { text: `there is nothing at ${request.method} ${request.url}` });
    return reply.status(404).send({ error: fault.toJSON() });
  });
  server.get('/v1/status', () => views.status());
  server.get('/v1/devices', async () => views.devices());
  server.get('/v1/health', async () => views.health());
  server.post<ById>('/v1/devices/:id/read', (request) => views.read(request.params.id));
  server.post<ById & { Body: { command: string; args?: JsonObject } }>(
    '/v1/devices/:id/act',
    { schema: { body: ACT_BODY } },
    ({ params, body }) => views.act(params.id, body.command, body.args ?? {}),
  );
  server.get<{ Querystring: { device?: string } }>('/v1/watch', (request, reply) => {
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    const send = openStream(response);
    const only = request.query.device?.split(',');
    const stop = views.watch((line) => {
      if (!only || concerns(line, only)) send(line);
    });
    response.on('close', stop);
  });
}

function concerns(
  line: Parameters<Parameters<ControlViews['watch']>[0]>[0],
  devices: readonly string[],
): boolean {
  if (line.type === 'reading') return devices.includes(line.reading.device);
  if (line.type === 'event') return devices.includes(line.event.subject);
  return line.type === 'dropped';
}

/** A socket file left by a gateway that died is removed; one on which somebody answers is not ours to take. */
async function makeWay(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) return;
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
  if (answered) throw new Fault('control.in-use', { path });
  rmSync(path, { force: true });
}
