import { concat, defineSimulator, seededRandom, settable, type Value } from '#kit';
import { encodeDistance } from './codec.ts';
import { MODELS, type Options, TRIGGER } from './models.ts';

/**
 * The sensor over a parking bay: floor, and now and then a roof. `distance` can be set (mm; null: nothing in sight).
 * A frame comes every 200 ms, or for each trigger byte.
 */
export default defineSimulator<Options>({
  driver: 'a02yyuw',
  open({ model, trigger }, seed) {
    const random = seededRandom(seed);
    const dialect = MODELS[model];
    const fixed = settable(['distance']);
    const told: Record<string, Value | null> = {};
    let floor = 2400;
    const frame = (): Uint8Array => {
      if (random() < 0.01) floor = floor > 1500 ? 900 : 2400;
      const set = fixed.get('distance');
      const distance = typeof set === 'number' || set === null ? set : floor + Math.round(20 * random() - 10);
      told.distance = distance;
      return encodeDistance(distance, dialect);
    };
    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: (bytes) =>
        trigger ? concat(...[...bytes].filter((byte) => byte === TRIGGER).map(frame)) : new Uint8Array(),
      speak: () => (trigger ? undefined : { bytes: frame(), next_ms: 200 }),
    };
  },
});
