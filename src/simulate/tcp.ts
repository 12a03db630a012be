import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { FarPort } from './far-port.ts';

/** Listens on loopback; every connection is a port of its own. */
export type ListenTcp = (
  host: string,
  port: number,
  onPort: (port: FarPort) => void,
) => Promise<{ readonly port: number; close(): Promise<void> }>;

export const listenTcp: ListenTcp = async (host, port, onPort) => {
  const { server, close } = portServer(onPort);
  await listening(server, { host, port });
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : port, close };
};

/** The same on a unix socket. A socket that was left behind is replaced, nothing else is. */
export type ListenSocket = (
  path: string,
  onPort: (port: FarPort) => void,
) => Promise<{ close(): Promise<void> }>;

export const listenSocket: ListenSocket = async (path, onPort) => {
  mkdirSync(dirname(path), { recursive: true });
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
  const { server, close } = portServer(onPort);
  await listening(server, { path });
  return { close };
};

const listening = (server: Server, place: ListenOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => resolve());
  });

function portServer(onPort: (port: FarPort) => void) {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let left = () => {};
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      left();
    });
    onPort({
      write: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
      onData: (listener) => socket.on('data', listener),
      onClosed: (listener) => {
        left = listener;
      },
      close: () => {
        socket.destroy();
      },
    });
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return { server, close };
}
