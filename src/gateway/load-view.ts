import type { SiteConfig } from '../config/index.ts';
import type { LoadStatus } from '../control/index.ts';
import type { Millis } from '../model/index.ts';
import type { LoadNow, LoadWanted, LoadWill } from '../rules/index.ts';
import type { LoadMember } from './load.ts';

/** Of the relays that are seen: on, off, mixed; unknown: none is. */
export function loadState(members: readonly Pick<LoadMember, 'rule'>[]): 'on' | 'off' | 'mixed' | 'unknown' {
  const seen = members.flatMap(({ rule }) => (rule.on === undefined ? [] : [rule.on]));
  if (seen.length === 0) return 'unknown';
  if (seen.every((on) => on)) return 'on';
  return seen.some((on) => on) ? 'mixed' : 'off';
}

/** A load for people. */
export function loadStatus(
  { id, name, zone, schedule }: SiteConfig['loads'][number],
  {
    will,
    wanted,
    members,
    since_up,
    now,
  }: {
    readonly will: Pick<LoadWill, 'ends_up' | 'ends_unix_ms'>;
    readonly wanted: LoadWanted;
    readonly members: readonly LoadMember[];
    readonly since_up: Millis;
    readonly now: LoadNow;
  },
): LoadStatus {
  const by_hand = wanted.by === 'command' || wanted.by === 'switch';
  const until_ms = by_hand ? will.ends_unix_ms : undefined;
  const until_up = by_hand && Number.isFinite(will.ends_up) ? will.ends_up : undefined;
  return {
    id,
    ...(name !== undefined && { name }),
    ...(zone !== undefined && { zone }),
    state: loadState(members),
    wanted: wordOf(wanted.on),
    by: wanted.by,
    ...(wanted.who !== undefined && { who: wanted.who }),
    since_up,
    ...(until_up !== undefined && { until_up }),
    ...(until_ms !== undefined && { until_unix_ms: until_ms }),
    ...(schedule !== undefined && {
      schedule: {
        id: schedule,
        says: now.schedule === 'yes' ? 'on' : now.schedule === 'no' ? 'off' : 'unknown',
        ...(now.edge_unix_ms !== undefined && { changes_unix_ms: now.edge_unix_ms }),
      },
    }),
    relays: members.map(({ part, rule, wrong }) => ({
      ...{ device: part.device, channel: part.channel },
      ...{ state: wordOf(rule.on), wrong, shown: part.shown !== undefined },
    })),
  };
}

const wordOf = (on: boolean | undefined): 'on' | 'off' | 'unknown' =>
  on === undefined ? 'unknown' : on ? 'on' : 'off';

/** How many loads there are, and of how many something is to be known. */
export const loadCounts = (loads: readonly LoadStatus[]) => ({
  total: loads.length,
  on: loads.filter(({ state }) => state === 'on').length,
  by_hand: loads.filter(({ by }) => by === 'command' || by === 'switch').length,
  wrong: loads.filter(({ relays }) => relays.some(({ wrong }) => wrong)).length,
});
