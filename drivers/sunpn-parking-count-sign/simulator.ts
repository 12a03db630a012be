import { concat, defineSimulator, settable, sum8, u8, type Value } from '#kit';
import { decodeFrame, encodeEcho } from './codec.ts';
import type { Options } from './driver.ts';

const LONG = 7;

/**
 * The sign. `answers`: `echo` (as in the page's example), `short` (as in its text), `stuck` (echoes what it showed before, and goes on showing
 * it), `none`. `hears_itself: true`: a two-wire adapter gives the host its own bytes back first. `said` is what it shows.
 */
export default defineSimulator<Options>({
  driver: 'sunpn-parking-count-sign',
  open() {
    const fixed = settable(['answers', 'hears_itself']);
    const told: Record<string, Value | null> = { count: 0, colour: 'green' };
    let unread: Uint8Array = new Uint8Array();

    const obey = (frame: Uint8Array): Uint8Array => {
      const { answer } = decodeFrame(frame);
      if (!('count' in answer) || answer.colour === null) return new Uint8Array();
      const how = fixed.get('answers') ?? 'echo';
      if (how !== 'stuck') Object.assign(told, { count: answer.count, colour: answer.colour });
      const before = fixed.get('hears_itself') === true ? frame : new Uint8Array();
      if (how === 'none') return before;
      if (how === 'short') {
        const body = [0x3a, answer.info];
        return concat(before, body, [sum8(Uint8Array.from(body)), 0x0a]);
      }
      const { info, colour } = answer;
      return concat(
        before,
        encodeEcho({ count: Number(told.count), colour: how === 'stuck' ? 'green' : colour, info }),
      );
    };
    return {
      kind: 'bytes',
      said: () => told,
      set: fixed.set,
      receive(bytes) {
        unread = concat(unread, bytes);
        const answers: Uint8Array[] = [];
        while (unread.length >= LONG) {
          const frame = unread.subarray(0, LONG);
          const whole =
            u8(frame, 0) === 0x3a && u8(frame, 6) === 0x0a && u8(frame, 5) === sum8(frame.subarray(0, 5));
          if (whole) answers.push(obey(frame));
          unread = unread.slice(whole ? LONG : 1);
        }
        return concat(...answers);
      },
      speak: () => undefined,
    };
  },
});
