import { ticker } from '../clock/index.ts';
import type { Clock, HealthSink } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** A door can wait this long unnoticed; a longer hold-up of the event loop is told. */
const SLOW_MS: Millis = 200;
const LOOK_EVERY_MS: Millis = 5000;

/** Tells when the event loop was held up; `longest` gives the longest hold-up since it was last asked. */
export async function watchLoop(
  world: { readonly clock: Clock; readonly health: HealthSink; readonly longest: () => Millis },
  signal: AbortSignal,
): Promise<void> {
  const rhythm = { name: 'loop delay', every_ms: LOOK_EVERY_MS };
  for await (const _ of ticker(world.clock, rhythm, signal)) {
    const longest = world.longest();
    if (longest > SLOW_MS) world.health.raise('loop-slow', '', `held up for ${Math.round(longest)} ms`);
    else world.health.clear('loop-slow', '');
  }
}
