import type { DatagramPort, PortOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import type { ListenUdp } from '../../src/simulate/index.ts';

const HOST = '127.0.0.1';
type Hear = (bytes: Uint8Array, from: number) => void;

/** A network of datagrams in memory: both ends of a udp bus, without the machine's own sockets. */
export function memoryNet() {
  const bound = new Map<number, Hear>();
  let next = 40_000;
  const bind = (port: number, hear: Hear): number => {
    const at = port || next++;
    if (bound.has(at)) throw new Fault('bus.port-busy', { path: `${HOST}:${at}` });
    bound.set(at, hear);
    return at;
  };
  /** A datagram arrives in a later turn, if somebody is there. */
  const send = async (bytes: Uint8Array, from: number, to: number): Promise<void> => {
    await Promise.resolve();
    bound.get(to)?.(bytes.slice(), from);
  };

  const udp = async ({ port }: { readonly port: number }): Promise<DatagramPort> => {
    let hear: (bytes: Uint8Array) => void = () => {};
    const at = bind(port, (bytes) => hear(bytes));
    return {
      port: at,
      send: (bytes, to) => send(bytes, at, to.port),
      onDatagram: (listener) => {
        hear = listener;
      },
      onLost() {},
      close: async () => void bound.delete(at),
    };
  };
  const ports: Pick<PortOpener, 'udp' | 'routeTo'> = { udp, routeTo: async () => HOST };

  const listenUdp: ListenUdp = async (_host, port, onPort) => {
    const askers = new Map<number, (bytes: Uint8Array) => void>();
    const at = bind(port, (bytes, from) => {
      if (!askers.has(from))
        onPort({
          write: (answer) => send(answer, at, from),
          onData: (listener) => void askers.set(from, listener),
          close: () => void askers.delete(from),
        });
      askers.get(from)?.(bytes);
    });
    return {
      port: at,
      send: (bytes, to) => send(bytes, at, to.port),
      close: async () => void bound.delete(at),
    };
  };
  return { ports, listenUdp };
}
