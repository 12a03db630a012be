import { defineSimulator, type JsonObject, type LineFarEnd, settable, type Value } from '#kit';
import type { Options } from './driver.ts';

/** A relay: it is where its line has put it. */
export default defineSimulator<Options>({
  driver: 'gpio-relay',
  open({ rest }): LineFarEnd {
    const told: Record<string, Value | null> = { relay: rest === 'on' };
    const nothing = settable([]);
    return {
      kind: 'line',
      said: () => told,
      set: (values: JsonObject) => nothing.set(values),
      show: () => ({ lines: {}, next_ms: 1000 }),
      drive: (_line, on) => {
        told.relay = on;
      },
    };
  },
});
