import {
  answerFromBank,
  defineSimulator,
  seededRandom,
  settable,
  type Value,
  wandering,
  wordBank,
} from '#kit';
import { ADDRESS_REGISTER, BAUD_REGISTER, mapFor, type Options, SENSORS } from './map.ts';

/** The box's own side: wandering weather. Any sensor can be set to a fixed value. */
export default defineSimulator<Options>({
  driver: 'louver-box',
  open(options, seed) {
    const random = seededRandom(seed);
    const wander: Record<string, () => number> = {
      humidity: wandering(random, { from: 65.8, min: 10, max: 99, step: 0.4, decimals: 1 }),
      temperature: wandering(random, { from: 18.3, min: -30, max: 45, step: 0.2, decimals: 1 }),
      noise: wandering(random, { from: 54.3, min: 34, max: 96, step: 2.5, decimals: 1 }),
      pm2_5: wandering(random, { from: 15, min: 1, max: 250, step: 2, decimals: 0 }),
      co2: wandering(random, { from: 520, min: 400, max: 2000, step: 9, decimals: 0 }),
      pm10: wandering(random, { from: 28, min: 2, max: 300, step: 3, decimals: 0 }),
      pressure: wandering(random, { from: 101.3, min: 95, max: 106, step: 0.1, decimals: 1 }),
      illuminance: wandering(random, { from: 40_000, min: 0, max: 120_000, step: 5000, decimals: 0 }),
    };
    const map = mapFor(options);
    const names = Object.keys(map.points);
    const bank = wordBank();
    // A sensor that is not fitted reads zero; its register is there all the same.
    for (let at = 500; at <= 507; at += 1) bank.set('holding', at, 0);
    bank.set('holding', ADDRESS_REGISTER, 1);
    bank.set('holding', BAUD_REGISTER, 1);
    const fixed = settable(SENSORS);
    const told: Record<string, Value | null> = {};
    return {
      kind: 'modbus',
      also: [255],
      said: () => told,
      set: fixed.set,
      respond: (pdu) =>
        answerFromBank(bank, pdu, {
          beforeRead(table, at, count) {
            for (const name of names) map.store(name, fixed.get(name) ?? wander[name]?.() ?? 0, bank);
            const words = Array.from({ length: count }, (_, offset) => bank.get(table, at + offset));
            Object.assign(told, map.decodeRange({ table, at }, words));
          },
        }),
    };
  },
});
