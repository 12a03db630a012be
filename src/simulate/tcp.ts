import { createServer, type Socket } from 'node:net';
import type { FarPort } from './far-port.ts';

/** Listens on loopback; every connection is a port of its own. */
export type ListenTcp = (
  host: string,
  port: number,
  onPort: (port: FarPort) => void,
) => Promise<{ readonly port: number; close(): Promise<void> }>;

export const listenTcp: ListenTcp = async (host, port, onPort) => {
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};
