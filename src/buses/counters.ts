import type { BusState, BusStats } from '../contracts/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';

const COUNTED = [
  'exchanges',
  'timeouts',
  'exceptions',
  'bad_checksum',
  'noise_bytes',
  'late_frames',
  'echoes',
  'bytes_out',
  'bytes_in',
  'restarts',
] as const;
export type Counted = (typeof COUNTED)[number];

const SECONDS = 60;

/** What happened on one bus since it was opened. */
export class Counters {
  private readonly counts: Record<Counted, number> = {
    exchanges: 0,
    timeouts: 0,
    exceptions: 0,
    bad_checksum: 0,
    noise_bytes: 0,
    late_frames: 0,
    echoes: 0,
    bytes_out: 0,
    bytes_in: 0,
    restarts: 0,
  };
  /** Time in use, in ms, of each of the last sixty seconds; the slot knows its second. */
  private readonly busy = Array.from({ length: SECONDS }, () => ({ second: -1, ms: 0 }));
  private began_up: Millis | undefined;

  add(what: Counted, count = 1): void {
    this.counts[what] += count;
  }

  get(what: Counted): number {
    return this.counts[what];
  }

  /** The wire was in use for `ms` until `up`. */
  used(up: Millis, ms: Millis): void {
    this.began_up ??= up - ms;
    const second = Math.floor(up / 1000);
    const slot = this.busy[second % SECONDS];
    if (!slot) return;
    if (slot.second !== second) slot.ms = 0;
    slot.second = second;
    slot.ms += ms;
  }

  stats(state: BusState, up: Millis, units: Readonly<Record<string, JsonObject>>): BusStats {
    const oldest = Math.floor(up / 1000) - SECONDS;
    const ms = this.busy.reduce((total, slot) => (slot.second > oldest ? total + slot.ms : total), 0);
    const span = Math.min(SECONDS * 1000, Math.max(1, up - (this.began_up ?? up)));
    return { state, ...this.counts, use: Math.min(1, ms / span), units };
  }
}
