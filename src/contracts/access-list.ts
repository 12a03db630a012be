import type { Millis } from '../model/index.ts';

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
