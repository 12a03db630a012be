import type { BytePort, PortOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import type { FarPort } from '../../src/simulate/far-port.ts';
import { noChips } from './no-chips.ts';

/** Wires in memory: what the simulated site opens as ptys, the buses find under the same path. */
export function memoryWires() {
  const plugged = new Map<string, { readonly far: FarPort; connect(near: Near): void }>();
  interface Near {
    hear(chunk: Uint8Array): void;
    lose(): void;
  }

  const openPty = ({ link }: { readonly link?: string }): FarPort & { readonly path: string } => {
    const path = link ?? '';
    let near: Near | undefined;
    const hearing: ((chunk: Uint8Array) => void)[] = [];
    const far: FarPort & { path: string } = {
      path,
      // Bytes arrive in a later turn, as from a real port.
      write: async (bytes) => {
        await Promise.resolve();
        near?.hear(bytes.slice());
      },
      onData: (listener) => void hearing.push(listener),
      close: () => {
        plugged.delete(path);
        near?.lose();
      },
    };
    plugged.set(path, {
      far: {
        ...far,
        write: async (bytes) => {
          for (const listener of hearing) listener(bytes.slice());
        },
      },
      connect: (it) => {
        near = it;
      },
    });
    return far;
  };

  const serial = async (path: string): Promise<BytePort> => {
    const wire = plugged.get(path);
    if (!wire) throw new Fault('bus.port-missing', { path });
    let data: (chunk: Uint8Array) => void = () => {};
    let lost: (reason: Error) => void = () => {};
    wire.connect({ hear: (chunk) => data(chunk), lose: () => lost(new Error('pulled out')) });
    return {
      write: (bytes) => wire.far.write(bytes),
      onData: (listener) => {
        data = listener;
      },
      onLost: (listener) => {
        lost = listener;
      },
      close: async () => wire.connect({ hear() {}, lose() {} }),
    };
  };
  const ports: PortOpener = {
    serial: ({ path }) => serial(path),
    tcp: async (host, port) => {
      throw new Fault('bus.unreachable', { host, port, reason: 'only serial wires here' });
    },
    ...noChips,
  };
  return { openPty, ports };
}
