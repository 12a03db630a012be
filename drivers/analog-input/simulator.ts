import {
  defineSimulator,
  Fault,
  type JsonObject,
  type LineFarEnd,
  seededRandom,
  settable,
  type Value,
  wandering,
} from '#kit';
import { type Scale, valueAt } from './codec.ts';
import { type Options, scaleOf } from './driver.ts';

/** What the board can tell apart. */
const STEPS = 1023;
const STAYS_MS = 5000;

/** A voltage that moves now and then. Setting: `share` (of full scale, 0..1; it stays there). */
export default defineSimulator<Options>({
  driver: 'analog-input',
  open(options, seed): LineFarEnd {
    const chosen = scaleOf(options);
    const [from, to] = spanOf(chosen);
    const middle = (from + to) / 2;
    const drift = wandering(seededRandom(seed), {
      from: middle,
      min: from,
      max: to,
      step: (to - from) / 10,
      decimals: 6,
    });
    const fixed = settable(['share']);
    let share = middle;
    let due_up = 0;
    const told: Record<string, Value | null> = {};
    return {
      kind: 'line',
      said: () => told,
      set: (values: JsonObject) => {
        const { share: wanted = 0 } = values;
        if (typeof wanted !== 'number' || wanted < 0 || wanted > 1)
          throw new Fault('usage', { text: 'share is a number from 0 to 1' });
        fixed.set(values);
      },
      show(up) {
        if (up >= due_up) {
          share = drift();
          due_up = up + STAYS_MS;
        }
        const wanted = fixed.get('share');
        const counts = Math.round(STEPS * (typeof wanted === 'number' ? wanted : share));
        told.value = valueAt(counts / STEPS, chosen);
        return { lines: { input: counts / STEPS }, next_ms: Math.max(1, due_up - up) };
      },
      drive: () => {},
    };
  },
});

/** Shares of full scale within which it means something. */
function spanOf({ curve, reference_v, alive }: Scale): readonly [number, number] {
  const [first, last] = [curve?.[0], curve?.at(-1)];
  const whole = first && last ? [first[0] / reference_v, Math.min(1, last[0] / reference_v)] : [0, 1];
  const [low = 0, high = 1] = whole;
  return [Math.max(low, alive?.[0] ?? 0), Math.min(high, alive?.[1] ?? 1)];
}
