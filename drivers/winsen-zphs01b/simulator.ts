import { answerFrames, defineSimulator, roundTo, seededRandom, settable, type Value, wandering } from '#kit';
import { encodeReading, FIELDS, type FieldName, NAME, NAMES, requestFrame } from './codec.ts';
import type { Options } from './driver.ts';

const SHAPES: Readonly<Record<FieldName, readonly [from: number, min: number, max: number]>> = {
  pm1_0: [9, 1, 150],
  pm2_5: [14, 2, 220],
  pm10: [20, 3, 300],
  co2: [620, 400, 1900],
  voc_grade: [0, 0, 3],
  temperature: [22.4, -5, 40],
  humidity: [45, 15, 90],
  formaldehyde: [30, 0, 200],
  co: [0.6, 0, 9],
  o3: [20, 0, 160],
  no2: [30, 0, 200],
};

/** The module's own side. Settings: each of its points, and `starting` (true: no carbon dioxide yet). */
export default defineSimulator<Options>({
  driver: NAME,
  open(_options, seed) {
    const random = seededRandom(seed);
    const fixed = settable([...NAMES, 'starting']);
    const told: Record<string, Value | null> = {};
    const wander = NAMES.map((name) => {
      const [from, min, max] = SHAPES[name];
      const { step } = FIELDS[name];
      return wandering(random, { from, min, max, step: 3 * step, decimals: step < 1 ? 1 : 0 });
    });
    const answer = (): Uint8Array => {
      const starting = fixed.get('starting') === true;
      const values = NAMES.map((name, index) => {
        const { step } = FIELDS[name];
        const set = fixed.get(name);
        const value = roundTo(Math.round((wander[index]?.() ?? 0) / step) * step, 1);
        return [name, typeof set === 'number' ? set : value] as const;
      });
      for (const [name, value] of values) told[name] = starting ? null : value;
      // The rows are those of the table.
      const all = Object.fromEntries(values) as Record<FieldName, number>;
      return encodeReading(starting ? { ...all, co2: 0 } : all);
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
