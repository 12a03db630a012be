import type {
  AnyDriver,
  Clock,
  HealthSink,
  Heartbeat,
  Intake,
  Links,
  Log,
  State,
  WallClock,
} from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/** One configured device, with its driver and its options already parsed by that driver's schema. */
export interface DeviceSettings {
  readonly id: string;
  readonly name: string | undefined;
  readonly zone: string | undefined;
  readonly bus: string;
  readonly unit: number | undefined;
  readonly driver: AnyDriver;
  readonly options: unknown;
  readonly poll_ms: Millis;
  /** It is not real: its readings are marked so. */
  readonly simulated: boolean;
  /** Bring its outputs to their safe state before anything else: the run before did not end cleanly. */
  readonly rest_at_start: boolean;
  /** Bring its outputs to their safe state when it is closed; left out: they stay as they are, unless `Roster.rest` is called. */
  readonly rest_at_stop?: boolean;
}

/** What a host needs from outside. */
export interface DeviceWorld {
  readonly clock: Clock;
  readonly intake: Intake;
  readonly health: HealthSink;
  readonly log: Log;
  readonly heartbeat?: Heartbeat;
  /** For clocks of devices; left out: nobody knows the time of day. */
  readonly wall?: Pick<WallClock, 'read'>;
  /** Where the marks of what devices have told are; left out: nothing of an earlier run is known. */
  readonly state?: Pick<State, 'get'>;
}

export type AnyLink = Links[keyof Links];
