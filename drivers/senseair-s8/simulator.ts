import { defineSimulator, Fault, type JsonObject, mapFarEnd, parseRequest, writeRequest } from '#kit';
import {
  ACKNOWLEDGED,
  CALIBRATE_BACKGROUND,
  CALIBRATED,
  map,
  NAME,
  SPECIAL,
  settings,
  TABLE,
} from './codec.ts';
import type { Options } from './driver.ts';

/** It takes so long to calibrate itself. */
const CALIBRATION_MS = 2000;

/**
 * The sensor's own side. Settings: `co2`, `defect`, and `asleep` (true: it does not hear the next request, which only wakes it, as some
 * S8 do). It answers any address.
 */
export default defineSimulator<Options>({
  driver: NAME,
  open(_options, seed) {
    const far = mapFarEnd(map, TABLE, {
      seed,
      shapes: { co2: { from: 640, min: 400, max: 1900, step: 20 } },
      registers: [
        { table: 'input', at: 1, word: 0 },
        { table: 'input', at: 2, word: 0 },
        { at: ACKNOWLEDGED, word: 0 },
        { at: SPECIAL, word: 0 },
        ...settings.factory,
      ],
      also: [0xfe],
    });
    far.set({ defect: false });
    let asleep = false;
    let calibrating: number | undefined;
    return {
      ...far,
      set(values: JsonObject) {
        const { asleep: sleeps, ...points } = values;
        if (sleeps !== undefined && typeof sleeps !== 'boolean')
          throw new Fault('usage', { text: 'asleep is true or false' });
        asleep = sleeps ?? asleep;
        far.set(points);
      },
      respond(pdu, up) {
        if (asleep) {
          asleep = false;
          return undefined;
        }
        if (calibrating !== undefined && up - calibrating >= CALIBRATION_MS) {
          calibrating = undefined;
          far.respond(writeRequest({ fn: 6, at: ACKNOWLEDGED, values: [CALIBRATED] }), up);
        }
        const asked = pdu[0] === 6 ? parseRequest(pdu) : undefined;
        if (asked && 'fn' in asked && asked.at === SPECIAL && asked.values[0] === CALIBRATE_BACKGROUND)
          calibrating = up;
        return far.respond(pdu, up);
      },
    };
  },
});
