export { watchLoop } from './loop.ts';
export { type HealthRegistry, openHealth } from './registry.ts';
export { openWatchdog, STUCK_MS, type Watchdog } from './watchdog.ts';
