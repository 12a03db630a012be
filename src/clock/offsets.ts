import type { Clock, HealthSink, WallClock } from '../contracts/index.ts';
import type { EventEntry, Millis } from '../model/index.ts';
import { ticker } from './timing.ts';

/** A change of offset smaller than this is drift, not a step (contract, Time). */
const STEP_MS = 1000;
const LOOK_EVERY_MS: Millis = 10_000;

interface Known {
  readonly offset_ms: number;
  readonly synced: boolean;
}

/**
 * Watches the time of day beside the monotonic clock and tells each change of offset (first sight, first sync, loss of sync, a step
 * over 1 s in either direction) as a class-A `clock` record. Runs until the signal aborts.
 */
export async function keepOffsets(
  world: { readonly clock: Clock; readonly wall: WallClock; readonly health: HealthSink },
  tell: (record: EventEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  let known: Known | undefined;
  const look = () => {
    const { record, now } = compare(world, known);
    if (record) tell(record);
    if (record) known = now;
    if (now.synced) world.health.clear('clock-unsynced', '');
    else world.health.raise('clock-unsynced', '', 'the kernel reports an undisciplined clock');
  };
  look();
  const rhythm = { name: 'clock offsets', every_ms: LOOK_EVERY_MS };
  for await (const _ of ticker(world.clock, rhythm, signal)) look();
}

function compare(world: { readonly clock: Clock; readonly wall: WallClock }, known: Known | undefined) {
  const stamp = world.clock.now();
  const wall = world.wall.read();
  const now: Known = { offset_ms: wall.unix_ms - stamp.up, synced: wall.state === 'synced' };
  const changed =
    !known || known.synced !== now.synced || Math.abs(known.offset_ms - now.offset_ms) > STEP_MS;
  const fields = {
    boot: stamp.boot,
    from_up: stamp.up,
    offset_ms: now.offset_ms,
    error_ms: wall.error_ms,
    source: wall.source,
    synced: now.synced,
  };
  const record: EventEntry | undefined = changed
    ? { kind: 'clock', lane: 'a', subject: '', name: 'offset', fields, stamp }
    : undefined;
  return { record, now };
}
