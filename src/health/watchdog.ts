import { ticker } from '../clock/index.ts';
import type { Clock, HealthSink, Heartbeat } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** A loop that has not turned for this long is stuck, unless it said otherwise. A failed attempt is a turn. */
const STUCK_MS: Millis = 60_000;
/** Without a supervisor that says how often it wants to be fed. */
const LOOK_EVERY_MS: Millis = 10_000;

export interface Watchdog extends Heartbeat {
  /** Loops that have not turned for too long. */
  stuck(): readonly string[];
  /** Feeds the supervisor while every loop turns; runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Feeds systemd's watchdog (`WATCHDOG=1`) only while each loop turns as it said it would; a stuck one is told as the fact `loop-stuck`,
 * and the supervisor starts the gateway again.
 */
export function openWatchdog(world: {
  readonly clock: Clock;
  /** sd_notify: what the world makes of NOTIFY_SOCKET. */
  readonly notify: (text: string) => void;
  readonly health: HealthSink;
  readonly every_ms?: Millis | undefined;
}): Watchdog {
  /** When each loop has to have turned by. */
  const due = new Map<string, Millis>();
  let told: readonly string[] = [];
  const stuck = () => {
    const { up } = world.clock.now();
    return [...due].filter(([, last]) => up > last).map(([loop]) => loop);
  };
  const tell = (loops: readonly string[]) => {
    for (const loop of told) if (!loops.includes(loop)) world.health.clear('loop-stuck', loop);
    for (const loop of loops) world.health.raise('loop-stuck', loop, 'it has not turned in its time');
    told = loops;
  };
  return {
    beat: (loop, next_ms = STUCK_MS) => {
      if (next_ms === Number.POSITIVE_INFINITY) due.delete(loop);
      else due.set(loop, world.clock.now().up + next_ms);
    },
    stuck,
    run: async (signal) => {
      const rhythm = { name: 'watchdog', every_ms: world.every_ms ?? LOOK_EVERY_MS, first_ms: 0 };
      for await (const _ of ticker(world.clock, rhythm, signal)) {
        const loops = stuck();
        tell(loops);
        if (loops.length === 0) world.notify('WATCHDOG=1');
      }
    },
  };
}

/** How often systemd wants to be fed: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises; undefined when it does not watch. */
export function watchdogMillis(env: Readonly<Record<string, string | undefined>>): Millis | undefined {
  const usec = Number(env.WATCHDOG_USEC);
  return usec > 0 && Number.isFinite(usec) ? Math.max(100, usec / 2000) : undefined;
}
