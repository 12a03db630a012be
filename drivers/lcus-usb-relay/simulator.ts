import {
  type BytesFarEnd,
  concat,
  cutFrames,
  defineSimulator,
  type FrameRule,
  fixedFrame,
  type JsonObject,
  settable,
  sum8,
  u8,
  type Value,
} from '#kit';
import { relayFlags } from './codec.ts';
import type { Options } from './driver.ts';

/** What comes sooner after the command before is lost. */
const NEEDS_MS = 10;

/**
 * The board's own side. Asked for its relays it tells how they stood when it was asked before. Settings: `relay-n` (as by hand), `stale`
 * (false: it tells how they stand now), `deaf` (true: it moves nothing).
 */
export default defineSimulator<Options>({
  driver: 'lcus-usb-relay',
  open({ channels, query }): BytesFarEnd {
    const relays = Array.from({ length: channels }, () => false);
    let shown = [...relays];
    let busy_up = Number.NEGATIVE_INFINITY;
    let unread: Uint8Array = new Uint8Array();
    const told: Record<string, Value | null> = {};
    const fixed = settable([...relays.map((_, index) => `relay-${index + 1}`), 'stale', 'deaf']);

    const status = (): Uint8Array => {
      const states = fixed.get('stale') === false ? [...relays] : shown;
      shown = [...relays];
      if (query === 'none') return new Uint8Array();
      Object.assign(told, relayFlags(states));
      if (query === 'bytes') return Uint8Array.from(states, Number);
      const text = states.map((on, index) => `CH${index + 1}: ${on ? 'ON ' : 'OFF'}\r\n`).join('');
      return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    };
    const obey = (frame: Uint8Array, up: number): Uint8Array => {
      const lost = up < busy_up;
      busy_up = up + NEEDS_MS;
      if (lost) return new Uint8Array();
      if (frame.length === 1) return status();
      const relay = u8(frame, 1);
      if (relay >= 1 && relay <= channels && fixed.get('deaf') !== true)
        relays[relay - 1] = u8(frame, 2) === 1;
      return new Uint8Array();
    };

    return {
      kind: 'bytes',
      said: () => told,
      set(values: JsonObject) {
        fixed.set(values);
        for (const [name, value] of Object.entries(values))
          if (name.startsWith('relay-')) relays[Number(name.slice(6)) - 1] = value === true;
      },
      receive(bytes, up) {
        const { frames, used } = cutFrames(concat(unread, bytes), orders);
        unread = concat(unread, bytes).slice(used);
        return concat(...frames.map((frame) => obey(frame, up)));
      },
      speak: () => undefined,
    };
  },
});

const switches = fixedFrame({
  header: [0xa0],
  length: 4,
  valid: (frame) => sum8(frame.subarray(0, 3)) === u8(frame, 3),
});
/** A question is one byte, a command four. */
const orders: FrameRule = (bytes, idle_ms) => (bytes[0] === 0xff ? { take: 1 } : switches(bytes, idle_ms));
