import type { HealthSink, Log } from '../../src/contracts/index.ts';

/** A log that says nothing. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quietLog };

/** Health facts that are raised now, as `code subject`. */
export function healthNotes(): HealthSink & {
  readonly raised: ReadonlySet<string>;
  readonly ever: ReadonlySet<string>;
} {
  const raised = new Set<string>();
  const ever = new Set<string>();
  return {
    raised,
    ever,
    raise: (code, subject) => {
      raised.add(`${code} ${subject}`);
      ever.add(`${code} ${subject}`);
    },
    clear: (code, subject) => {
      raised.delete(`${code} ${subject}`);
    },
  };
}

/** Repeatable chance. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
