import { concat, cutFrames, defineSimulator, Fault, type JsonObject, seededRandom, type Value } from '#kit';
import * as gm65 from './codec.ts';
import type { Options } from './driver.ts';

const COMES_MS = 2000;
const END = { auto: '\r\n', cr: '\r', lf: '\n', crlf: '\r\n', tab: '\t', etx: '\x03', idle: '' } as const;

/**
 * A scanner beside a door. `code`: that is held in front of it once; null: nobody comes. When nothing was set somebody comes every 2 s.
 * To `scan` it answers and reads at once, in one go.
 */
export default defineSimulator<Options>({
  driver: 'gm65-qr-scanner',
  open({ ends }, seed) {
    const random = seededRandom(seed);
    const told: Record<string, Value | null> = {};
    let unread: Uint8Array = new Uint8Array();
    let held: string | null | undefined;
    let baud: number = 9600;

    const readCode = (text: string): Uint8Array => {
      told.code = text;
      return new TextEncoder().encode(`${text}${END[ends]}`);
    };
    const visitor = () => `GL${Math.floor(random() * 1e10)}`;
    const obey = (frame: Uint8Array): Uint8Array => {
      const said = gm65.describeCommand(frame);
      if (said === 'asks for the baud') return gm65.encodeAnswer(gm65.baudBytes(baud));
      if (said.startsWith('sets the baud')) {
        baud = gm65.baudOf(frame.subarray(6, 8)) ?? baud;
        return gm65.encodeAnswer(gm65.baudBytes(baud));
      }
      const done = gm65.encodeAnswer([0]);
      if (said !== 'starts a scan' || held === null) return done;
      return concat(done, readCode(held ?? visitor()));
    };

    return {
      kind: 'bytes',
      said: () => told,
      set(values: JsonObject) {
        const { code, ...others } = values;
        const [other] = Object.keys(others);
        if (other || (code !== null && typeof code !== 'string'))
          throw new Fault('usage', { text: 'the simulator has code: a text, or null' });
        held = code;
      },
      receive(bytes) {
        unread = concat(unread, bytes);
        const { frames, used } = cutFrames(unread, gm65.commandRule);
        unread = unread.slice(used);
        return concat(...frames.map(obey));
      },
      speak() {
        if (held === null) return undefined;
        const text = held ?? visitor();
        if (held !== undefined) held = null;
        return { bytes: readCode(text), next_ms: COMES_MS };
      },
    };
  },
});
