import type { Bench, BenchPlace, Clock, LineSetting, PortOpener } from '../../contracts/index.ts';
import type { Millis } from '../../model/index.ts';
import { bitsPerCharacter } from '../settings.ts';
import { PortBench } from './port-bench.ts';

const CONNECT_MS: Millis = 5000;

/** A bench on a port of this machine, or on a host, that nobody else owns. Nothing is opened before the first exchange. */
export function openBench(
  place: BenchPlace,
  world: { readonly ports: PortOpener; readonly clock: Clock },
): Bench {
  if (place.kind !== 'serial') {
    const { host, port } = place;
    const framing = place.kind === 'modbus-tcp' ? ('tcp' as const) : ('rtu' as const);
    const own = place.kind === 'rtu-tcp' ? place.own : undefined;
    return new PortBench(
      {
        ...{ name: `${host}:${port}`, framing, own, adjustable: false },
        bits_per_character: () => 10,
        open: () => world.ports.tcp(host, port, CONNECT_MS),
      },
      world.clock,
    );
  }
  const { path, own, data_bits = 8, stop_bits = 1, rs485 } = place;
  const common = { path, data_bits, stop_bits, ...(rs485 && { rs485 }) } as const;
  return new PortBench(
    {
      ...{ name: path, framing: 'rtu', own, adjustable: true },
      bits_per_character: ({ parity }: LineSetting) => bitsPerCharacter({ parity, data_bits, stop_bits }),
      open: ({ baud, parity }) => world.ports.serial({ ...common, baud, parity }),
    },
    world.clock,
  );
}
