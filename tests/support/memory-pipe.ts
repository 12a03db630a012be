import type { MessagePipe, OutMessage } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';

/** A connection to a broker that takes everything, in memory: for tests of time, where no socket may be waited for. */
export interface MemoryPipe extends MessagePipe {
  readonly published: OutMessage[];
  /** The other side hangs up, or says why. */
  lose(reason?: Error): void;
}

export function memoryPipe(): MemoryPipe {
  const published: OutMessage[] = [];
  let reason: Error | undefined;
  let listeners: ((reason: Error) => void)[] = [];
  const lose = (
    why: Error = new Fault('uplink.lost', { reason: 'closed by the other side', hung_up: true }),
  ) => {
    reason ??= why;
    for (const tell of listeners) tell(reason);
    listeners = [];
  };
  return {
    published,
    limits: { receive_maximum: 20, maximum_packet: 128 * 1024 },
    heard: () => published.length,
    ping: async () => {},
    publish: async (message) => {
      if (reason) throw reason;
      published.push(message);
    },
    subscribe: async () => {},
    onMessage: () => {},
    onLost: (listener) => {
      if (reason) listener(reason);
      else listeners.push(listener);
    },
    close: async () => {},
    drop: () => {},
    lose,
  };
}
