import { createSocket } from 'node:dgram';
import type { FarPort } from './far-port.ts';

/** Listens for datagrams on loopback; whoever asks is a port of its own. */
export type ListenUdp = (
  host: string,
  port: number,
  onPort: (port: FarPort) => void,
) => Promise<{
  readonly port: number;
  /** Something unasked, to whoever listens there. */
  send(bytes: Uint8Array, to: { readonly host: string; readonly port: number }): Promise<void>;
  close(): Promise<void>;
}>;

/** Askers use a port for one question; so many are remembered for answers that come late. */
const MOST_ASKERS = 64;

export const listenUdp: ListenUdp = async (host, port, onPort) => {
  const socket = createSocket('udp4');
  const askers = new Map<string, { hear(bytes: Uint8Array): void; leave(): void }>();
  const send = (bytes: Uint8Array, to: { readonly host: string; readonly port: number }) =>
    new Promise<void>((resolve) => socket.send(bytes, to.port, to.host, () => resolve()));
  const meet = (to: { readonly host: string; readonly port: number }) => {
    let hear: (bytes: Uint8Array) => void = () => {};
    let left = () => {};
    onPort({
      write: (bytes) => send(bytes, to),
      onData: (listener) => {
        hear = listener;
      },
      onClosed: (listener) => {
        left = listener;
      },
      close: () => {},
    });
    return { hear: (bytes: Uint8Array) => hear(bytes), leave: () => left() };
  };
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('error', () => {});
  socket.on('message', (bytes, from) => {
    const key = `${from.address}:${from.port}`;
    const asker = askers.get(key) ?? meet({ host: from.address, port: from.port });
    askers.delete(key);
    askers.set(key, asker);
    const [oldest] = askers.keys();
    if (askers.size > MOST_ASKERS && oldest !== undefined) {
      askers.get(oldest)?.leave();
      askers.delete(oldest);
    }
    asker.hear(bytes);
  });
  return {
    port: socket.address().port,
    send,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
};
