import {
  answerFrames,
  defineSimulator,
  nineBytes,
  seededRandom,
  settable,
  type Value,
  wandering,
} from '#kit';
import { CODES, encodeReading, NAME, requestFrame } from './codec.ts';
import type { Options } from './driver.ts';

const FIRMWARE = '0502';

/**
 * The sensor's own side. Settings: `co2`, `temperature`, and `heating` (true: 410 ppm and nothing else). Like firmwares of the B model
 * it does not acknowledge what sets something.
 */
export default defineSimulator<Options>({
  driver: NAME,
  open({ range }, seed) {
    const random = seededRandom(seed);
    const fixed = settable(['co2', 'temperature', 'heating']);
    const co2 = wandering(random, { from: 636, min: 455, max: Math.min(range, 1900), step: 18, decimals: 0 });
    const temperature = wandering(random, { from: 26, min: 12, max: 45, step: 0.6, decimals: 0 });
    const told: Record<string, Value | null> = {};
    const numberOr = (name: string, wander: () => number): number => {
      const set = fixed.get(name);
      return typeof set === 'number' ? set : wander();
    };

    const answer = (frame: Uint8Array): Uint8Array => {
      const code = frame[2];
      if (code === CODES.version)
        return nineBytes(CODES.version, ...[...FIRMWARE].map((letter) => letter.charCodeAt(0)));
      if (code !== CODES.read) return new Uint8Array();
      const warmth = numberOr('temperature', temperature);
      const heating = fixed.get('heating') === true;
      const ppm = numberOr('co2', co2);
      Object.assign(told, heating ? { co2: null, temperature: null } : { co2: ppm, temperature: warmth });
      return encodeReading(heating ? 410 : ppm, warmth);
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
