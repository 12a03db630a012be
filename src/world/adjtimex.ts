import koffi from 'koffi';
import type { WallClock, WallReading } from '../contracts/index.ts';

/** What adjtimex(2) gives while nobody disciplines the clock; below 0: it may not be asked here. */
const TIME_ERROR = 5;
/** sizeof(struct timex) is 208 on 64-bit and 128 on 32-bit Linux; a little room does no harm. */
const TIMEX_BYTES = 256;

/** What the kernel says of its clock. */
export interface Discipline {
  readonly state: number;
  readonly maxerror_us: number;
}

/**
 * The time of day and whether the kernel's clock is disciplined, by adjtimex(2): it does not matter which program
 * (chrony, timesyncd, ntpd) does it. `unix_ms` is read by the caller's function so that only clock/ knows the date.
 */
export function kernelWallClock(unix_ms: () => number, ask: () => Discipline = askKernel()): WallClock {
  let wasSynced = false;
  return {
    read(): WallReading {
      const { state, maxerror_us } = ask();
      const synced = state >= 0 && state !== TIME_ERROR;
      wasSynced ||= synced;
      const clock = synced ? 'synced' : wasSynced ? 'holdover' : 'unsynced';
      return { unix_ms: unix_ms(), state: clock, error_ms: maxerror_us / 1000, source: 'adjtimex' };
    },
  };
}

/** struct timex begins with unsigned modes, then longs offset, freq, maxerror (us); modes takes the room of a long. */
export const maxErrorAt = (long_bytes: number): number => 3 * long_bytes;

export function askKernel(): () => Discipline {
  const adjtimex = koffi.load(null).func('int adjtimex(void *buf)');
  const long = koffi.sizeof('long');
  const at = maxErrorAt(long);
  const buffer = Buffer.alloc(TIMEX_BYTES);
  return () => {
    // modes 0: nothing is set, it is only asked.
    buffer.fill(0);
    const state: number = adjtimex(buffer);
    const maxerror_us = long === 8 ? Number(buffer.readBigInt64LE(at)) : buffer.readInt32LE(at);
    return { state, maxerror_us };
  };
}
