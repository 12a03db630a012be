import { connect } from 'node:net';
import type { BytePort } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';

/** A silent peer is found dead by the kernel after about a minute. */
const KEEPALIVE_MS: Millis = 20_000;

/** A raw TCP connection: a Modbus TCP unit, or the far side of a serial device server. */
export function openTcpPort(host: string, port: number, timeout_ms: Millis): Promise<BytePort> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_MS,
    });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Fault('bus.unreachable', { host, port, reason }));
    };
    const slow = () => fail(`no connection within ${timeout_ms} ms`);
    const refused = (error: Error) => fail(error.message);
    socket.setTimeout(timeout_ms, slow);
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', refused);
      resolve(portOf(socket));
    });
  });
}

function portOf(socket: ReturnType<typeof connect>): BytePort {
  let reason = new Error('the other side closed the connection');
  let closing = false;
  let gone = false;
  let lost: ((reason: Error) => void) | undefined;
  socket.on('error', (error) => {
    reason = error;
  });
  socket.on('close', () => {
    gone = true;
    if (!closing) lost?.(reason);
  });
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    onData: (listener) => {
      socket.on('data', listener);
    },
    onLost: (listener) => {
      lost = listener;
      if (gone && !closing) listener(reason);
    },
    close: async () => {
      closing = true;
      socket.destroy();
    },
  };
}
