import type { Clock } from '../contracts/index.ts';
import type { Millis, Stamp } from '../model/index.ts';

/** The machine's monotonic clock (CLOCK_MONOTONIC: since boot), under the boot id the kernel gives. */
export function systemClock(boot: string): Clock {
  return {
    now: (): Stamp => ({ boot, up: upMillis() }),
    sleep: (_name, ms, signal) => sleep(ms, signal),
  };
}

/** `performance` is CLOCK_MONOTONIC too, counted from the start of the thread, and makes no bigint at each look. */
const BEGAN: Millis = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const upMillis = (): Millis => BEGAN + performance.now();

/** setTimeout takes at most 2^31-1 ms; longer sleeps are taken in legs. */
const LONGEST_LEG: Millis = 2_000_000_000;

function sleep(ms: Millis, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const due = upMillis() + ms;
    let timer: NodeJS.Timeout;
    // A timer counts whole milliseconds of the loop's own clock and may be a little early: who sleeps until a moment must not find
    // himself before it.
    const leg = (left: Millis) => {
      timer = setTimeout(() => onward(due - upMillis()), Math.min(Math.ceil(left), LONGEST_LEG));
    };
    const onward = (left: Millis) => (left > 0 ? leg(left) : done());
    const done = () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    };
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    leg(Math.max(0, ms));
  });
}
