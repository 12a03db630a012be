import type { Side } from '../../contracts/index.ts';
import { type Schedule, type Schedules, schedules } from '../schedule.ts';
import type { AccessTime } from '../time.ts';
import { type AccessGroup, type Credential, type CredentialList, type Right, standingOf } from './list.ts';

/** What a side of a door wants to see. */
export type Needs = 'card' | 'card-and-pin' | 'card-or-pin' | 'pin';

/** Somebody at a reader. */
export interface Asked {
  readonly door: string;
  readonly side: Side;
  readonly needs: Needs;
  readonly time: AccessTime;
  /** Token of the card, or of a PIN that stands alone. */
  readonly token: string;
  readonly by: 'card' | 'pin';
  /** The PIN that was typed after the card, as its token; undefined: none yet. */
  readonly pin?: (credential: string) => string;
}

export type Denial =
  | 'unknown-card'
  | 'unknown-pin'
  | 'card-needed'
  | 'revoked'
  | 'not-yet-valid'
  | 'expired'
  | 'used-up'
  | 'not-here'
  | 'list-expired'
  | 'clock-unknown'
  | 'outside-schedule'
  | 'bad-token'
  | 'other-gateway'
  | 'pin-needed'
  | 'uses-unknown'
  | 'no-pin'
  | 'wrong-pin';

export type Decision =
  | {
      readonly result: 'grant';
      readonly credential: string;
      readonly who: string;
      readonly extended: boolean;
      readonly override: boolean;
      /** Of a lift. */
      readonly floors?: readonly string[];
    }
  | {
      readonly result: 'deny';
      readonly reason: Denial;
      readonly credential?: string;
      readonly who?: string;
    }
  /** The card is good; its PIN is wanted. */
  | { readonly result: 'ask-pin'; readonly credential: string; readonly who: string };

/** A list made ready to be asked. */
export interface Book {
  readonly list: CredentialList;
  readonly decide: (asked: Asked) => Decision;
  /** Of a visitor, whose token has been verified: judged as a row of the list, with rights of its own. */
  readonly decideVisit: (visit: Visit, asked: Omit<Asked, 'token' | 'by' | 'pin'>) => Decision;
}

/** What a signed visitor token says. Always dated. */
export interface Visit {
  readonly id: string;
  readonly who: string;
  readonly groups: readonly string[];
  /** Doors that it opens by itself, as a group that is not kept beyond the end of the list. */
  readonly rights?: readonly Right[];
  readonly from_ms: number;
  readonly until_ms: number;
  /** So often it may be used; left out: as often as one likes. */
  readonly uses?: number;
  readonly used: number;
}

/** Makes the one index there is: token → row. */
export function openBook(list: CredentialList, zone: string): Book {
  const rows = new Map<string, Credential>();
  const revoked = new Set<string>(list.barred);
  for (const row of list.credentials) {
    if (row.token !== undefined) rows.set(row.token, row);
    if (row.revoked) revoked.add(row.id);
  }
  const groups = new Map(list.groups.map((group) => [group.id, group]));
  const times = new Map(list.schedules.map((schedule) => [schedule.id, schedule]));
  const book: Judging = { list, groups, times, schedules: schedules({ zone, calendar: list.calendar }) };
  return {
    list,
    decide: (asked) => {
      if (asked.by === 'pin' && (asked.needs === 'card' || asked.needs === 'card-and-pin'))
        return { result: 'deny', reason: 'card-needed' };
      const row = asked.by === 'card' && asked.needs === 'pin' ? undefined : rows.get(asked.token);
      if (!row) return { result: 'deny', reason: asked.by === 'card' ? 'unknown-card' : 'unknown-pin' };
      const judged = judge(book, row, asked);
      if (judged.result === 'deny' || asked.needs !== 'card-and-pin') return judged;
      return judgePin(row, asked, judged);
    },
    decideVisit: (visit, asked) => {
      const row: Credential = {
        ...visit,
        visitor: true,
        extended: false,
        override: false,
        revoked: revoked.has(visit.id),
      };
      const own = { id: '', rights: visit.rights ?? [], keep: false, without_clock: false };
      const judged = judge(book, row, asked, own);
      if (judged.result !== 'grant' || visit.uses === undefined || visit.used < visit.uses) return judged;
      return { result: 'deny', reason: 'used-up', credential: row.id, who: row.who };
    },
  };
}

interface Judging {
  readonly list: CredentialList;
  readonly groups: ReadonlyMap<string, AccessGroup>;
  readonly times: ReadonlyMap<string, Schedule>;
  readonly schedules: Schedules;
}

type Place = Pick<Asked, 'door' | 'side' | 'time'>;

function judge(book: Judging, row: Credential, asked: Place, own?: AccessGroup): Decision {
  const { id: credential, who, extended, override } = row;
  const deny = (reason: Denial): Decision => ({ result: 'deny', reason, credential, who });
  const { unix_ms, known } = asked.time;
  if (row.revoked) return deny('revoked');
  // What is over by a clock that can only be slow is over for certain.
  if (row.until_ms !== undefined && unix_ms >= row.until_ms) return deny('expired');
  if (known && row.from_ms !== undefined && unix_ms < row.from_ms) return deny('not-yet-valid');
  const dated = row.visitor || row.from_ms !== undefined || row.until_ms !== undefined;

  let opens = false;
  let worst: Denial = 'not-here';
  let floors: readonly string[] | undefined;
  const groups = row.groups.flatMap((name) => book.groups.get(name) ?? []);
  for (const group of own ? [own, ...groups] : groups) {
    for (const right of group.rights) {
      if (right.door !== asked.door || (right.side !== undefined && right.side !== asked.side)) continue;
      const reason = withinGroup(book, group, { time: asked.time, dated });
      if (reason !== undefined) {
        worst = graver(worst, reason);
        continue;
      }
      opens = true;
      if (right.floors) floors = [...new Set([...(floors ?? []), ...right.floors])];
    }
  }
  if (!opens) return deny(worst);
  return { result: 'grant', credential, who, extended, override, ...(floors && { floors }) };
}

/** Why a group does not open now. */
function withinGroup(
  { list, times, schedules: book }: Judging,
  group: AccessGroup,
  { time, dated }: { readonly time: AccessTime; readonly dated: boolean },
): Denial | undefined {
  if (!group.keep && standingOf(list, time) === 'past') return 'list-expired';
  const timed = dated || group.schedule !== undefined;
  if (timed && !time.known) return group.without_clock ? undefined : 'clock-unknown';
  if (group.schedule === undefined) return undefined;
  const schedule = times.get(group.schedule);
  // A schedule that is not there is never.
  return schedule && book.holds(schedule, time.unix_ms) ? undefined : 'outside-schedule';
}

/** Of several reasons that which tells most. */
const GRAVITY: readonly Denial[] = ['not-here', 'outside-schedule', 'clock-unknown', 'list-expired'];
const graver = (x: Denial, y: Denial): Denial => (GRAVITY.indexOf(y) > GRAVITY.indexOf(x) ? y : x);

function judgePin(row: Credential, { pin }: Asked, judged: Decision): Decision {
  const { id: credential, who } = row;
  if (row.pin === undefined) return { result: 'deny', reason: 'no-pin', credential, who };
  if (!pin) return { result: 'ask-pin', credential, who };
  return pin(credential) === row.pin ? judged : { result: 'deny', reason: 'wrong-pin', credential, who };
}
