import type { Clock, HealthSink, WallClock, WallReading } from '../contracts/index.ts';
import type { EventEntry, Millis, Stamp } from '../model/index.ts';
import { ticker } from './timing.ts';

/** A change of offset smaller than this is drift, not a step (contract, Time). */
const STEP_MS = 1000;
const LOOK_EVERY_MS: Millis = 10_000;

interface Known {
  readonly offset_ms: number;
  readonly synced: boolean;
}

/** The two clocks are read one after the other; when so much lies between them they are read again. */
const APART_MS: Millis = 5;
const MOST_READS = 5;

interface World {
  readonly clock: Clock;
  readonly wall: WallClock;
}

/**
 * Watches the time of day beside the monotonic clock and tells each change of offset (first sight, first sync, loss of sync, a step
 * over 1 s in either direction) as a class-A `clock` record. Runs until the signal aborts.
 */
export async function keepOffsets(
  world: World & { readonly health: HealthSink },
  tell: (record: EventEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  let known: Known | undefined;
  const look = () => {
    const { stamp, wall } = readBoth(world);
    const now: Known = { offset_ms: wall.unix_ms - stamp.up, synced: wall.state === 'synced' };
    if (hasChanged(known, now)) {
      known = now;
      tell(recordOf(now, stamp, wall));
    }
    if (now.synced) world.health.clear('clock-unsynced', '');
    else world.health.raise('clock-unsynced', '', evidenceOf(wall));
  };
  look();
  const rhythm = { name: 'clock offsets', every_ms: LOOK_EVERY_MS };
  for await (const _ of ticker(world.clock, rhythm, signal)) look();
}

/** Both clocks at one moment: a process that was held up between the two readings would see a step that never was. */
export function readBoth({ clock, wall }: World): {
  readonly stamp: Stamp;
  readonly wall: WallReading;
} {
  for (let reads = 1; ; reads += 1) {
    const stamp = clock.now();
    const reading = wall.read();
    if (clock.now().up - stamp.up <= APART_MS || reads === MOST_READS) return { stamp, wall: reading };
  }
}

const hasChanged = (known: Known | undefined, now: Known): boolean =>
  !known || known.synced !== now.synced || Math.abs(known.offset_ms - now.offset_ms) > STEP_MS;

function recordOf(now: Known, stamp: Stamp, { error_ms, source }: WallReading): EventEntry {
  const fields = { boot: stamp.boot, from_up: stamp.up, ...now, error_ms, source };
  return { kind: 'clock', lane: 'a', subject: '', name: 'offset', fields, stamp };
}

const evidenceOf = ({ state, error_ms }: WallReading): string =>
  state === 'holdover'
    ? `the clock was set once, and nobody keeps it now; it may be off by ${Math.round(error_ms)} ms`
    : 'the kernel reports an undisciplined clock';
