import koffi from 'koffi';
import type { WallClock, WallReading } from '../contracts/index.ts';

/** What adjtimex(2) gives while nobody disciplines the clock. */
const TIME_ERROR = 5;
/** sizeof(struct timex) is 208 on 64-bit and 128 on 32-bit Linux; a little room does no harm. */
const TIMEX_BYTES = 256;

/**
 * The time of day and whether the kernel's clock is disciplined, by adjtimex(2): it does not matter which program
 * (chrony, timesyncd, ntpd) does it. `unix_ms` is read by the caller's function so that only clock/ knows the date.
 */
export function kernelWallClock(unix_ms: () => number): WallClock {
  const adjtimex = koffi.load(null).func('int adjtimex(void *buf)');
  const long = koffi.sizeof('long');
  // struct timex: unsigned modes, then longs offset, freq, maxerror (us); modes is padded to a long on 64-bit.
  const maxerror_at = long * 3;
  const buffer = Buffer.alloc(TIMEX_BYTES);
  let wasSynced = false;
  return {
    read(): WallReading {
      buffer.fill(0);
      const state: number = adjtimex(buffer);
      const synced = state >= 0 && state !== TIME_ERROR;
      const maxerror_us =
        long === 8 ? Number(buffer.readBigInt64LE(maxerror_at)) : buffer.readInt32LE(maxerror_at);
      wasSynced ||= synced;
      const clock = synced ? 'synced' : wasSynced ? 'holdover' : 'unsynced';
      return { unix_ms: unix_ms(), state: clock, error_ms: maxerror_us / 1000, source: 'adjtimex' };
    },
  };
}
