import type { Millis } from '../model/index.ts';

/** When something was done, as it can be known: by the boot's own time, and by the time of day where that was known. */
export interface Done {
  readonly boot: string;
  readonly up: Millis;
  readonly unix_ms?: number;
}

export const DAY_MS: Millis = 24 * 3_600_000;

/**
 * At least so long ago. Within one boot time is monotonic, whatever the clock of the day does. What an earlier boot did is older than this
 * boot, and as old as the two times of day say where both are known; a time of day that was set back is not believed.
 */
export function agedAtLeast(done: Done, now: Done): Millis {
  if (done.boot === now.boot) return Math.max(0, now.up - done.up);
  const by_day = done.unix_ms === undefined || now.unix_ms === undefined ? 0 : now.unix_ms - done.unix_ms;
  return Math.max(now.up, by_day);
}

/** Those of the last 24 hours, as far as anybody can tell: one that may be older but cannot be shown to be counts. */
export const withinDay = <T extends Done>(all: readonly T[], now: Done): readonly T[] =>
  all.filter((done) => agedAtLeast(done, now) < DAY_MS);

/** The same with the times of day that this boot has learnt since. */
export const dated = (all: readonly Done[], { boot, up, unix_ms }: Done): readonly Done[] =>
  all.map((done) =>
    unix_ms === undefined || done.unix_ms !== undefined || done.boot !== boot
      ? done
      : { ...done, unix_ms: unix_ms - (up - done.up) },
  );
