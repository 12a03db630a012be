export { type BackoffSettings, backoff } from './backoff.ts';
export { systemClock } from './system.ts';
export { ticker, withTimeout } from './timing.ts';
