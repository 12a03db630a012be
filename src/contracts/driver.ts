import type { JsonObject, Millis, PointSpecs, PrivacyClass, Sample } from '../model/index.ts';
import type { Call, LinkKind, Links } from './links.ts';

/** A schema that turns unknown options into typed ones (zod's shape, without naming the library). */
export interface Schema<T> {
  parse(input: unknown): T;
  safeParse(input: unknown): { success: true; data: T } | { success: false; error: unknown };
}

export type EventFields = Readonly<
  Record<string, { readonly about: string; readonly privacy: PrivacyClass }>
>;

/** An event a device can report by itself; goes to lane `lane`. */
export interface EventSpec {
  readonly about: string;
  readonly lane: 'a' | 'b';
  /**
   * A secret that only whoever acts on it at once may hear (a PIN that was typed): it is told to doors and rules of this gateway, and neither
   * stored, sent, shown nor logged.
   */
  readonly passing?: true;
  readonly fields: EventFields;
}

export interface CommandSpec {
  readonly about: string;
  readonly args: Schema<JsonObject>;
  /** Who ends a timed action: the board's own timer, this process, or nobody (not timed). */
  readonly timing: 'board' | 'host' | 'none';
  /** Times are rounded up to a multiple of this, and the effective time is reported. */
  readonly step_ms?: Millis;
  readonly max_ms?: Millis;
  /**
   * What a command with timing `host` consists of: two other commands of the driver that take its arguments but `ms`. The host sends the
   * second one `ms` after the first has ended. The session knows nothing of it.
   */
  readonly steps?: { readonly begin: string; readonly end: string };
  /** It moves something in the world: sent once, never repeated. */
  readonly actuates: boolean;
  /** What the output does when this process ends in the middle. */
  readonly on_process_end: 'hold' | 'drop' | 'timed';
  /** It answers with a file, which the gateway keeps; what it says elsewhere names the file only. */
  readonly gives?: 'file';
}

/** A file that a device gave, whole. */
export interface GivenFile {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array;
}

/** A line that a device on a GPIO chip or Firmata board needs. What is wired where, and which way round, stands in the site file. */
export interface LineSpec {
  readonly about: string;
  readonly direction: 'in' | 'out' | 'analog';
  /** Inputs: what is listened to; analogue ones are only read. `falling` alone is for bursts (Wiegand), whose times must be the kernel's. */
  readonly edges: 'none' | 'both' | 'falling';
  readonly debounce_ms: Millis;
  /** Bursts: after so long without an edge of this device the bus says so (`how: 'quiet'`), once everything that was on its way is heard. */
  readonly quiet_ms?: Millis;
  /** The level an output is taken with: its safe state. */
  readonly initial: boolean;
  /** Outputs: what it does when this process ends without a word. Left out: what the chip does then. */
  readonly on_process_end?: 'hold' | 'drop';
  /** Every change is heard and debounced by the bus, which counts the short ones; a chip that debounces by itself does not tell them. */
  readonly count_bounces?: boolean;
}

/** A relay that the commands `on` and `off` of its driver move, and `pulse` and `off-pulse` where it has them. */
export interface RelaySpec {
  /** What those commands are told, beside `ms`. */
  readonly args: JsonObject;
  /** The flag that shows whether it is energised; left out: it does not show. */
  readonly point?: string;
  /** Where `rest` brings it; `hold`: it stays. */
  readonly rest: 'off' | 'on' | 'hold';
}

/** What was tried: only simulated wires, bytes captured from real units, or units in the field. */
export type Evidence = 'simulated' | 'captured' | 'field';

/** Something a device said by itself while watched. */
export type Heard<P extends PointSpecs> =
  | { readonly sample: Sample<P>; readonly up?: Millis }
  | { readonly event: string; readonly fields: JsonObject; readonly up?: Millis };

/** How `act` ended, as the device's bytes show it. */
export interface ActResult {
  readonly result: 'done' | 'failed' | 'unknown';
  /** Such as { effective_ms } or { evidence: 'read-back' } or { fault: code }. */
  readonly facts: JsonObject;
  /** Of a command that gives a file and is done. */
  readonly file?: GivenFile;
}

/**
 * One conversation with one device. Sessions own no timers, no retries and no logging: the host decides when, how long,
 * how often, and what a failure means. Calls never overlap, but for this: `act` or `rest` may run while `sample` or `watch` waits.
 */
export type Session<P extends PointSpecs> = Observing<P> & (Acting | Passive);

export interface Observing<P extends PointSpecs> {
  /** Asks the device (polled). */
  readonly sample?: (call: Call) => Promise<Sample<P>>;
  /** Listens to a device that speaks first; ends when the signal aborts. */
  readonly watch?: (call: Call) => AsyncIterable<Heard<P>>;
  /**
   * Yields whenever the device says by itself that it is worth a look; it is then asked at once. What it says need not arrive: it is asked in its
   * rhythm all the same. Only beside `sample`, and may run while that waits.
   */
  readonly nudges?: (call: Call) => AsyncIterable<unknown>;
}
export interface Acting {
  readonly act: (name: string, args: JsonObject, call: Call) => Promise<ActResult>;
  /** Brings every output to its safe state. Idempotent; safe from any state. */
  readonly rest: (call: Call) => Promise<void>;
}
export interface Passive {
  readonly act?: undefined;
  readonly rest?: undefined;
}

