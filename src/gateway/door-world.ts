import type { AccessTime, Book, Tokens } from '../access/index.ts';
import type { AnyDriver, Clock, Intake, Log, State, StateWrite } from '../contracts/index.ts';
import type { DoorStatus } from '../control/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import type { EventEntry } from '../model/index.ts';
import type { DoorVisits } from './door-visits.ts';

/** What of a device host a door has to do with. */
export interface DoorDevice extends Pick<DeviceHost, 'act'> {
  readonly settings: { readonly driver: { readonly commands: AnyDriver['commands'] } };
}

/** Who may pass, and how late it is. */
export interface DoorCredentials {
  readonly tokens: Tokens;
  book(): Book;
  time(): AccessTime;
  readonly visits: Pick<DoorVisits, 'judge' | 'use'>;
  /** To be stored with a record: how late it is at least. */
  readonly floor: { kept(): readonly StateWrite[] };
}

export interface DoorsWorld {
  readonly clock: Clock;
  readonly state: State;
  readonly log: Log;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly list: DoorCredentials;
  /** undefined: it could not be opened. */
  readonly host: (id: string) => DoorDevice | undefined;
  readonly tell: (event: EventEntry, kept: readonly StateWrite[]) => ReturnType<Intake['event']>;
  /** Whoever watches. */
  readonly show: (door: DoorStatus) => void;
}
