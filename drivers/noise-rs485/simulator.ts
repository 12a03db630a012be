import {
  answerFromBank,
  defineSimulator,
  seededRandom,
  settable,
  type Value,
  wandering,
  wordBank,
} from '#kit';
import { mapFor, type Options } from './map.ts';

/** The transmitter's own side: a street. `noise` can be set to a fixed level. */
export default defineSimulator<Options>({
  driver: 'noise-rs485',
  open(options, seed) {
    const level = wandering(seededRandom(seed), { from: 52.3, min: 33, max: 98, step: 3, decimals: 1 });
    const map = mapFor(options);
    const bank = wordBank();
    map.store('noise', 0, bank);
    const fixed = settable(['noise']);
    const told: Record<string, Value | null> = {};
    return {
      kind: 'modbus',
      said: () => told,
      set: fixed.set,
      respond: (pdu) =>
        answerFromBank(bank, pdu, {
          beforeRead() {
            told.noise = fixed.get('noise') ?? level();
            map.store('noise', told.noise, bank);
          },
        }),
    };
  },
});
