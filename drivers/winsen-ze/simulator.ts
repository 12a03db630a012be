import {
  answerFrames,
  defineSimulator,
  nineBytes,
  roundTo,
  seededRandom,
  settable,
  type Value,
  wandering,
} from '#kit';
import { encodeActive, encodeAnswer, NAME, requestFrame } from './codec.ts';
import { GASES, MODELS, type Options } from './models.ts';

/** Ordinary air holds a fifth of oxygen; of all else a trace. */
const ORDINARY = { o2: 20.9 } as const;

/**
 * The module's own side. A setting has the name of its gas (`co`, `formaldehyde`, …). It speaks every second, or answers; a ZE03
 * acknowledges a change of mode.
 */
export default defineSimulator<Options>({
  driver: NAME,
  open({ model: name, mode }, seed) {
    const model = MODELS[name];
    const { gas, max, answer, old } = model;
    const fixed = settable(Object.keys(GASES));
    const trace = Math.max(answer.step, roundTo(max / 100, 1));
    const wander = wandering(seededRandom(seed), {
      from: gas === 'o2' ? ORDINARY.o2 : trace,
      min: gas === 'o2' ? 20 : 0,
      max: gas === 'o2' ? 21.5 : max / 5,
      step: answer.step * 3,
      decimals: answer.step < 1 ? 1 : 0,
    });
    const told: Record<string, Value | null> = {};
    let active = mode === 'active';
    const valueNow = (): number => {
      const set = fixed.get(gas);
      const value =
        typeof set === 'number' ? set : roundTo(Math.round(wander() / answer.step) * answer.step, 1);
      told[gas] = value;
      return value;
    };
    const obey = (frame: Uint8Array): Uint8Array => {
      const [, , code, number] = frame;
      if (code === 0x86) return encodeAnswer(valueNow(), model);
      if (code !== 0x78) return new Uint8Array();
      active = number === 0x40 || number === 0x03;
      return old ? nineBytes(0x78, 1) : new Uint8Array();
    };
    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive: answerFrames(requestFrame, obey),
      speak: () => (active ? { bytes: encodeActive(valueNow(), model), next_ms: 1000 } : undefined),
    };
  },
});
