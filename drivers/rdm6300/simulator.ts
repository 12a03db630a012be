import { defineSimulator, Fault, type JsonObject, seededRandom, type Value } from '#kit';
import { decodeCard, encodeCard } from './codec.ts';
import type { Options } from './driver.ts';

const REPEAT_MS = 65;
/** People come by so often, and hold their tag there for so many repeats, when nothing is set. */
const COMES_MS = 3000;
const REPEATS = 4;

/**
 * A reader beside a door. `card` set to ten hex digits: that tag lies there and is said every 65 ms; null: nobody is there. When
 * nothing was set somebody comes by every 3 s.
 */
export default defineSimulator<Options>({
  driver: 'rdm6300',
  open(_options, seed) {
    const random = seededRandom(seed);
    let told: Record<string, Value | null> = {};
    let there: string | null | undefined;
    let visitor = '';
    let left = 0;

    const say = (card: string, next_ms: number) => {
      const bytes = encodeCard(card);
      told = { ...decodeCard(bytes) };
      return { bytes, next_ms };
    };
    return {
      kind: 'bytes',
      said: () => told,
      set(values: JsonObject) {
        const { card, ...others } = values;
        const [other] = Object.keys(others);
        if (other) throw new Fault('usage', { text: `the simulator has no ${other}; it has card` });
        if (card !== null && !(typeof card === 'string' && /^[0-9A-F]{10}$/.test(card)))
          throw new Fault('usage', { text: 'card is ten digits 0-9 and A-F, or null' });
        there = card;
      },
      receive: () => new Uint8Array(),
      speak() {
        if (there === null) return undefined;
        if (there !== undefined) return say(there, REPEAT_MS);
        if (left === 0) {
          left = REPEATS;
          visitor = `${Math.floor(random() * 2 ** 40)
            .toString(16)
            .toUpperCase()
            .padStart(10, '0')}`;
        }
        left -= 1;
        return say(visitor, left ? REPEAT_MS : COMES_MS);
      },
    };
  },
});
