import { defineSimulator, Fault, type JsonObject, mapFarEnd, parseRequest } from '#kit';
import {
  FIRMWARE,
  map,
  NAME,
  READING,
  READY,
  RESETTING,
  STOPPING,
  settings,
  startWith,
  TABLE,
} from './codec.ts';
import type { Options } from './driver.ts';

const VERSION = 0x0342;
const START = startWith(0).at;

/**
 * The sensor's own side, measuring from before. Settings: its points, `idle` (true: it does not measure, nothing is ready) and `stale`
 * (true: nothing new is ready at the moment). It refuses reads that are not just of a size it knows.
 */
export default defineSimulator<Options>({
  driver: NAME,
  open(_options, seed) {
    const far = mapFarEnd(map, TABLE, {
      seed,
      shapes: {
        co2: { from: 640, min: 400, max: 1900, step: 20 },
        temperature: { from: 22.4, min: 5, max: 40, step: 0.2 },
        humidity: { from: 41.5, min: 10, max: 90, step: 0.5 },
      },
      registers: [
        ...settings.factory,
        { at: READY.at, word: 1 },
        { at: FIRMWARE.at, word: VERSION },
        { at: START, word: 0 },
        { at: STOPPING.at, word: 0 },
        { at: RESETTING.at, word: 0 },
      ],
    });
    let measuring = true;
    let stale = false;
    return {
      ...far,
      set(values: JsonObject) {
        const { idle, stale: old, ...points } = values;
        for (const [name, value] of Object.entries({ idle, stale: old })) {
          if (value !== undefined && typeof value !== 'boolean')
            throw new Fault('usage', { text: `${name} is true or false` });
        }
        if (idle !== undefined) measuring = idle !== true;
        if (old !== undefined) stale = old === true;
        far.set(points);
      },
      respond(pdu, up) {
        const asked = parseRequest(pdu);
        if (asked && 'table' in asked) {
          if (asked.at === READY.at && asked.count === 1)
            return Uint8Array.of(3, 2, 0, measuring && !stale ? 1 : 0);
          if (asked.count !== (asked.at === READING.at ? READING.count : 1)) return Uint8Array.of(0x83, 3);
        } else if (asked?.at === START || asked?.at === STOPPING.at) measuring = asked.at === START;
        return far.respond(pdu, up);
      },
    };
  },
});
