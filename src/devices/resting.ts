import { linked } from '../clock/index.ts';
import { asFault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';
import type { Hands } from './acting.ts';
import type { Perception } from './perception.ts';
import type { DeviceSettings, DeviceWorld } from './settings.ts';

/** Ports open within moments. Afterwards every try costs a mute unit's bus a timeout, so they become rare. */
const AGAIN_MS: readonly Millis[] = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000];
/** A bus that is only being opened is no trouble. */
const PATIENT_TRIES = 4;

/**
 * After a run that did not end cleanly the outputs may be anyhow. They are brought to rest as soon as the unit can be reached, be it
 * hours later, unless a command has set them meanwhile. Until then the fact `outputs-unsafe` is raised.
 */
export async function restOwed(
  {
    hands,
    perception,
    settings,
  }: { readonly hands: Hands; readonly perception: Perception; readonly settings: DeviceSettings },
  world: DeviceWorld,
  signal: AbortSignal,
): Promise<void> {
  const { id } = settings;
  for (let tries = 0; hands.owesRest && !signal.aborted; tries += 1) {
    try {
      await hands.settle();
    } catch (error) {
      const fault = asFault(error);
      if (fault.code !== 'bus.down' || tries >= PATIENT_TRIES)
        world.health.raise('outputs-unsafe', id, fault.message);
      if (tries === PATIENT_TRIES) world.log.error({ device: id, fault }, 'outputs are not at rest yet');
      await untilReachable(AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)] ?? 0);
    }
  }
  world.health.clear('outputs-unsafe', id);

  /** So long, or until the unit is heard of again. */
  async function untilReachable(ms: Millis): Promise<void> {
    const { controller, release } = linked(signal);
    const forget = perception.onceUp(() => controller.abort());
    await world.clock.sleep(`${id} rest again`, ms, controller.signal).catch(() => {});
    forget();
    release();
  }
}
