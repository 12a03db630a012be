import type { JsonObject, Millis } from '../model/index.ts';

/** How the list of credentials stands, as a platform is told. */
export interface AccessListState {
  /** In force; 0: there has been none. */
  readonly version: number;
  /** Credentials in it. */
  readonly count: number;
  /** Unix ms: without a newer list by then, only groups marked `keep` open. */
  readonly offline_until?: number;
  readonly standing: 'good' | 'ends-soon' | 'past';
  /** A list that is under way: pages that have not come. */
  readonly pending?: {
    readonly version: number;
    readonly pages: number;
    readonly missing: readonly number[];
  };
  /** The last that was not taken; gone when a list comes in force. */
  readonly refused?: ListRefusal;
}

export interface ListRefusal {
  /** One word. */
  readonly reason: string;
  readonly version?: number;
  readonly page?: number;
  readonly boot: string;
  readonly up: Millis;
}

/** Where pages that a platform sends go. */
export interface AccessLists {
  /** A signed page (JWS in compact form), and the uplink it came by. Never throws: whatever it is, the state tells. */
  receive(page: string, uplink: string): void;
  state(): AccessListState;
}

/** What a list says, or changes, before it is made into pages; as the contract writes it (times in unix ms). */
export interface ListRows {
  readonly offline_until_ms?: Millis;
  readonly groups: readonly {
    readonly id: string;
    readonly rights: readonly {
      readonly door: string;
      readonly side?: 'in' | 'out';
      readonly floors?: readonly string[];
    }[];
    readonly schedule?: string;
    readonly keep: boolean;
    readonly without_clock: boolean;
  }[];
  readonly schedules: readonly {
    readonly id: string;
    readonly spans: readonly {
      readonly days: readonly string[];
      readonly from_min: number;
      readonly to_min: number;
    }[];
  }[];
  readonly calendar: Readonly<Record<string, string>>;
  readonly credentials: readonly {
    readonly id: string;
    readonly who: string;
    readonly card?: string;
    readonly pin?: string;
    readonly groups: readonly string[];
    readonly from_ms?: Millis;
    readonly until_ms?: Millis;
    readonly visitor: boolean;
    readonly extended: boolean;
    readonly override: boolean;
  }[];
  /** Of changes. */
  readonly removed?: Readonly<Record<'groups' | 'schedules' | 'credentials' | 'days', readonly string[]>>;
}

/** Who opens what, and what opens nothing any more. */
export interface PeopleList {
  readonly rows: ListRows;
  readonly revoked: readonly string[];
}

/** The platform's side of lists. */
export interface ListMaking {
  /** Pages to be signed, revocations first; `too_large`: the number of a page with one thing that no page has room for. */
  pages(
    of: { readonly gateway: string; readonly version: number; readonly from?: number },
    list: PeopleList,
  ): { readonly pages: readonly JsonObject[]; readonly too_large?: number };
  /** From one list to the next. What is gone is revoked as well, so that it counts with the first page. */
  changes(before: PeopleList, after: PeopleList): PeopleList;
}
