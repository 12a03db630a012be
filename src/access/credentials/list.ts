import type { Side } from '../../contracts/index.ts';
import type { Calendar, Schedule } from '../schedule.ts';
import type { AccessTime } from '../time.ts';

/** A door, or one side of it, or floors of a lift. */
export interface Right {
  readonly door: string;
  readonly side?: Side;
  readonly floors?: readonly string[];
}

export interface AccessGroup {
  readonly id: string;
  readonly rights: readonly Right[];
  /** When; left out: always. */
  readonly schedule?: string;
  /** Stays when the list is past its `offline_until_ms`. */
  readonly keep: boolean;
  /** Opens what is dated or scheduled while nobody knows the time. */
  readonly without_clock: boolean;
}

/** What a card or a PIN opens. It names nobody: `who` is a pseudonym, and numbers are kept as tokens only. */
export interface Credential {
  readonly id: string;
  readonly who: string;
  /** Of the number on the card, or of a PIN that stands alone. */
  readonly token?: string;
  /** Of the PIN that goes with the card. */
  readonly pin?: string;
  readonly groups: readonly string[];
  readonly from_ms?: number;
  readonly until_ms?: number;
  readonly visitor: boolean;
  readonly extended: boolean;
  readonly override: boolean;
  readonly revoked: boolean;
}

/** The list that is in force, as it is kept. */
export interface CredentialList {
  /** Grows; 0: there has been none. */
  readonly version: number;
  /** Without a newer list by then, only groups marked `keep` open. */
  readonly offline_until_ms?: number;
  readonly groups: readonly AccessGroup[];
  readonly schedules: readonly Schedule[];
  readonly calendar: Calendar;
  readonly credentials: readonly Credential[];
  /** Ids that were revoked and are no credentials: of visitor tokens. They outlive the list that said so. */
  readonly barred?: readonly string[];
}

export const EMPTY_LIST: CredentialList = {
  version: 0,
  groups: [],
  schedules: [],
  calendar: {},
  credentials: [],
};

const WEEK_MS = 7 * 86_400_000;

/** `ends-soon`: a newer one must come within a week. While nobody knows the time it is past only if that is certain. */
export function standingOf(
  { offline_until_ms }: Pick<CredentialList, 'offline_until_ms'>,
  { unix_ms, known }: AccessTime,
): 'good' | 'ends-soon' | 'past' {
  if (offline_until_ms === undefined) return 'good';
  if (unix_ms >= offline_until_ms) return 'past';
  return known && unix_ms >= offline_until_ms - WEEK_MS ? 'ends-soon' : 'good';
}
