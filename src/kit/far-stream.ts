import type { FrameRule } from '../contracts/index.ts';
import { concat } from './bytes.ts';
import { cutFrames } from './frames.ts';

/** More than this without a request in it is no conversation. */
const MOST_UNREAD = 4096;

/** The ears of a simulated device on a stream: keeps what is not yet a whole request, and strings the answers together. */
export function answerFrames(
  rule: FrameRule,
  answer: (request: Uint8Array) => Uint8Array,
): (bytes: Uint8Array) => Uint8Array {
  let unread: Uint8Array = new Uint8Array();
  return (bytes) => {
    const { frames, used } = cutFrames(concat(unread, bytes), rule);
    unread = concat(unread, bytes).slice(used).slice(-MOST_UNREAD);
    return concat(...frames.map(answer));
  };
}
