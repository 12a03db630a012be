import type { Clock } from '../contracts/index.ts';
import type { Millis, Stamp } from '../model/index.ts';

/** The machine's monotonic clock (CLOCK_MONOTONIC: since boot), under the boot id the kernel gives. */
export function systemClock(boot: string): Clock {
  return {
    now: (): Stamp => ({ boot, up: BEGAN + performance.now() }),
    sleep: (_name, ms, signal) => sleep(ms, signal),
  };
}

/** `performance` is CLOCK_MONOTONIC too, counted from the start of the thread, and makes no bigint at each look. */
const BEGAN: Millis = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** setTimeout takes at most 2^31-1 ms; longer sleeps are taken in legs. */
const LONGEST_LEG: Millis = 2_000_000_000;
/** A rest shorter than this is waited for turn by turn, since a timer would take a whole millisecond. */
const SHORT_MS: Millis = 0.3;

/**
 * Never too short, and by little too long: timers count whole milliseconds, and one of 4.01 ms takes five. On a serial line that is the difference
 * between its use and its waste.
 */
function sleep(ms: Millis, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const end = performance.now() + ms;
    let timer: NodeJS.Timeout | undefined;
    let turn: NodeJS.Immediate | undefined;
    const wait = (left: Millis) => {
      if (left > 0 && left < SHORT_MS) turn = setImmediate(look);
      else timer = setTimeout(look, Math.min(Math.floor(left), LONGEST_LEG));
    };
    const look = () => {
      const left = end - performance.now();
      if (left > 0) return wait(left);
      signal?.removeEventListener('abort', abort);
      resolve();
    };
    const abort = () => {
      clearTimeout(timer);
      clearImmediate(turn);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    wait(ms);
  });
}
