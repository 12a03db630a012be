import { concat, defineSimulator, seededRandom, settable, type Value, wandering } from '#kit';
import { encodeDistance } from './codec.ts';
import type { Options } from './driver.ts';

const CYCLE_MS = 150;
const BANNER = 'HRXL-MaxSonar-WR\rPN:MB7389\rCopyright 2011-2017\rMaxBotix Inc.\rRoHS 1.8b090  0713\rTempI\r';

/**
 * A sensor over a bay; it begins with its banner, as after power-on. `distance` can be set (mm; null: nothing in sight). What is nearer
 * than its blind zone reads as the blind zone.
 */
export default defineSimulator<Options>({
  driver: 'maxbotix-hrxl',
  open({ blind_mm, no_target_mm }, seed) {
    const far = Math.min(2400, no_target_mm - 1);
    const wander = wandering(seededRandom(seed), {
      from: far,
      min: blind_mm,
      max: far,
      step: 300,
      decimals: 0,
    });
    const fixed = settable(['distance']);
    const told: Record<string, Value | null> = {};
    let fresh = true;
    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: () => new Uint8Array(),
      speak() {
        const set = fixed.get('distance');
        const mm = set === undefined ? wander() : typeof set === 'number' ? set : no_target_mm;
        told.distance = mm >= no_target_mm ? null : Math.max(blind_mm, mm);
        const frame = encodeDistance(told.distance ?? no_target_mm);
        const banner = fresh ? new TextEncoder().encode(BANNER) : new Uint8Array();
        fresh = false;
        return { bytes: concat(banner, frame), next_ms: CYCLE_MS };
      },
    };
  },
});
