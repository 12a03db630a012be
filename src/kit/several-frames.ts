import type { FrameRule } from '../contracts/index.ts';

/**
 * Frames of several kinds in one stream, told apart by their first byte. After a false start exactly one byte is dropped, so that a
 * frame of one kind inside what looked like another kind is found.
 */
export const framesByFirst =
  (rules: ReadonlyMap<number, FrameRule>): FrameRule =>
  (bytes, idle_ms) => {
    const [first] = bytes;
    if (first === undefined) return 'more';
    const cut = rules.get(first)?.(bytes, idle_ms) ?? { skip: 1 };
    return cut !== 'more' && 'skip' in cut ? { skip: 1 } : cut;
  };
