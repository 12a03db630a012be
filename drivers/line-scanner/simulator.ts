import { defineSimulator, Fault, type JsonObject, seededRandom, type Value } from '#kit';
import type { Options } from './driver.ts';

const COMES_MS = 2000;
const END = { auto: '\r\n', cr: '\r', lf: '\n', crlf: '\r\n', tab: '\t', etx: '\x03', idle: '' } as const;

/**
 * A scanner. `line`: that is read once, between its prefix and suffix; `raw`: these very characters are sent; null: nobody comes.
 * When nothing was set somebody comes every 2 s.
 */
export default defineSimulator<Options>({
  driver: 'line-scanner',
  open({ ends, reads, prefix, suffix }, seed) {
    const random = seededRandom(seed);
    const told: Record<string, Value | null> = {};
    let held: string | null | undefined;
    let raw: string | undefined;
    const say = (text: string) => ({ bytes: new TextEncoder().encode(text), next_ms: COMES_MS });
    return {
      kind: 'bytes',
      said: () => told,
      set(values: JsonObject) {
        const { line = null, raw: bytes, ...others } = values;
        const [other] = Object.keys(others);
        const wrong = (value: unknown) => value !== null && value !== undefined && typeof value !== 'string';
        if (other || wrong(line) || wrong(bytes))
          throw new Fault('usage', { text: 'the simulator has line and raw: texts, or null' });
        held = typeof line === 'string' ? line : null;
        raw = typeof bytes === 'string' ? bytes : undefined;
      },
      receive: () => new Uint8Array(),
      speak() {
        const sent = raw;
        raw = undefined;
        if (sent !== undefined) return say(sent);
        if (held === null) return undefined;
        const line = held ?? `${Math.floor(random() * 1e10)}`;
        if (held !== undefined) held = null;
        told[reads] = line;
        return say(`${prefix}${line}${suffix}${END[ends]}`);
      },
    };
  },
});
