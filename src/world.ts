import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openPorts } from './buses/index.ts';
import { loopDelayMonitor, systemClock, unixMillis } from './clock/index.ts';
import type { Clock, PipeOpener, PortOpener, WallClock } from './contracts/index.ts';
import { openMqttPipe } from './uplink/index.ts';
import { kernelWallClock } from './world/adjtimex.ts';
import { systemdNotifier } from './world/notify.ts';

/** Everything outside the process. Tests pass another one; nothing else reaches out. */
export interface World {
  readonly clock: Clock;
  readonly wall: WallClock;
  /** 0 ≤ x < 1, for jitter and phases. */
  readonly random: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly ports: PortOpener;
  readonly pipe: PipeOpener;
  /** Text of a small file, undefined when it is not there. */
  readonly readText: (path: string) => string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** systemd notification; does nothing outside systemd. */
  readonly notify: (text: string) => void;
  /** Longest hold-up of the event loop since it was last asked, ms. */
  readonly loopDelay: () => number;
  /** Module of the store's worker thread; undefined: the store runs in this thread. */
  readonly storeWorker: URL | undefined;
}

/** The real world: this machine. */
export function realWorld(env: NodeJS.ProcessEnv): World {
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? randomBytes(16).toString('hex');
  return {
    clock: systemClock(boot),
    wall: kernelWallClock(unixMillis),
    random: Math.random,
    randomBytes: (count) => randomBytes(count),
    ports: openPorts(),
    pipe: openMqttPipe,
    readText,
    env,
    notify: systemdNotifier(env.NOTIFY_SOCKET),
    loopDelay: loopDelayMonitor(),
    storeWorker: new URL('./store/worker.js', import.meta.url),
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
