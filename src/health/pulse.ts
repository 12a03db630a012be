import { ticker, unlessAborted } from '../clock/index.ts';
import type { Clock, Heartbeat } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

const ASK_EVERY_MS: Millis = 10_000;

/**
 * The heart of a part that has no rhythm of its own: it is asked something small now and then. It turns when it answers, also when it
 * answers that it cannot; one that does not answer is stuck.
 */
export async function keepPulse(
  world: { readonly clock: Clock; readonly heartbeat: Heartbeat },
  part: { readonly name: string; readonly ask: () => Promise<unknown> },
  signal: AbortSignal,
): Promise<void> {
  const { clock, heartbeat } = world;
  heartbeat.beat(part.name);
  for await (const _ of ticker(clock, { name: `pulse of ${part.name}`, every_ms: ASK_EVERY_MS }, signal)) {
    await unlessAborted(part.ask(), signal).catch(() => {});
    heartbeat.beat(part.name);
  }
  heartbeat.beat(part.name, Number.POSITIVE_INFINITY);
}
