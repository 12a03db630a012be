import type { PortOpener } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';

const none = (label: string): never => {
  throw new Fault('gpio.chip-missing', { label, known: 'none' });
};

/** Ports of a world without GPIO. */
export const noChips: Pick<PortOpener, 'chip' | 'legacyChip'> = { chip: none, legacyChip: none };
