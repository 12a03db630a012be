import { Duplex } from 'node:stream';
import { openSocketChip } from '../../src/buses/gpio/socket-chip.ts';
import type { BytePort, PortOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import type { FarPort } from '../../src/simulate/far-port.ts';
import type { ListenSocket, ListenTcp } from '../../src/simulate/tcp.ts';
import { noChips } from './no-chips.ts';

type Hear = (chunk: Uint8Array) => void;

/**
 * Wires in memory: what the simulated site opens as ptys, TCP ports and sockets of chips, the buses find under the same path or port. Bytes
 * arrive in a later turn, as from a real port. `onSent` hears what leaves the gateway, with the path or port it leaves by.
 */
export function memoryWires(onSent: (place: string, bytes: Uint8Array) => void = () => {}) {
  const wires = new Map<string, Wire>();
  const listening = new Map<string, (port: FarPort) => void>();
  const conversations = new Map<string, Set<Wire>>();

  const openPty = ({ link }: { readonly link?: string }): FarPort & { readonly path: string } => {
    const path = link ?? '';
    const wire = new Wire(() => wires.delete(path));
    wires.set(path, wire);
    // A pty does not tell that the host hung up, and is there when it comes back.
    const { write, onData, close } = wire.far;
    return { write, onData, close, path };
  };
  const serial = async (path: string): Promise<BytePort> => {
    const wire = wires.get(path);
    if (!wire) throw new Fault('bus.port-missing', { path });
    return tapped(path, wire.near());
  };

  const listen = (place: string, onPort: (port: FarPort) => void) => {
    listening.set(place, onPort);
    conversations.set(place, new Set());
    return async () => {
      listening.delete(place);
      for (const wire of conversations.get(place) ?? []) wire.pull();
    };
  };
  const tapped = (place: string, port: BytePort): BytePort => ({
    ...port,
    write: (bytes) => {
      onSent(place, bytes);
      return port.write(bytes);
    },
  });
  const connect = (place: string): Wire | undefined => {
    const onPort = listening.get(place);
    if (!onPort) return undefined;
    const wire: Wire = new Wire(() => conversations.get(place)?.delete(wire));
    conversations.get(place)?.add(wire);
    onPort(wire.far);
    return wire;
  };
  // Simulated units are all on this machine: the port says which.
  const listenTcp: ListenTcp = async (_host, port, onPort) => ({
    port,
    close: listen(`tcp ${port}`, onPort),
  });
  const listenSocket: ListenSocket = async (path, onPort) => ({ close: listen(path, onPort) });

  const ports: PortOpener = {
    serial: ({ path }) => serial(path),
    tcp: async (host, port) => {
      const wire = connect(`tcp ${port}`);
      if (!wire) throw new Fault('bus.unreachable', { host, port, reason: 'nobody listens there' });
      return tapped(`tcp ${port}`, wire.near());
    },
    ...noChips,
    chip: async (label) => {
      const wire = connect(label.slice('sim:'.length));
      if (!wire) throw new Fault('gpio.chip-missing', { label, known: 'none' });
      return openSocketChip(label, streamOn(wire.near()));
    },
  };
  return { openPty, listenTcp, listenSocket, ports };
}

/** Two ends. The far one is there from the beginning; the near one may be taken anew whenever it was let go. */
class Wire {
  readonly far: FarPort;
  private readonly ended: () => void;
  private readonly hearing: Hear[] = [];
  private left: (() => void)[] = [];
  private data: Hear = () => {};
  private lost: (reason: Error) => void = () => {};
  /** What was said before anybody listened. */
  private unheard: Uint8Array[] | undefined = [];

  constructor(ended: () => void) {
    this.ended = ended;
    this.far = {
      write: async (bytes) => {
        const copy = bytes.slice();
        await Promise.resolve();
        if (this.unheard) this.unheard.push(copy);
        else this.data(copy);
      },
      onData: (listener) => void this.hearing.push(listener),
      onClosed: (listener) => void this.left.push(listener),
      close: () => this.pull(),
    };
  }

  near(): BytePort {
    this.unheard = [];
    return {
      write: async (bytes) => {
        for (const listener of this.hearing) listener(bytes.slice());
      },
      onData: (listener) => {
        this.data = listener;
        const before = this.unheard ?? [];
        this.unheard = undefined;
        for (const chunk of before) listener(chunk);
      },
      onLost: (listener) => {
        this.lost = listener;
      },
      close: async () => {
        this.data = () => {};
        this.lost = () => {};
        this.leave();
      },
    };
  }

  /** The far end is taken away. */
  pull(): void {
    this.ended();
    this.lost(new Error('pulled out'));
    this.leave();
  }

  private leave(): void {
    const left = this.left;
    this.left = [];
    for (const tell of left) tell();
  }
}

/** A port as the stream that a simulated chip is read from. */
function streamOn(port: BytePort): Duplex {
  const stream = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, done) => {
      port.write(chunk).then(() => done(), done);
    },
    destroy: (error, done) => {
      port.close().then(() => done(error), done);
    },
  });
  port.onData((chunk) => void stream.push(chunk));
  port.onLost(() => stream.destroy());
  return stream;
}