/** Wire defaults of a driver's device, as its datasheet says. */
export interface WireDefaults {
  readonly baud: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly timeout_ms: Millis;
  readonly gap_ms: Millis;
  /** Factory address; undefined where the device has none. */
  readonly unit?: number;
}

/** When a changed setting of a unit holds. */
export type Holds = 'at once' | 'after a power cycle';

/** How a unit of this kind is given its place on a wire. Data for field tools, which verify what comes of it. */
export interface UnitSetup {
  readonly address?: AddressSetup;
  readonly line?: LineSetup;
}

interface SettingSetup {
  /** Command of the driver that changes it; left out: it is changed by hand. */
  readonly command?: string;
  /** What to do by hand, as a sentence. */
  readonly by_hand?: string;
  readonly holds: Holds;
  /** Holding register that tells it. */
  readonly told_at?: number;
}

/** Its command takes `address`. */
export interface AddressSetup extends SettingSetup {
  /** Every unit of this kind answers a read of that register at this address, with its own. */
  readonly anyone?: number;
  /** Option of the driver in which it stands, where the bus knows no addresses. */
  readonly option?: string;
}

/** Its command takes `baud`, and `parity` where `takes_parity` says so. */
export interface LineSetup extends SettingSetup {
  readonly takes_parity?: true;
  /** What the register says; null: nothing that is known. */
  readonly told?: (word: number) => {
    readonly baud: number | null;
    readonly parity?: 'none' | 'even' | 'odd' | null;
  };
}

export interface DriverDefinition<
  L extends LinkKind = LinkKind,
  O = unknown,
  P extends PointSpecs = PointSpecs,
> {
  readonly id: string;
  /** Other names people know it by. */
  readonly aliases: readonly string[];
  readonly about: string;
  /** `relay`, `air`, `noise`, `parking`, `meter`, … for lists. */
  readonly category: string;
  readonly link: L;
  readonly evidence: Evidence;
  readonly wire: WireDefaults;
  readonly poll_ms: { readonly default: Millis; readonly min: Millis };
  /**
   * How long what it says is not to be trusted after it began to measure: when the session says so (`Call.started`), and when the
   * device is back after it was down, since it may have lost its power. Left out: not at all.
   */
  readonly warm_up_ms?: (options: O) => Millis;
  /** How long it is asked in vain before it counts as offline. Left out: three looks in a row. Then it is tried again twice in that time. */
  readonly offline_after_ms?: Millis;
  readonly options: Schema<O>;
  /** Every point it can give; some depend on options. */
  readonly points: (options: O) => P;
  readonly events: Readonly<Record<string, EventSpec>>;
  readonly commands: Readonly<Record<string, CommandSpec>>;
  /** Its relays, counted from 1, where it has some. */
  readonly relays?: (options: O) => readonly RelaySpec[];
  /**
   * Bytes as a sniffer shows them → points or a description; throws a Fault for a damaged frame.
   * `request` is the question a Modbus reply answers.
   */
  readonly decode: (frame: Uint8Array, options: O, request?: Uint8Array | undefined) => Decoded;
  /** A command as bytes, for `encode` and the vectors. */
  readonly encode?: (command: string, args: JsonObject, options: O, unit: number) => Uint8Array;
  /** For the bus budget: what one poll costs on the wire; undefined for devices that speak first. */
  readonly cost?: (options: O) => readonly { readonly request_bytes: number; readonly reply_bytes: number }[];
  /**
   * Of a device on a byte stream that speaks only when it is asked, by its own address: several of them share the wire. Gives that address.
   */
  readonly shares?: (options: O) => number;
  /** What these options lack before a device can be spoken to with them, in words; to decode frames they need not have it. */
  readonly missing?: (options: O) => string | undefined;
  /** Lines by the names the session uses; only with link `line`. */
  readonly lines?: (options: O) => Readonly<Record<string, LineSpec>>;
  readonly setup?: (options: O) => UnitSetup;
  /** Throws driver.wrong-device when what answers is known to be of another kind. It only reads. */
  readonly recognise?: (link: Links[L], options: O, call: Call) => Promise<void>;
  readonly open: (link: Links[L], options: O) => Session<P>;
}

export interface Decoded {
  readonly points: Readonly<Record<string, number | boolean | string | null>>;
  /** What the frame is, when it is not a set of points (an echo, an address reply). */
  readonly note?: string;
}

/** A driver whose type parameters are not known, as the index hands them out. */
export type AnyDriver = DriverDefinition<LinkKind, unknown, PointSpecs>;
