import type { Loaded, Problem } from '../config/index.ts';
import type {
  Adapter,
  BenchPlace,
  DriverLibrary,
  FieldWork,
  ListMaking,
  Played,
  Receiver,
  ReceiverOptions,
  Signing,
  SiteUnit,
} from '../contracts/index.ts';
import type { ControlClient } from '../control/index.ts';

/** What `main` hands to the command line, since it may not reach for it. */
export interface CliDeps {
  readonly version: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Standard output is a terminal of a person. */
  readonly isTerminal: boolean;
  /** Aborts when the person (or the system) wants the command to end. */
  readonly signal: AbortSignal;
  /** Text of a file; throws config.unreadable. */
  readonly readText: (path: string) => string;
  readonly library: (profiles?: readonly unknown[]) => Promise<DriverLibrary>;
  /** `here`: the site is to run on this machine, so its secrets must be here; undefined: they are not looked for. */
  readonly load: (file: string, at: { readonly here: boolean } | undefined) => Promise<Loaded>;
  /** What the rules of a site make of a file of events; `played` is left out when the file is not accepted. */
  readonly dryRun: (
    text: string,
    loaded: Loaded & { readonly site: NonNullable<Loaded['site']> },
  ) => Promise<{ readonly problems: readonly Problem[]; readonly played: Played | undefined }>;
  readonly control: (socket: string) => ControlClient;
  /** Runs the daemon until the signal aborts. */
  readonly run: (options: RunOptions) => Promise<void>;
  readonly simulate: (options: SimulateOptions) => Promise<void>;
  readonly receiver: (options: ReceiverOptions) => Promise<Receiver>;
  /** The serial ports of this machine. */
  readonly adapters: () => readonly Adapter[];
  /** Work at a wire. Its port is opened when it is first spoken on. */
  readonly field: (options: FieldOptions) => FieldWork | Promise<FieldWork>;
  /** A path without its links; the path itself where nothing is there. */
  readonly realPath: (path: string) => string;
  /** Who is at the command line. */
  readonly user: string;
  readonly signing: Signing;
  readonly lists: ListMaking;
  /** Of a text or bytes, hex. */
  readonly sha256: (of: string | Uint8Array) => string;
  /** A new file that only its owner reads; throws usage when it is there already. */
  readonly writeSecret: (path: string, text: string | Uint8Array) => void;
  /** A new file, in a folder that is made; throws usage when it is there already. */
  readonly writeNew: (path: string, text: string) => void;
  readonly unixMillis: () => number;
  /** UUIDv7 (RFC 9562). */
  readonly freshId: () => string;
  readonly sleep: (name: string, ms: number) => Promise<void>;
}

export interface RunOptions {
  readonly file: string;
  readonly root: string;
  readonly log_level: string;
  /** Descriptor that gets the keys of durable records, one JSON line each. */
  readonly keys_fd: number | undefined;
}

export interface FieldOptions {
  readonly place: BenchPlace;
  readonly library: DriverLibrary;
  /** What the site file says of that wire. */
  readonly site: readonly SiteUnit[];
}

export interface SimulateOptions {
  readonly file: string;
  readonly root: string;
  readonly faults: readonly string[];
  readonly paced: boolean;
  /** File of what was said, JSON lines. */
  readonly said: string | undefined;
}
