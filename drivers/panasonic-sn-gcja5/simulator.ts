import { defineSimulator, seededRandom, settable, type Value, wandering } from '#kit';
import { COUNT_NAMES, encodeReading, NAME } from './codec.ts';
import type { Options } from './driver.ts';

const SIZES = ['pm1_0', 'pm2_5', 'pm10'] as const;
/** Its word on a fan that is abnormal. */
const FAN = 0x41;

/** The sensor's own side. Settings: the three masses, `starting` (true: all zero) and `fan` (false: it reports its fan). */
export default defineSimulator<Options>({
  driver: NAME,
  open({ details }, seed) {
    const random = seededRandom(seed);
    const fixed = settable([...SIZES, 'starting', 'fan']);
    const base = wandering(random, { from: 12, min: 1, max: 200, step: 3, decimals: 0 });
    const told: Record<string, Value | null> = {};
    const frame = (): Uint8Array => {
      const starting = fixed.get('starting') === true;
      const level = base();
      const masses = SIZES.map((name, index) => {
        const set = fixed.get(name);
        return typeof set === 'number' ? set : level + 2 * index;
      });
      const counts = [900, 300, 70, 12, 3, 1].map((count) => Math.round(count * (0.5 + random())));
      const defect = fixed.get('fan') === false;
      const all = [...SIZES, ...(details ? COUNT_NAMES : [])];
      [...masses, ...counts].forEach((value, index) => {
        const name = all[index];
        if (name) told[name] = starting ? null : value;
      });
      told.defect = defect;
      return encodeReading(starting ? [] : masses, {
        counts: starting ? [] : counts,
        state: defect ? FAN : 0,
      });
    };
    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: () => new Uint8Array(),
      speak: () => ({ bytes: frame(), next_ms: 1000 }),
    };
  },
});
