export { watchLoop } from './loop.ts';
export { keepPulse } from './pulse.ts';
export { type HealthRegistry, openHealth } from './registry.ts';
export { openWatchdog, type Watchdog, watchdogMillis } from './watchdog.ts';
