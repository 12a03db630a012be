import { answerFromBank, defineSimulator, settable, signed, type Value, wordBank } from '#kit';
import type { Options } from './driver.ts';

const SETTINGS = [0x02, 0x03, 0x04];

/** The panel. `said` is what stands on it (`shown`). Whether a real one can be read is not published: this one refuses. */
export default defineSimulator<Options>({
  driver: 'armfly-led-485',
  open({ digits }) {
    const told: Record<string, Value | null> = { shown: '0' };
    const bank = wordBank();
    for (const at of SETTINGS) bank.set('holding', at, at === 0x04 ? 0 : 1);
    const fixed = settable([]);
    const number = (word: number) => {
      const value = signed(word, 16);
      const point = bank.get('holding', 0x04);
      told.shown = point ? (value / 10 ** point).toFixed(point) : String(value);
    };
    return {
      kind: 'modbus',
      said: () => told,
      set: fixed.set,
      respond: (pdu) =>
        answerFromBank(bank, pdu, {
          onWrite({ fn, at, values }) {
            if (fn === 6 && at === 0) {
              number(values[0] ?? 0);
              return true;
            }
            if (fn !== 16 || at !== 0x70) return undefined;
            if (2 * values.length > digits + 1) return 3;
            told.shown = values
              .map((word) => String.fromCharCode(word >> 8, word & 0xff))
              .join('')
              .trimEnd();
            return true;
          },
        }),
    };
  },
});
