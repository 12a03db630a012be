import { answerFrames, defineSimulator, seededRandom, settable, type Value, wandering } from '#kit';
import { CODES, encodeAnswer, encodeAuto, encodeCoefficient, NAME, requestFrame, VERDICTS } from './codec.ts';
import type { Options } from './driver.ts';

/**
 * The sensor's own side. Settings: its masses (`pm1_0`, `pm2_5`, `pm4_0`, `pm10`) and `warming` (true: all zero). Asleep it does not speak
 * and refuses to be read. A coefficient out of range is refused.
 */
export default defineSimulator<Options>({
  driver: NAME,
  open({ model, mode }, seed) {
    const random = seededRandom(seed);
    const names = model === 's0' ? ['pm2_5', 'pm10'] : ['pm1_0', 'pm2_5', 'pm4_0', 'pm10'];
    const fixed = settable([...names, 'warming']);
    const base = wandering(random, { from: 14, min: 2, max: 180, step: 3, decimals: 0 });
    const told: Record<string, Value | null> = {};
    let speaking = mode === 'active';
    let measuring = true;
    let coefficient = 100;

    const masses = (): number[] => {
      const warming = fixed.get('warming') === true;
      const level = base();
      return names.map((name, index) => {
        const set = fixed.get(name);
        const value = typeof set === 'number' ? set : level + 3 * index;
        told[name] = warming ? null : value;
        return warming ? 0 : value;
      });
    };
    const answer = (frame: Uint8Array): Uint8Array => {
      const [, , code, value = 0] = frame;
      if (code === CODES.start || code === CODES.stop) measuring = code === CODES.start;
      else if (code === CODES.auto || code === CODES.quiet) speaking = code === CODES.auto;
      else if (code === CODES.adjustment) return encodeCoefficient(coefficient);
      else if (code === CODES.adjust && value >= 30 && value <= 200) coefficient = value;
      else if (code === CODES.read && measuring) return encodeAnswer(masses(), model);
      else {
        for (const name of names) told[name] = null;
        return VERDICTS.no;
      }
      return VERDICTS.yes;
    };

    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: answerFrames(requestFrame, answer),
      speak: () =>
        speaking && measuring ? { bytes: encodeAuto(masses(), model), next_ms: 1000 } : undefined,
    };
  },
});
