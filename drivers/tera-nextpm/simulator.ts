import { answerFrames, defineSimulator, roundTo, seededRandom, settable, type Value, wandering } from '#kit';
import { encodeReading, encodeState, MEANS, NAME, requestFrame, STATES } from './codec.ts';
import type { Options } from './driver.ts';

const SIZES = ['pm1_0', 'pm2_5', 'pm10'] as const;

/** The sensor's own side. Settings: the three masses, `starting` (true: it has no values yet) and `fan` (false: it reports its fan). */
export default defineSimulator<Options>({
  driver: NAME,
  open({ mean_s }, seed) {
    const fixed = settable([...SIZES, 'starting', 'fan']);
    const base = wandering(seededRandom(seed), { from: 8.4, min: 0.5, max: 150, step: 1.2, decimals: 1 });
    const told: Record<string, Value | null> = {};
    const answer = (frame: Uint8Array): Uint8Array => {
      const starting = fixed.get('starting') === true;
      const defect = fixed.get('fan') === false;
      const level = base();
      const masses = SIZES.map((name, index) => {
        const set = fixed.get(name);
        const value = typeof set === 'number' ? set : roundTo(level * (1 + index / 2), 1);
        told[name] = starting ? null : value;
        return value;
      });
      told.defect = defect;
      const state = (starting ? STATES.starting : 0) | (defect ? STATES.fan : 0);
      const wants = Object.values(MEANS).some((code) => code === frame[1]);
      return wants && !starting ? encodeReading(mean_s, { state, masses }) : encodeState(state);
    };
    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: answerFrames(requestFrame, answer),
      speak: () => undefined,
    };
  },
});
