import {
  answerFrames,
  defineSimulator,
  nineBytes,
  seededRandom,
  settable,
  type Value,
  wandering,
} from '#kit';
import { CODES, encodeActive, encodeAnswer, NAME, requestFrame } from './codec.ts';
import type { Options } from './driver.ts';

const NAMES = ['pm1_0', 'pm2_5', 'pm10'] as const;

/**
 * The sensor's own side. Settings: the three masses, `warming` (true: all-zero frames) and `stubborn` (true: it refuses to sleep and to
 * wake). Asleep it says nothing and obeys nothing but wake.
 */
export default defineSimulator<Options>({
  driver: NAME,
  open({ mode }, seed) {
    const random = seededRandom(seed);
    const fixed = settable([...NAMES, 'warming', 'stubborn']);
    const wander = {
      pm1_0: wandering(random, { from: 11, min: 1, max: 150, step: 3, decimals: 0 }),
      pm2_5: wandering(random, { from: 18, min: 2, max: 220, step: 4, decimals: 0 }),
      pm10: wandering(random, { from: 24, min: 3, max: 300, step: 6, decimals: 0 }),
    };
    const told: Record<string, Value | null> = {};
    let active = mode === 'active';
    let awake = true;

    const masses = (): [number, number, number] => {
      const warming = fixed.get('warming') === true;
      const [pm1_0 = 0, pm2_5 = 0, pm10 = 0] = NAMES.map((name) => {
        const set = fixed.get(name);
        const value = typeof set === 'number' ? set : wander[name]();
        told[name] = warming ? null : value;
        return warming ? 0 : value;
      });
      return [pm1_0, pm2_5, pm10];
    };
    const obey = ([, , code, value]: Uint8Array): Uint8Array => {
      const stubborn = fixed.get('stubborn') === true;
      if (code === CODES.dormant) {
        if (!stubborn) awake = value === 0;
        return nineBytes(CODES.dormant, stubborn ? 0 : 1);
      }
      if (!awake) return new Uint8Array();
      if (code === CODES.mode) active = value === 0x40;
      return code === CODES.read ? encodeAnswer(masses()) : new Uint8Array();
    };

    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: answerFrames(requestFrame, obey),
      speak: () => (active && awake ? { bytes: encodeActive(masses()), next_ms: 1000 } : undefined),
    };
  },
});
