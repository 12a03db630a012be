import type { PortOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';

const none = (label: string): never => {
  throw new Fault('gpio.chip-missing', { label, known: 'none' });
};

const noNet = async (): Promise<never> => {
  throw new Fault('bus.unreachable', { host: 'nowhere', port: 0, reason: 'no network here' });
};

/** Ports of a world without GPIO, TLS and datagrams. */
export const noChips: Pick<PortOpener, 'chip' | 'legacyChip' | 'tls' | 'udp' | 'routeTo'> = {
  chip: none,
  legacyChip: none,
  tls: noNet,
  udp: noNet,
  routeTo: noNet,
};
