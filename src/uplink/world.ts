import type {
  AccessLists,
  Clock,
  CommandContext,
  FileKeeper,
  HealthSink,
  HealthView,
  Heartbeat,
  IncomingCommand,
  Log,
  Outbox,
  PipeOpener,
  WallClock,
} from '../contracts/index.ts';
import type { Inventory } from './messages.ts';

/** Everything an uplink needs from outside. */
export interface UplinkWorld {
  readonly identity: { readonly gateway: string; readonly site: string };
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly health: HealthSink;
  readonly healthView: HealthView;
  readonly log: Log;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly pipe: PipeOpener;
  readonly inventory: () => Inventory;
  readonly status: () => { readonly versions: Readonly<Record<string, string>> };
  /** Takes what comes on …/cmd. */
  readonly commands: (command: IncomingCommand, came: CommandContext) => void;
  /** Takes what comes on …/access; undefined: nobody does. */
  readonly access?: AccessLists;
  /** Where the bytes of files come from; undefined: there are none. */
  readonly files?: Pick<FileKeeper, 'read'>;
  readonly heartbeat?: Heartbeat;
}
