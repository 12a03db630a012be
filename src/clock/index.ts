export { type BackoffSettings, backoff } from './backoff.ts';
export { afterInput } from './input.ts';
export { loopDelayMonitor } from './loop-delay.ts';
export { keepOffsets, readBoth } from './offsets.ts';
export { systemClock } from './system.ts';
export { atMost, linked, NOT_NEEDED, ticker, unlessAborted, withTimeout } from './timing.ts';
export { unixMillis } from './wall.ts';
