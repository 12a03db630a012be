import {
  answerFrames,
  defineSimulator,
  openShdlcRequest,
  roundTo,
  seededRandom,
  settable,
  shdlcFrame,
  shdlcReply,
  type Value,
  wandering,
} from '#kit';
import { autoCleanOf, CODES, DETAILS, encodeReading, MASS, NAME, NOT_NOW } from './codec.ts';
import type { Options } from './driver.ts';

const SERIAL = '0123456789ABCDEF';
const WEEK_S = 604_800;

/**
 * The sensor's own side, measuring from before. Settings: the four mass points, `defect`, `idle` (true: it has lost its power and waits
 * to be started) and `stale` (true: nothing new measured since it was read last).
 */
export default defineSimulator<Options>({
  driver: NAME,
  open({ details }, seed) {
    const random = seededRandom(seed);
    const fixed = settable([...MASS, 'defect', 'idle', 'stale']);
    const base = wandering(random, { from: 5.23, min: 0.5, max: 120, step: 1.5, decimals: 2 });
    const told: Record<string, Value | null> = {};
    let measuring = true;
    let autoClean = WEEK_S;

    const reading = (): Uint8Array => {
      const defect = fixed.get('defect') === true;
      if (fixed.get('stale') === true) return encodeReading(null, defect);
      const pm1 = base();
      const mass = [1, 1.4, 1.7, 1.8].map((factor, index) => {
        const set = fixed.get(MASS[index] ?? '');
        return typeof set === 'number' ? set : roundTo(pm1 * factor, 2);
      });
      const counts = [5, 7, 7.9, 8.1, 8.12].map((factor) => roundTo(pm1 * factor, 2));
      const values = [...mass, ...counts, roundTo(0.4 + random(), 2)];
      const names = [...MASS, ...(details ? DETAILS : [])];
      Object.assign(told, Object.fromEntries(names.map((name, index) => [name, values[index] ?? 0])), {
        defect,
      });
      return encodeReading(values, defect);
    };
    const silence = (): void => {
      for (const name of Object.keys(told)) told[name] = null;
    };

    const obey = (frame: Uint8Array): Uint8Array => {
      const { command, data } = openShdlcRequest(frame, NAME);
      const answer = (state: number, more: readonly number[] = []) => shdlcReply(command, state, more);
      const only = (allowed: boolean, effect: () => void) => {
        if (!allowed) return answer(NOT_NOW);
        effect();
        return answer(0);
      };
      if (command === CODES.start)
        return only(!measuring, () => {
          measuring = true;
        });
      if (command === CODES.stop)
        return only(measuring, () => {
          measuring = false;
        });
      if (command === CODES.clean) return only(measuring, () => {});
      if (command === CODES.read && measuring) return reading();
      if (command === CODES.read) {
        silence();
        return answer(NOT_NOW);
      }
      if (command === CODES.info)
        return answer(
          0,
          [...SERIAL, '\0'].map((letter) => letter.charCodeAt(0)),
        );
      if (command === CODES.version) return answer(0, [2, 2, 0, 7, 0, 2, 0]);
      if (command !== CODES.autoClean) return answer(0x02);
      const seconds = autoCleanOf(frame);
      if (seconds === undefined && data.length !== 1) return answer(0x01);
      autoClean = seconds ?? autoClean;
      return answer(
        0,
        seconds === undefined ? [24, 16, 8, 0].map((shift) => (autoClean >>> shift) & 0xff) : [],
      );
    };

    return {
      kind: 'bytes',
      said: () => told,
      set(values) {
        fixed.set(values);
        if (values.idle === true) measuring = false;
      },
      receive: answerFrames(shdlcFrame, obey),
      speak: () => undefined,
    };
  },
});
