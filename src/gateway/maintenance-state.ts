import type { Json, JsonObject, Millis } from '../model/index.ts';
import { LONGEST_MS } from './maintenance-commands.ts';

/** Somebody works at something: who, why, and when that ends by itself. */
export interface Work {
  readonly by: string;
  readonly why: string;
  readonly boot: string;
  readonly until_up: Millis;
  /** By the clock, where that was set: what is left of it after a reboot. */
  readonly from_ms?: Millis;
  readonly until_ms?: Millis;
}

export interface Moment {
  readonly boot: string;
  readonly up: Millis;
  /** undefined: nobody has told the time. */
  readonly unix_ms: Millis | undefined;
}

/** From now on, for so long. */
export const workFrom = (
  { by, why, for_ms }: Pick<Work, 'by' | 'why'> & { readonly for_ms: Millis },
  { boot, up, unix_ms }: Moment,
): Work => ({
  ...{ by, why, boot, until_up: up + for_ms },
  ...(unix_ms !== undefined && { from_ms: unix_ms, until_ms: unix_ms + for_ms }),
});

/**
 * What an earlier run left, as it is now; undefined: it is over. Within one boot its end stands. After a reboot only the clock can tell how
 * much is left: where it was not set then or is not now, or has gone back behind the beginning, nothing is.
 */
export function takenUp(work: Work, { boot, up, unix_ms }: Moment): Work | undefined {
  const left_ms = work.boot === boot ? work.until_up - up : leftByClock(work, unix_ms);
  // Whatever was written there, nobody mutes alarms for longer.
  if (!(left_ms > 0 && left_ms <= LONGEST_MS)) return undefined;
  return { ...work, boot, until_up: up + left_ms };
}

function leftByClock({ from_ms, until_ms }: Work, unix_ms: Millis | undefined): Millis {
  if (unix_ms === undefined || from_ms === undefined || until_ms === undefined) return 0;
  return unix_ms < from_ms ? 0 : until_ms - unix_ms;
}

/** As it is kept, by place. */
export const keepWorks = (works: ReadonlyMap<string, Work>): JsonObject =>
  Object.fromEntries([...works].map(([place, work]) => [place, { ...work }]));

/** What was kept, as far as it can be understood. */
export function recallWorks(kept: JsonObject | undefined): ReadonlyMap<string, Work> {
  return new Map(
    Object.entries(kept ?? {}).flatMap(([place, one]) => {
      const work = workOf(one);
      return work ? [[place, work] as const] : [];
    }),
  );
}

function workOf(one: Json): Work | undefined {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return undefined;
  const { by, why, boot, until_up, from_ms, until_ms } = Object.fromEntries(Object.entries(one));
  if (typeof by !== 'string' || typeof why !== 'string') return undefined;
  if (typeof boot !== 'string' || typeof until_up !== 'number') return undefined;
  return {
    ...{ by, why, boot, until_up },
    ...(typeof from_ms === 'number' && { from_ms }),
    ...(typeof until_ms === 'number' && { until_ms }),
  };
}
