import { defineSimulator, mapFarEnd } from '#kit';
import { mapFor, type Options, tableFor } from './map.ts';

/** The transmitter's own side: a street. `noise` can be set to a fixed level. */
export default defineSimulator<Options>({
  driver: 'noise-rs485',
  open: (options, seed) =>
    mapFarEnd(mapFor(options), tableFor(options), {
      seed,
      shapes: { noise: { from: 52.3, min: 33, max: 98, step: 3 } },
    }),
});
