import type { Clock } from '../contracts/index.ts';
import type { Millis, Stamp } from '../model/index.ts';

/** The machine's monotonic clock (CLOCK_MONOTONIC: since boot), under the boot id the kernel gives. */
export function systemClock(boot: string): Clock {
  // `performance` is the same clock, counted from the start of the thread, and makes no bigint at each look.
  const began = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return {
    now: (): Stamp => ({ boot, up: began + performance.now() }),
    sleep: (_name, ms, signal) => sleep(ms, signal),
  };
}

/** setTimeout takes at most 2^31-1 ms; longer sleeps are taken in legs. */
const LONGEST_LEG: Millis = 2_000_000_000;

function sleep(ms: Millis, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    let left = ms;
    let timer: NodeJS.Timeout;
    const leg = () => {
      const span = Math.min(left, LONGEST_LEG);
      left -= span;
      timer = setTimeout(() => (left > 0 ? leg() : done()), span);
    };
    const done = () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    };
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    leg();
  });
}
