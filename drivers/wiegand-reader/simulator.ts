import {
  bitsOfNumber,
  bitsOfText,
  type CardBits,
  cardBits,
  defineSimulator,
  Fault,
  type JsonObject,
  type LineFarEnd,
  readCardBits,
  seededRandom,
  type Value,
} from '#kit';
import { keyBits } from './codec.ts';
import type { Options } from './driver.ts';

const PULSE_MS = 0.1;
/** Bits come so far apart: about 1 ms, and never quite the same. */
const INTERVAL_MS = [0.6, 2] as const;
const COMES_MS = 3000;
const IDLE_MS = 100;
/** Bits of a card without its parities. */
const DATA_BITS = { '26-bit': 24, '34-bit': 32, '37-bit': 35 } as const;

/**
 * A reader beside a door. `card`: the hex digits of a card that is read once; `bits`: these very bits are sent once (a damaged card);
 * `keys`: these are pressed, half a second apart; `unplugged`: both lines are low; null: nobody comes. When nothing was set somebody comes every
 * 3 s.
 */
export default defineSimulator<Options>({
  driver: 'wiegand-reader',
  open(options, seed): LineFarEnd {
    const random = seededRandom(seed);
    const told: Record<string, Value | null> = { wired: true };
    const format: CardBits['format'] = options.card === 'auto' ? '26-bit' : options.card;
    const width = format === 'raw' ? (options.raw_bits ?? 32) : DATA_BITS[format];
    const frames: Uint8Array[] = [];
    let sending: number[] = [];
    let low: 'd0' | 'd1' | undefined;
    let alone = false;
    let unplugged = false;
    let next_up = 0;

    const show = (card: Uint8Array): void => {
      const read = readCardBits(card, options);
      if (typeof read === 'string') return;
      const { facility = null, number = null, ...rest } = read;
      Object.assign(told, rest, { facility, number });
    };
    const send = (bits: Uint8Array): void => {
      frames.push(bits);
      alone = true;
    };
    const settings: Readonly<Record<string, (value: string) => void>> = {
      card: (hex) => send(cardBits(dataOf(hex, width), format)),
      bits: (text) => send(bitsOfText(text)),
      keys: (keys) => {
        const { keypad } = options;
        if (keypad === 'none') throw new Fault('usage', { text: 'it has no keypad: options keypad' });
        for (const key of keys) send(keyBits(key, keypad));
      },
    };
    /** Somebody comes by himself. */
    const visit = (): void => {
      frames.push(cardBits(dataOf(randomHex(random, width), width), format));
    };

    return {
      kind: 'line',
      said: () => told,
      set(values: JsonObject) {
        for (const [name, value] of Object.entries(values)) {
          const apply = Object.hasOwn(settings, name) ? settings[name] : undefined;
          if (name === 'unplugged') unplugged = value === true;
          else if (!apply)
            throw new Fault('usage', {
              text: `the simulator has no ${name}; it has card, bits, keys, unplugged`,
            });
          else if (value === null) alone = true;
          else apply(String(value));
        }
        told.wired = !unplugged;
      },
      show(up) {
        const lines = (): Record<string, boolean> => ({
          d0: !unplugged && low !== 'd0',
          d1: !unplugged && low !== 'd1',
        });
        if (low !== undefined) {
          low = undefined;
          const [shortest, longest] = INTERVAL_MS;
          const pause = frames.length > 0 ? 500 : COMES_MS;
          const next_ms = sending.length > 0 ? shortest + random() * (longest - shortest) : pause;
          next_up = up + next_ms;
          return { lines: lines(), next_ms: Math.min(next_ms, IDLE_MS) };
        }
        if (up < next_up) return { lines: lines(), next_ms: Math.min(IDLE_MS, next_up - up) };
        if (sending.length === 0) {
          if (frames.length === 0 && !alone) visit();
          const frame = frames.shift();
          if (frame) show(frame);
          sending = [...(frame ?? [])];
        }
        const bit = sending.shift();
        if (bit === undefined) return { lines: lines(), next_ms: IDLE_MS };
        low = bit ? 'd1' : 'd0';
        return { lines: lines(), next_ms: PULSE_MS };
      },
      drive: (line, on) => {
        told[line] = on;
      },
    };
  },
});

/** The last `width` bits of the digits. */
function dataOf(hex: string, width: number): Uint8Array {
  if (!/^[0-9A-F]+$/i.test(hex)) throw new Fault('usage', { text: 'card is hex digits, or null' });
  const bits = [...hex].flatMap((digit) => [...bitsOfNumber(Number.parseInt(digit, 16), 4)]);
  return Uint8Array.from({ length: width }, (_, at) => bits[bits.length - width + at] ?? 0);
}

const randomHex = (random: () => number, width: number): string =>
  Array.from({ length: Math.ceil(width / 4) }, () => Math.floor(random() * 16).toString(16)).join('');
