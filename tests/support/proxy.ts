import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A TCP proxy on loopback that can behave as bad networks do. */
export interface Proxy {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: () => number;
  readonly open: () => number;
  /** Bytes are no longer passed on, in either or one direction; nothing is closed. */
  blackHole(which?: 'both' | 'up' | 'down'): void;
  /** Passes again what comes from now on; what fell into the hole is lost, so an old connection is out of step. */
  pass(): void;
  /** Resets every open connection. */
  cut(): void;
  /** Refuses new connections (and back). */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

export async function startProxy(target_port: number): Promise<Proxy> {
  const state = { up: true, down: true, refusing: false, count: 0 };
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    state.count += 1;
    if (state.refusing) return void client.resetAndDestroy();
    const upstream = connect(target_port, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on('data', (chunk) => state.up && upstream.write(chunk));
    upstream.on('data', (chunk) => state.down && client.write(chunk));
    for (const [one, other] of [pair, [upstream, client]] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        pairs.delete(pair);
        // In a black hole not even the end of a connection is heard.
        if (state.up && state.down) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
  };
  const close = async () => {
    cut();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    connections: () => state.count,
    open: () => pairs.size,
    blackHole: (which = 'both') => {
      state.up = which === 'down';
      state.down = which === 'up';
    },
    pass: () => {
      state.up = true;
      state.down = true;
    },
    cut,
    refuse: (on) => {
      state.refusing = on;
    },
    close,
  };
}
