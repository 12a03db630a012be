import { connect, type Socket } from 'node:net';
import type { BytePort } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';

/** A peer that is silent is asked by the kernel after so long, then every second; ten unanswered ones mean that it is gone. */
const KEEPALIVE_MS: Millis = 20_000;
/** Whole replies of common units fit; longer ones come in pieces. */
const CHUNK_BYTES = 4096;

const HANDED_OVER = Promise.resolve();

export interface Reaching {
  readonly host: string;
  readonly port: number;
  readonly timeout_ms: Millis;
  readonly signal?: AbortSignal | undefined;
}

/** A raw TCP connection: a Modbus TCP unit, or the far side of a serial device server. */
export function openTcpPort({ host, port, timeout_ms, signal }: Reaching): Promise<BytePort> {
  return new Promise((resolve, reject) => {
    let hear: (chunk: Uint8Array) => void = () => {};
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_MS,
      // One buffer for all reads: a busy bus reads thousands of small chunks, and each would cost one of 64 kB. What is heard is copied out.
      onread: {
        buffer: Buffer.allocUnsafeSlow(CHUNK_BYTES),
        callback: (length, buffer) => {
          hear(Buffer.from(buffer.subarray(0, length)));
          return true;
        },
      },
    });
    const fail = (reason: string) => {
      signal?.removeEventListener('abort', aborted);
      socket.destroy();
      reject(new Fault('bus.unreachable', { host, port, reason }));
    };
    const aborted = () => fail('it is not wanted any more');
    const refused = (error: Error) => fail(error.message);
    signal?.addEventListener('abort', aborted, { once: true });
    socket.setTimeout(timeout_ms, () => fail(`no connection within ${timeout_ms} ms`));
    socket.once('error', refused);
    socket.once('connect', () => {
      signal?.removeEventListener('abort', aborted);
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.off('error', refused);
      const onData = (listener: (chunk: Uint8Array) => void) => {
        hear = listener;
      };
      resolve(portOf(socket, onData));
    });
  });
}

/** A connection that stands, in the shape of a port. `wire`: the one of TCP, where another runs on it. */
export function portOf(socket: Socket, onData: BytePort['onData'], wire = socket): BytePort {
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
    write: (bytes) => {
      socket.write(bytes);
      // Nearly always the kernel takes it at once.
      if (socket.writableLength === 0) return HANDED_OVER;
      return new Promise((resolve, reject) => {
        socket.write(NOTHING, (error) => (error ? reject(error) : resolve()));
      });
    },
    onData,
    onLost: (listener) => {
      lost = listener;
      if (gone && !closing) listener(reason);
    },
    close: async (drop) => {
      closing = true;
      // An orderly end delivers what is still under way, even minutes later when the link comes back; a reset discards it.
      if (drop) wire.resetAndDestroy();
      else socket.destroy();
    },
  };
}

const NOTHING = new Uint8Array(0);
