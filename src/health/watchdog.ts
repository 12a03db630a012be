import { ticker } from '../clock/index.ts';
import type { Clock, Heartbeat } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** A loop that has not turned for this long is stuck. A failed attempt is a turn. */
export const STUCK_MS: Millis = 60_000;

export interface Watchdog extends Heartbeat {
  /** Loops that have not turned for too long. */
  stuck(): readonly string[];
  /** Feeds the supervisor while every loop turns; runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Feeds systemd's watchdog (`WATCHDOG=1`) only while each loop that ever beat goes on beating. */
export function openWatchdog(world: {
  readonly clock: Clock;
  readonly notify: (text: string) => void;
  readonly every_ms: Millis;
}): Watchdog {
  const beats = new Map<string, Millis>();
  const stuck = () => {
    const { up } = world.clock.now();
    return [...beats].filter(([, last]) => up - last > STUCK_MS).map(([loop]) => loop);
  };
  return {
    beat: (loop) => {
      beats.set(loop, world.clock.now().up);
    },
    stuck,
    run: async (signal) => {
      const rhythm = { name: 'watchdog', every_ms: world.every_ms, first_ms: 0 };
      for await (const _ of ticker(world.clock, rhythm, signal)) {
        if (stuck().length === 0) world.notify('WATCHDOG=1');
      }
    },
  };
}
