import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Longest hold-up of the event loop since the last call, in ms. */
export function loopDelayMonitor(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  return () => {
    const longest_ms = histogram.max / 1e6;
    histogram.reset();
    return longest_ms;
  };
}
