import type { BytePort, Clock, PortOpener } from '../../src/contracts/index.ts';

/**
 * The same ports, and how many bytes came within the timeout after the last request to each unit. On a busy machine a reply that was sent in
 * time may come too late all the same; that says nothing about the bus.
 */
export function watchArrivals(
  ports: PortOpener,
  how: {
    readonly clock: Clock;
    readonly timeout_ms: number;
    readonly unitOf: (request: Uint8Array) => number;
  },
): { readonly ports: PortOpener; readonly inTime: (unit: number) => number } {
  const { clock, timeout_ms, unitOf } = how;
  const last = new Map<number, { readonly up: number; bytes: number }>();
  const watched = (port: BytePort): BytePort => {
    let current = { up: clock.now().up, bytes: 0 };
    return {
      ...port,
      write: (bytes) => {
        current = { up: clock.now().up, bytes: 0 };
        last.set(unitOf(bytes), current);
        return port.write(bytes);
      },
      onData: (listener) =>
        port.onData((chunk) => {
          if (clock.now().up - current.up < timeout_ms) current.bytes += chunk.length;
          listener(chunk);
        }),
    };
  };
  return {
    ports: {
      ...ports,
      serial: async (settings) => watched(await ports.serial(settings)),
      tcp: async (...to) => watched(await ports.tcp(...to)),
    },
    inTime: (unit) => last.get(unit)?.bytes ?? 0,
  };
}
