export { watchLoop } from './loop.ts';
export { type Metrics, openMetrics } from './metrics.ts';
export { type HealthRegistry, openHealth } from './registry.ts';
export { openWatchdog, STUCK_MS, type Watchdog, watchdogMillis } from './watchdog.ts';
