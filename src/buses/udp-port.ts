import { createSocket } from 'node:dgram';
import type { DatagramPort, DatagramSettings } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';

/** A socket for datagrams that may also be sent to everybody (broadcast). Faults bus.port-busy, bus.port-denied, bus.unreachable (no such address here). */
export async function openUdpPort({ bind, port }: DatagramSettings): Promise<DatagramPort> {
  const socket = createSocket({ type: 'udp4' });
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(faultOfBinding(error, { bind, port }));
    };
    socket.once('error', failed);
    socket.bind({ address: bind, port, exclusive: true }, () => {
      socket.off('error', failed);
      resolve();
    });
  });
  socket.setBroadcast(true);
  let closed = false;
  let lost: ((reason: Error) => void) | undefined;
  socket.on('error', (error) => {
    if (!closed) lost?.(error);
  });
  return {
    port: socket.address().port,
    send: (bytes, to) =>
      new Promise((resolve, reject) => {
        socket.send(bytes, to.port, to.host, (error) => (error ? reject(error) : resolve()));
      }),
    onDatagram: (listener) => void socket.on('message', (bytes) => closed || listener(bytes)),
    onLost: (listener) => {
      lost = listener;
    },
    close: () => {
      if (closed) return Promise.resolve();
      closed = true;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

function faultOfBinding({ code, message }: NodeJS.ErrnoException, { bind, port }: DatagramSettings): Fault {
  const path = `${bind}:${port}`;
  if (code === 'EADDRINUSE') return new Fault('bus.port-busy', { path });
  if (code === 'EACCES') return new Fault('bus.port-denied', { path });
  return new Fault('bus.unreachable', { host: bind, port, reason: message });
}

/** Where a connection to that host would begin. Nothing is sent for it. Fault bus.unreachable. */
export async function routeTo(host: string): Promise<string> {
  const socket = createSocket({ type: 'udp4' });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('error', (error) =>
        reject(new Fault('bus.unreachable', { host, port: ANY_PORT, reason: error.message })),
      );
      // A broadcast address may only be connected to by who may broadcast.
      socket.bind(0, () => {
        socket.setBroadcast(true);
        socket.connect(ANY_PORT, host, () => resolve(socket.address().address));
      });
    });
  } finally {
    socket.close();
  }
}

/** Discard: which one does not matter. */
const ANY_PORT = 9;
